/* A reader of the cache sees a whole file or none: the partial file is renamed when it is complete and checked. It is
 * locked while it grows, because two analyzers may want the same kernel's PDB at once. */
#include "dump/symbols/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* All folders of a path but its last part. */
static bool make_folders(const char *path, struct error *error)
{
	char *copy = strdup(path);
	if (!copy)
		return error_memory(error);
	bool good = true;
	for (char *slash = strchr(copy + 1, '/'); good && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			good = error_set(
			    error, EXIT_TARGET, "making the folder %s: %s", copy, strerror(errno));
		*slash = '/';
	}
	free(copy);
	return good;
}

static bool open_partial(struct cache_entry *entry, struct error *error)
{
	int fd = open(entry->partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return error_set(
		    error, EXIT_TARGET, "writing %s: %s", entry->partial, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return error_set(error, EXIT_TARGET,
		    "another process is fetching it into %s; try again when it has ended",
		    entry->partial);
	}
	entry->file = fdopen(fd, "r+b");
	if (!entry->file) {
		close(fd);
		return error_memory(error);
	}
	return true;
}

bool cache_begin(
    struct cache_entry *entry, const char *cache, const char *store_path, struct error *error)
{
	*entry = (struct cache_entry){0};
	if (asprintf(&entry->path, "%s/%s", cache, store_path) < 0)
		entry->path = NULL;
	else if (asprintf(&entry->partial, "%s.part", entry->path) < 0)
		entry->partial = NULL;
	if (!entry->path || !entry->partial)
		error_memory(error);
	else if (make_folders(entry->path, error) && open_partial(entry, error))
		return true;
	cache_end(entry);
	return false;
}

bool cache_restart(struct cache_entry *entry, struct error *error)
{
	rewind(entry->file);
	return ftruncate(fileno(entry->file), 0) == 0 ||
	       error_set(error, EXIT_TARGET, "writing %s: %s", entry->partial, strerror(errno));
}

bool cache_finish(struct cache_entry *entry, struct error *error)
{
	if (fsync(fileno(entry->file)) != 0 || rename(entry->partial, entry->path) != 0)
		return error_set(
		    error, EXIT_TARGET, "writing %s: %s", entry->path, strerror(errno));
	return true;
}

void cache_end(struct cache_entry *entry)
{
	struct stat status;
	if (entry->file) {
		if (fstat(fileno(entry->file), &status) == 0 && status.st_size == 0)
			unlink(entry->partial);
		fclose(entry->file);
	}
	free(entry->path);
	free(entry->partial);
	*entry = (struct cache_entry){0};
}
