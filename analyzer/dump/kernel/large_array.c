/* What the operating system is told of memory (madvise(2)). */
#include "dump/kernel/large_array.h"

#include <stdint.h>
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
