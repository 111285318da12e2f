/* Arrays that grow by one. They double when their count is a power of two (8 and up), so that no capacity has to be kept; after one has
 * shrunk, the next doubling is merely early. */
#ifndef LEAKLAB_ARRAY_H
#define LEAKLAB_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Makes room for one more item. items: where the array's pointer is; the array began as NULL and grows by this alone. False: memory is
 * out, and the array is as it was. */
bool array_reserve(void *items, size_t count, size_t size);

#endif
