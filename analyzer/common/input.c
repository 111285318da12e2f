/* Reading files whose size is not known beforehand: pipes, /proc, files that still grow. */
#include "common/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

static bool read_all(int fd, char **bytes, size_t *length, struct error *error)
{
	size_t size = 65536, used = 0;
	char *buffer = malloc(size);
	if (!buffer)
		return error_memory(error);
	for (;;) {
		if (size - used < 2) {
			char *larger = size < INPUT_LARGEST ? realloc(buffer, size * 2) : NULL;
			if (!larger) {
				error_set(error, EXIT_USAGE,
				    "more than %zu MiB is too large to be evidence", size >> 20);
				goto fail;
			}
			buffer = larger;
			size *= 2;
		}
		ssize_t got = read(fd, buffer + used, size - used - 1);
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set(error, errno == EISDIR ? EXIT_USAGE : EXIT_TARGET, "%s",
			    strerror(errno));
			goto fail;
		}
		used += (size_t)got;
	}
	buffer[used] = '\0';
	*bytes = buffer;
	*length = used;
	return true;
fail:
	free(buffer);
	return false;
}

bool input_read(const char *path, char **bytes, size_t *length, struct error *error)
{
	int fd = STDIN_FILENO;
	if (!is_standard_input(path)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_set(
			    error, EXIT_USAGE, "reading %s: %s", path, strerror(errno));
	}
	bool good = read_all(fd, bytes, length, error);
	if (!good)
		error_prefix(
		    error, "reading %s", is_standard_input(path) ? "standard input" : path);
	if (fd != STDIN_FILENO)
		close(fd);
	return good;
}

bool input_starts_with(const char *path, const char *bytes, size_t length)
{
	char start[64];
	if (is_standard_input(path) || length > sizeof start)
		return false;
	/* Only a file can be read twice; a pipe's bytes would be lost. */
	struct stat status;
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool equal =
	    read(fd, start, length) == (ssize_t)length && memcmp(start, bytes, length) == 0;
	close(fd);
	return equal;
}
