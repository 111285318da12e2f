/* Whole files, and standard input, as bytes. */
#ifndef LEAKLAB_INPUT_H
#define LEAKLAB_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define INPUT_LARGEST ((size_t)1 << 30)

/* Reads all of path ("-": standard input). The bytes are the caller's to free(); a NUL follows them. */
bool input_read(const char *path, char **bytes, size_t *length, struct error *error);

/* True if the file can be read and starts with these bytes. Standard input never does. */
bool input_starts_with(const char *path, const char *bytes, size_t length);

#endif
