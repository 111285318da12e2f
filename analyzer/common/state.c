/* Knows where a user's state and settings are kept. */
#include "common/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool folders_make(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The folder of leaklab's below the one that the variable names, else below the home. */
static char *find_folder(const char *variable, const char *usual, struct error *error)
{
	const char *named = getenv(variable), *home = getenv("HOME");
	char *path = NULL;
	int length;

	/* "All paths set in these environment variables must be absolute"; others are ignored. */
	if (named && named[0] == '/')
		length = asprintf(&path, "%s/leaklab", named);
	else if (home && home[0] == '/')
		length = asprintf(&path, "%s/%s/leaklab", home, usual);
	else {
		error_set(error, EXIT_TARGET,
		    "neither %s nor HOME names a folder for leaklab: set one of them", variable);
		return NULL;
	}
	if (length >= 0)
		return path;
	error_memory(error);
	return NULL;
}

char *config_folder(struct error *error)
{
	return find_folder("XDG_CONFIG_HOME", ".config", error);
}

char *state_folder(struct error *error)
{
	char *path = find_folder("XDG_STATE_HOME", ".local/state", error);

	if (!path)
		return NULL;
	if (folders_make(path))
		return path;
	error_set(error, EXIT_TARGET,
	    "%s cannot be made: %s; set XDG_STATE_HOME to a folder that can be written to", path,
	    strerror(errno));
	free(path);
	return NULL;
}
