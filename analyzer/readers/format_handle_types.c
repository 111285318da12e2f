/* handle -s: how many handles of each type there are. */
#include "readers/format.h"

#include <string.h>

static bool begins(struct reading *reading, struct span line)
{
	(void)reading;
	return span_starts(span_trim(line), "Handle type summary:");
}

static enum taken take(struct reading *reading, struct span line)
{
	bool failed = false;
	int64_t count;
	line = span_trim(line);
	const char *colon = line.length < 200 ? memrchr(line.text, ':', line.length) : NULL;
	if (!colon)
		return TAKEN_NOT;
	size_t at = (size_t)(colon - line.text);
	struct span name = span_trim((struct span){line.text, at});
	if (!name.length || !span_decimal(span_trim(span_from(line, at + 1)), &count))
		return TAKEN_NOT;
	if (span_is(name, "Total handles"))
		return TAKEN_FRAME;
	struct handle_type *type = snapshot_add_handle_type(reading->snapshot);
	if (!type)
		return TAKEN_FAILED;
	type->type = reading_string(reading, name, &failed);
	type->count = count;
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

const struct line_format format_handle_types = {
    .name = "handle -s",
    .begins = begins,
    .take = take,
};
