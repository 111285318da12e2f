/* What belongs to one moment: files named, and folders of files. */
#include "readers/reader.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/array.h"

struct gathering {
	struct snapshot *snapshot; /* NULL: nothing yet */
	const char *format;
	const char *host; /* whose outputs; NULL: there has to be one */
	char **refused;   /* files of a folder that are in no known format, and why */
	size_t refused_count;
	struct error *error;
};

static bool out_of_memory(struct gathering *gathering)
{
	return error_memory(gathering->error);
}

/* Takes the snapshot over. */
static bool add(struct gathering *gathering, struct snapshot *snapshot, const char *format)
{
	bool good = true;
	if (!gathering->snapshot) {
		gathering->snapshot = snapshot;
		gathering->format = format;
		return true;
	}
	struct snapshot *own = gathering->snapshot;
	const char *source = own->source;
	char both[256];
	if (source && snapshot->source && !strstr(source, snapshot->source)) {
		snprintf(both, sizeof both, "%s, %s", source, snapshot->source);
		source = snapshot_string(own, both, strlen(both));
	}
	good = snapshot_merge(own, snapshot, true, gathering->error);
	own->source = source ? source : own->source;
	gathering->format = own->source;
	snapshot_destroy(snapshot);
	return good;
}

static bool refuse(struct gathering *gathering, const char *why)
{
	if (!array_reserve(
	        &gathering->refused, gathering->refused_count, sizeof *gathering->refused))
		return out_of_memory(gathering);
	gathering->refused[gathering->refused_count] = strdup(why);
	return gathering->refused[gathering->refused_count++] || out_of_memory(gathering);
}

/* What a file shows at its end, of the host that was chosen. */
static struct snapshot *read_file(
    const struct gathering *gathering, const char *path, const char **format, struct error *error)
{
	struct moments moments;
	struct snapshot *last = NULL;
	if (!gathering->host)
		return evidence_read_path(path, format, error);
	if (!evidence_read_path_moments(path, &moments, format, error))
		return NULL;
	if (moments_choose(&moments, gathering->host, error))
		last = moments_take_last(&moments);
	else
		error_prefix(error, "%s", path);
	moments_deinit(&moments);
	return last;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool add_folder_file(struct gathering *gathering, const char *path)
{
	struct error error;
	struct stat status;
	const char *format;
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return true;
	struct snapshot *snapshot = read_file(gathering, path, &format, &error);
	if (snapshot)
		return add(gathering, snapshot, format);
	if (error.code == EXIT_USAGE)
		return refuse(gathering, error.text);
	*gathering->error = error;
	return false;
}

static bool add_folder(struct gathering *gathering, const char *folder)
{
	struct dirent **entries;
	char path[4096];
	int count = scandir(folder, &entries, is_visible, alphasort);
	bool good = true;
	if (count < 0)
		return error_set(
		    gathering->error, EXIT_USAGE, "reading %s: %s", folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		good = good && add_folder_file(gathering, path);
		free(entries[i]);
	}
	free(entries);
	return good;
}

static bool add_path(struct gathering *gathering, const char *path)
{
	struct stat status;
	const char *format;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return add_folder(gathering, path);
	struct snapshot *snapshot = read_file(gathering, path, &format, gathering->error);
	return snapshot && add(gathering, snapshot, format);
}

static bool finish(struct gathering *gathering)
{
	if (!gathering->snapshot && gathering->refused_count)
		return error_set(gathering->error, EXIT_USAGE,
		    "nothing in the folder is understood: %s", gathering->refused[0]);
	if (!gathering->snapshot)
		return error_set(gathering->error, EXIT_USAGE, "no files in the folder");
	for (size_t i = 0; i < gathering->refused_count; i++) {
		const char *text = gathering->refused[i];
		if (!snapshot_add_unread(gathering->snapshot, NULL, 0, text, strlen(text)))
			return out_of_memory(gathering);
	}
	return true;
}

struct snapshot *evidence_gather(
    char *const *paths, size_t count, const char *host, const char **format, struct error *error)
{
	struct gathering gathering = {.error = error, .host = host};
	bool good = true;
	for (size_t i = 0; good && i < count; i++)
		good = add_path(&gathering, paths[i]);
	good = good && finish(&gathering);
	for (size_t i = 0; i < gathering.refused_count; i++)
		free(gathering.refused[i]);
	free(gathering.refused);
	if (!good) {
		snapshot_destroy(gathering.snapshot);
		return NULL;
	}
	if (format)
		*format = gathering.format ? gathering.format : "?";
	return gathering.snapshot;
}

/* Of one file. */
static bool read_moments(const char *path, const char *host, struct moments *moments,
    const char **format, struct error *error)
{
	if (!evidence_read_path_moments(path, moments, format, error))
		return false;
	if (!host || moments_choose(moments, host, error))
		return true;
	error_prefix(error, "%s", path);
	moments_deinit(moments);
	return false;
}

bool evidence_gather_moments(char *const *paths, size_t count, const char *host,
    struct moments *moments, const char **format, struct error *error)
{
	struct stat status;
	if (count == 1 && !(stat(paths[0], &status) == 0 && S_ISDIR(status.st_mode)))
		return read_moments(paths[0], host, moments, format, error);
	*moments = (struct moments){.items = calloc(1, sizeof *moments->items)};
	if (!moments->items)
		return error_memory(error);
	moments->items[0].snapshot = evidence_gather(paths, count, host, format, error);
	moments->count = moments->items[0].snapshot != NULL;
	if (!moments->count)
		moments_deinit(moments);
	return moments->count;
}
