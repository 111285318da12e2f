/* Reading by pread(): what fails on a bad disk, or because somebody cuts the file short meanwhile, fails with an error. */
#include "dump/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool source_open(struct dump_source *source, const char *path, struct error *error)
{
	/* A pipe without a writer would keep open() waiting; of a file nothing changes by it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(error, EXIT_USAGE, "reading %s: %s", path, strerror(errno));
	struct stat status;
	if (fstat(fd, &status) != 0) {
		error_set(error, EXIT_TARGET, "reading %s: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(status.st_mode)) {
		error_set(error, EXIT_USAGE,
		    "reading %s: not a file; a dump is read at many places, so it cannot come from a "
		    "pipe or a folder",
		    path);
		goto fail;
	}
	source->fd = fd;
	source->size = (uint64_t)status.st_size;
	source->stored = (uint64_t)status.st_blocks * 512; /* stat(2) */
	return true;
fail:
	close(fd);
	return false;
}

void source_close(struct dump_source *source)
{
	close(source->fd);
}

bool source_read(const struct dump_source *source, uint64_t offset, void *buffer, size_t length)
{
	uint8_t *at = buffer;
	while (length > 0) {
		if (offset > INT64_MAX - length)
			return false;
		ssize_t got = pread(source->fd, at, length, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return true;
}
