/* Knows from where a scenario's paths lead: from the folder that it is in. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/scenario/scenario.h"

bool scenario_set_folder(struct scenario *scenario, const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	const size_t length = slash ? (size_t)(slash - path) : 0;

	free(scenario->folder);
	scenario->folder = NULL;
	if (!slash)
		return true;
	scenario->folder = length ? strndup(path, length) : strdup("/");
	return scenario->folder || error_memory(error);
}

bool scenario_folder(const struct scenario *scenario, char out[PATH_MAX], struct error *error)
{
	const char *folder = scenario->folder ? scenario->folder : ".";

	return realpath(folder, out) ||
	       error_set(error, EXIT_USAGE, "%s: %s", folder, strerror(errno));
}

char *expand_path(const char *text, const char *folder, struct error *error)
{
	char *path = expand(text, error), *joined = NULL;

	if (!path || !folder || path[0] == '/')
		return path;
	if (asprintf(&joined, "%s/%s", folder, path) < 0) {
		error_memory(error);
		joined = NULL;
	}
	free(path);
	return joined;
}
