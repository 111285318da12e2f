/* Evidence in files: mapped rather than copied, and a memory dump not even that. Apart from the readers of text, so that a
 * program that reads no files of evidence has nothing of dumps and symbol stores in it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/input.h"
#include "readers/dump_evidence.h"
#include "readers/evtx.h"
#include "readers/map.h"
#include "readers/moments.h"
#include "readers/reader.h"

/* A dump is of one moment, and so the only one. */
static bool read_dump(
    const char *path, struct moments *moments, const char **format, struct error *error)
{
	*moments = (struct moments){.items = calloc(1, sizeof *moments->items)};
	if (!moments->items)
		return error_memory(error);
	moments->items[0].snapshot = dump_evidence_read(path, error);
	if (!moments->items[0].snapshot) {
		moments_deinit(moments);
		return false;
	}
	moments->count = 1;
	if (format)
		*format = SNAPSHOT_OF_DUMP;
	return true;
}

static bool read_log(
    const char *path, struct moments *moments, const char **format, struct error *error)
{
	size_t length;
	char *xml = evtx_to_xml(path, &length, error);
	const bool good = xml && evidence_read_moments(xml, length, path, moments, format, error);
	free(xml);
	return good;
}

bool evidence_read_path_moments(
    const char *path, struct moments *moments, const char **format, struct error *error)
{
	struct stat status;
	bool good, large = false;
	size_t length;
	char *bytes;
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;
	if (fd >= 0 && dump_evidence_is(fd)) {
		close(fd);
		return read_dump(path, moments, format, error);
	}
	if (fd >= 0 && evtx_is(fd)) {
		close(fd);
		return read_log(path, moments, format, error);
	}
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
		large = (size_t)status.st_size >= MAP_LARGE;
		map = mmap(NULL, (size_t)status.st_size, PROT_READ,
		    MAP_PRIVATE | (large ? 0 : MAP_POPULATE), fd, 0);
	}
	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED) {
		good = (large ? evidence_read_mapped : evidence_read_moments)(
		    map, (size_t)status.st_size, path, moments, format, error);
		munmap(map, (size_t)status.st_size);
		return good;
	}
	if (!input_read(path, &bytes, &length, error))
		return false;
	good = evidence_read_moments(bytes, length,
	    strcmp(path, "-") == 0 ? "standard input" : path, moments, format, error);
	free(bytes);
	return good;
}

struct snapshot *evidence_read_path(const char *path, const char **format, struct error *error)
{
	struct moments moments;
	struct snapshot *last;
	if (!evidence_read_path_moments(path, &moments, format, error))
		return NULL;
	last = moments_are_of_one(&moments, error) ? moments_take_last(&moments) : NULL;
	if (!last)
		error_prefix(error, "%s", path);
	moments_deinit(&moments);
	return last;
}
