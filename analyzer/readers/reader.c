/* How evidence finds its reader: our own JSON starts with a brace, everything else is text of tools. */
#include "readers/reader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/input.h"
#include "readers/encoding.h"
#include "readers/format.h"
#include "readers/text.h"

static struct snapshot *read_text(
    struct span text, const char *origin, const char **format, struct error *error)
{
	bool json = json_looks_like(text.text, text.length);
	struct snapshot *snapshot = json ? snapshot_from_json(text.text, text.length, error)
	                                 : text_evidence_read(text, origin, error);
	if (snapshot && format)
		*format = json ? "leaklab snapshot JSON" : snapshot->source;
	return snapshot;
}

static bool is_empty(struct span text)
{
	while (text.length && strchr(" \t\r\n", text.text[0]))
		text = span_from(text, 1);
	return text.length == 0;
}

struct snapshot *evidence_read(
    const char *bytes, size_t length, const char *origin, const char **format, struct error *error)
{
	struct snapshot *snapshot = NULL;
	struct span text;
	char *converted = NULL;
	if (length >= 15 && memcmp(bytes, "SQLite format 3", 15) == 0) {
		error_set(error, EXIT_USAGE,
		    "a database, not a snapshot; if it is a run file, give it to judge or show");
		goto out;
	}
	if (!encoding_open(bytes, length, &text, &converted, error))
		goto out;
	if (is_empty(text))
		error_set(
		    error, EXIT_USAGE, "empty; did the command that should have made it fail?");
	else
		snapshot = read_text(text, origin, format, error);
out:
	if (!snapshot)
		error_prefix(error, "%s", origin);
	free(converted);
	return snapshot;
}

struct snapshot *evidence_read_path(const char *path, const char **format, struct error *error)
{
	struct stat status;
	struct snapshot *snapshot;
	size_t length;
	char *bytes;
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;
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
