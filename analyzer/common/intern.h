/* A pool of strings in which equal strings are one copy. A snapshot of a busy host has a million handle rows
 * but only some thousand different names. */
#ifndef LEAKLAB_INTERN_H
#define LEAKLAB_INTERN_H

#include <stddef.h>

struct intern;

struct intern *intern_create(void);         /* NULL: out of memory */
void intern_destroy(struct intern *intern); /* NULL is allowed */

/* The pool's copy of text (length bytes, up to the first NUL), valid as long as the pool. NULL for NULL text,
 * or when out of memory. */
const char *intern_string(struct intern *intern, const char *text, size_t length);

#endif
