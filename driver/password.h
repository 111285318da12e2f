/* The password that all accounts share. */
#ifndef LEAKLAB_PASSWORD_H
#define LEAKLAB_PASSWORD_H

#include <stdbool.h>

#include "common/error.h"
#include "scenario.h"

#define PASSWORD_MAX 255 /* bytes */

/* If the scenario takes it from an environment variable (which is unset then) or a descriptor (which is closed); else
 * *password becomes NULL. To be called before any other program is started: it must not inherit them. */
bool password_fetch(const struct scenario_accounts *scenario, char **password, struct error *error);

/* The first line of a file. ${...} in its name is expanded. */
char *password_from_file(const char *name, struct error *error);

void password_wipe(char *password); /* overwrites and frees it; NULL is allowed */

#endif
