/* Pages of a file's map, which the kernel can read again: madvise(2), MADV_DONTNEED. */
#include "readers/map.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void map_release(const char *from, size_t length)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE),
	                first = ((uintptr_t)from + page - 1) & ~(page - 1),
	                end = ((uintptr_t)from + length) & ~(page - 1);
	if (end > first)
		madvise((void *)first, end - first, MADV_DONTNEED);
}
