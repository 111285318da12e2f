/* What leaklab keeps from one call to the next, for one user of this machine: $XDG_STATE_HOME/leaklab (XDG Base Directory Specification). */
#ifndef LEAKLAB_STATE_H
#define LEAKLAB_STATE_H

#include <stdbool.h>

#include "common/error.h"

/* "$XDG_STATE_HOME/leaklab", made if it is not there, for its owner alone (0700). The caller frees it. NULL: the error says
 * why, EXIT_TARGET. */
char *state_folder(struct error *error);

/* "$XDG_CONFIG_HOME/leaklab", where the user's own settings may be; it is not made. Otherwise as state_folder(). */
char *config_folder(struct error *error);

/* As mkdir -p, each for its owner alone; what is there already stays as it is. */
bool folders_make(char *path);

#endif
