#include "common/array.h"

#include <stdlib.h>
#include <string.h>

#define LEAST 8

bool array_reserve(void *items, size_t count, size_t size)
{
	void *larger;

	if (count & (count - 1) || (count > 0 && count < LEAST))
		return true;
	memcpy(&larger, items, sizeof larger);
	larger = reallocarray(larger, count ? count * 2 : LEAST, size);
	if (!larger)
		return false;
	memcpy(items, &larger, sizeof larger);
	return true;
}
