/* A report is written whole or not at all, and never over evidence. */
#include "common/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/input.h"

static bool fail(const char *path, struct error *error)
{
	return error_set(error, EXIT_TARGET, "writing %s: %s", path, strerror(errno));
}

bool result_file_is_special(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static bool fail_existing(const char *path, struct error *error)
{
	return error_set(
	    error, EXIT_USAGE, "%s exists: name another file, or give --force to replace it", path);
}

bool result_file_check(const char *path, bool replace, struct error *error)
{
	static const struct {
		const char *start, *what;
	} evidence[] = {
	    {"SQLite format 3", "a run file, or another database"},
	    {"PAGEDU", "a memory dump"},
	    {"MDMP", "a minidump"},
	    {"Microsoft C/C++ MSF 7.00", "a PDB"},
	};
	for (size_t i = 0; i < sizeof evidence / sizeof evidence[0]; i++) {
		if (input_starts_with(path, evidence[i].start, strlen(evidence[i].start)))
			return error_set(error, EXIT_USAGE,
			    "%s is %s and will not be overwritten; name another file", path,
			    evidence[i].what);
	}
	return replace || result_file_is_special(path) || access(path, F_OK) != 0 ||
	       fail_existing(path, error);
}

static FILE *create_beside(struct result_file *file, struct error *error)
{
	FILE *stream = NULL;
	if (asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
		file->temporary = NULL;
		error_memory(error);
		return NULL;
	}
	int fd = mkostemp(file->temporary, O_CLOEXEC);
	if (fd < 0 || !(stream = fdopen(fd, "w"))) {
		fail(file->path, error);
		if (fd >= 0) {
			close(fd);
			unlink(file->temporary);
		}
		free(file->temporary);
	}
	return stream;
}

bool result_file_open(struct result_file *file, const char *path, bool replace, struct error *error)
{
	if (!result_file_check(path, replace, error))
		return false;
	*file = (struct result_file){.path = path, .replace = replace};
	if (!result_file_is_special(path))
		return (file->stream = create_beside(file, error));
	file->stream = fopen(path, "we");
	return file->stream || fail(path, error);
}

/* Not every file system can do it without replacing what another program has put there meanwhile. */
static bool take_place(const struct result_file *file, struct error *error)
{
	if (!file->replace) {
		if (renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path, RENAME_NOREPLACE) ==
		    0)
			return true;
		if (errno != EINVAL && errno != ENOSYS)
			return errno == EEXIST ? fail_existing(file->path, error)
			                       : fail(file->path, error);
		if (!result_file_check(file->path, false, error))
			return false;
	}
	return rename(file->temporary, file->path) == 0 || fail(file->path, error);
}

bool result_file_close(struct result_file *file, bool good, struct error *error)
{
	const bool written = fflush(file->stream) == 0 && !ferror(file->stream);
	if (!written) /* whatever else is said of it: that is the cause */
		good = fail(file->path, error);
	if (fclose(file->stream) != 0 && good)
		good = fail(file->path, error);
	if (file->temporary) {
		good = good && take_place(file, error);
		if (!good)
			unlink(file->temporary);
		free(file->temporary);
	}
	return good;
}
