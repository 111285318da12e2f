/* They grow by doubling, and the operating system gets a hint for large ones (madvise(2)). */
#include "dump/kernel/large_array.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE ((size_t)4 << 20) /* bytes: two large pages */

void large_array_hint(void *items, size_t bytes)
{
	/* All of the mapping that malloc() made for it: the rest would be one of its own, and realloc() could not move
	 * the two without copying. */
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)items & ~(page - 1);
	uintptr_t end = ((uintptr_t)items + bytes + page - 1) & ~(page - 1);
	if (bytes >= LARGE)
		madvise((void *)start, end - start, MADV_HUGEPAGE);
}

void *large_array_next(void *items, uint32_t *count, uint32_t *room, size_t size)
{
	void **array = items;
	if (*count == *room) {
		uint32_t larger = *room ? *room * 2 : 64;
		void *grown = larger > *room ? reallocarray(*array, larger, size) : NULL;
		if (!grown)
			return NULL;
		large_array_hint(grown, larger * size);
		*array = grown;
		*room = larger;
	}
	return (char *)*array + size * (*count)++;
}

void large_array_reserve(void *items, uint32_t *room, uint64_t count, size_t size)
{
	void **array = items;
	void *reserved = *room < count ? reallocarray(*array, count, size) : NULL;
	if (!reserved)
		return;
	large_array_hint(reserved, count * size);
	*array = reserved;
	*room = (uint32_t)count;
}
