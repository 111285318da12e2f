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
#include "readers/reader.h"

struct snapshot *evidence_read_path(const char *path, const char **format, struct error *error)
{
	struct stat status;
	struct snapshot *snapshot;
	size_t length;
	char *bytes;
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;
	if (fd >= 0 && dump_evidence_is(fd)) {
		close(fd);
		snapshot = dump_evidence_read(path, error);
		if (snapshot && format)
			*format = SNAPSHOT_OF_DUMP;
		return snapshot;
	}
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
		map = mmap(
		    NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED) {
		snapshot = evidence_read(map, (size_t)status.st_size, path, format, error);
		munmap(map, (size_t)status.st_size);
		return snapshot;
	}
	if (!input_read(path, &bytes, &length, error))
		return NULL;
	snapshot = evidence_read(
	    bytes, length, strcmp(path, "-") == 0 ? "standard input" : path, format, error);
	free(bytes);
	return snapshot;
}
