/* A run file without the names in it. Inside this folder. */
#ifndef LEAKLAB_EDITOR_H
#define LEAKLAB_EDITOR_H

#include <stdbool.h>

#include "common/error.h"

/* Replaces them in the file at path, for good. `directory` is for what is made on the way. */
bool pseudonymise(const char *path, const char *directory, struct error *error);

#endif
