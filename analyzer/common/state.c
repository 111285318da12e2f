/* Knows where a user's state is kept. */
#include "common/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* As mkdir -p; what is there already stays as it is. */
static bool make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

char *state_folder(struct error *error)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int length;

	/* "All paths set in these environment variables must be absolute"; others are ignored. */
	if (state && state[0] == '/')
		length = asprintf(&path, "%s/leaklab", state);
	else if (home && home[0] == '/')
		length = asprintf(&path, "%s/.local/state/leaklab", home);
	else {
		error_set(error, EXIT_TARGET,
		    "neither XDG_STATE_HOME nor HOME names a folder in which leaklab could keep anything: set one of them");
		return NULL;
	}
	if (length < 0) {
		error_memory(error);
		return NULL;
	}
	if (make_folders(path))
		return path;
	error_set(error, EXIT_TARGET,
	    "%s cannot be made: %s; set XDG_STATE_HOME to a folder that can be written to", path,
	    strerror(errno));
	free(path);
	return NULL;
}
