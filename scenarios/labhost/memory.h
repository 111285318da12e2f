/* Allocation for the model, which has no half-way state to go back to: a lab host that lost a token or a handle
 * would accuse the wrong program, so it ends at once when memory is out. */
#ifndef LEAKLAB_LABHOST_MEMORY_H
#define LEAKLAB_LABHOST_MEMORY_H

#include <stdlib.h>
#include <string.h>

static inline void *memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		abort();
	return memory;
}

static inline void *memory_resized(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count ? count : 1, size);

	if (!memory)
		abort();
	return memory;
}

static inline char *memory_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

#endif
