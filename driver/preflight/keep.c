/* Knows where a preflight is kept, and how long it is good for. */
#include "driver/preflight/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/state.h"
#include "common/timestamp.h"

#define GOOD_FOR (24 * 3600 * SECOND)

/* FNV-1a; the file has the whole description, which is compared. */
static uint64_t hash(const char *text)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return value;
}

char *preflight_path(const char *description, struct error *error)
{
	char *state = state_folder(error), *folder = NULL, *path = NULL;

	if (state && asprintf(&folder, "%s/preflight", state) < 0)
		folder = NULL;
	if (folder && (mkdir(folder, 0700) == 0 || access(folder, W_OK) == 0)) {
		if (asprintf(&path, "%s/%016llx.leaklab", folder,
		        (unsigned long long)hash(description)) < 0)
			path = NULL;
	} else if (state) {
		error_set(error, EXIT_TARGET, "%s/preflight cannot be written", state);
	}
	free(folder);
	free(state);
	return path;
}

int preflight_lock(const char *path, struct error *error)
{
	char *name = NULL;
	const int fd = asprintf(&name, "%s.lock", path) < 0
	                   ? -1
	                   : open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		free(name);
		return fd;
	}
	if (fd >= 0 && errno == EWOULDBLOCK)
		error_set(error, EXIT_TARGET,
		    "another preflight of the same host and accounts is under way: wait for its end");
	else
		error_set(error, EXIT_TARGET, "%s: %s", name ? name : path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(name);
	return -1;
}

bool preflight_keep(const struct preflight *preflight, const char *description,
    struct runfile *runfile, struct error *error)
{
	char time[TIMESTAMP_TEXT], code[8];
	char *json = preflight_to_json(preflight);

	snprintf(code, sizeof(code), "%d", (int)preflight_exit_code(preflight));
	const bool kept =
	    json ? runfile_set(runfile, "preflight", json, error) &&
	               runfile_set(runfile, "preflight.of", description, error) &&
	               runfile_set(runfile, "preflight.exit_code", code, error) &&
	               runfile_set(runfile, "preflight.method", preflight->method, error) &&
	               runfile_set(runfile, "preflight.ended",
	                   timestamp_format(preflight->ended, time), error)
	         : error_memory(error);
	free(json);
	return kept;
}

static bool is_same(struct runfile *runfile, const char *key, const char *wanted)
{
	char *value = runfile_get(runfile, key);
	const bool same = value && strcmp(value, wanted) == 0;

	free(value);
	return same;
}

bool preflight_recall(const char *path, const char *description, int64_t now, char method[32],
    char **json, int64_t *age)
{
	struct error none;
	struct runfile *runfile = access(path, R_OK) == 0 ? runfile_open(path, &none) : NULL;
	int64_t ended;

	*json = NULL;
	if (!runfile)
		return false;
	char *time = runfile_get(runfile, "preflight.ended");
	char *found = runfile_get(runfile, "preflight.method");
	const bool good = is_same(runfile, "preflight.of", description) &&
	                  is_same(runfile, "preflight.exit_code", "0") && found && time &&
	                  timestamp_parse(time, &ended) && ended <= now && now - ended < GOOD_FOR;
	if (good) {
		snprintf(method, 32, "%s", found);
		*json = runfile_get(runfile, "preflight");
		*age = now - ended;
	}
	free(time);
	free(found);
	runfile_close(runfile);
	return good && *json;
}
