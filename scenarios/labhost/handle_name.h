/* The names by which NT knows the objects that handles refer to. */
#ifndef LEAKLAB_LABHOST_HANDLE_NAME_H
#define LEAKLAB_LABHOST_HANDLE_NAME_H

#include <stddef.h>

#include "labhost/objects.h"

/* A token as handle names it, "LAB\lab01:fd2f5"; a directory's path. Returns out. */
char *handle_name(const struct nt_handle *handle, char *out, size_t size);
const char *handle_type(const struct nt_handle *handle);

#endif
