/* Arrays of a million things, which are read from end to end. */
#ifndef LEAKLAB_LARGE_ARRAY_H
#define LEAKLAB_LARGE_ARRAY_H

#include <stddef.h>

/* Asks for large pages where an array is large enough for them: the operating system gives and clears one at once
 * instead of 512. It may say no. */
void large_array_hint(void *items, size_t bytes);

#endif
