/* How our own snapshot JSON is distinguished from other text. */
#include "readers/format.h"

#include <string.h>

bool json_looks_like(const char *bytes, size_t length)
{
	size_t blanks = 0;
	while (blanks < length && memchr(" \t\r\n", bytes[blanks], 4))
		blanks++;
	return blanks < length && bytes[blanks] == '{' && memmem(bytes, length, "\"schema\"", 8);
}
