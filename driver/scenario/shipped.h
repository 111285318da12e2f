/* The ready-made scenarios that come with leaklab, which are called by their names. */
#ifndef LEAKLAB_SHIPPED_H
#define LEAKLAB_SHIPPED_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

/* Whether it names a shipped scenario rather than a file: it has no "/" and does not end in ".yaml". */
bool shipped_is_name(const char *name);
/* The file of a shipped scenario, the caller's to free(). NULL: there is none of that name (EXIT_USAGE: shipped_list() is what there is), or
 * there are none at all. */
char *shipped_path(const char *name, struct error *error);
/* Prints each in a line, with its description. */
bool shipped_list(FILE *out, const char *indent, struct error *error);

#endif
