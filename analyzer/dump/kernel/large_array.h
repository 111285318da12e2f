/* Arrays that grow to a million things. */
#ifndef LEAKLAB_LARGE_ARRAY_H
#define LEAKLAB_LARGE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Asks for large pages where an array is large enough for them: the operating system gives and clears one at once
 * instead of 512. It may say no. */
void large_array_hint(void *items, size_t bytes);

/* Room for one more; NULL when memory is out. */
void *large_array_next(void *items, uint32_t *count, uint32_t *room, size_t size);
/* Room for so many, if there is that much memory: what grows without it is copied again and again. */
void large_array_reserve(void *items, uint32_t *room, uint64_t count, size_t size);

#endif
