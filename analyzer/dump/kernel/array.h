/* Arrays that grow to a million things. */
#ifndef LEAKLAB_ARRAY_H
#define LEAKLAB_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Asks for large pages where an array is large enough for them: the operating system gives and clears one at once
 * instead of 512. It may say no. */
void array_hint(void *items, size_t bytes);

/* Room for one more; NULL when memory is out. */
void *array_next(void *items, uint32_t *count, uint32_t *room, size_t size);
/* Room for so many, if there is that much memory: what grows without it is copied again and again. */
void array_reserve(void *items, uint32_t *room, uint64_t count, size_t size);

#endif
