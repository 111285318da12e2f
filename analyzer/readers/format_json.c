/* How our own snapshot JSON is told from other text. */
#include "readers/format.h"

#include <string.h>

#define SCHEMA_FAMILY "leaklab.snapshot/"

static enum confidence probe(const char *bytes, size_t length)
{
	size_t blanks = strspn(bytes, " \t\r\n");
	if (blanks >= length || bytes[blanks] != '{')
		return CONFIDENCE_NONE;
	return memmem(bytes, length, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) ? CONFIDENCE_SURE
	                                                                   : CONFIDENCE_SHAPE;
}

const struct format format_json = {
    .name = "leaklab snapshot JSON",
    .probe = probe,
    .read = snapshot_from_json,
};
