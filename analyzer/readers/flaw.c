/* Why a list is not whole, and how much of a section was seen. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "readers/format.h"

void flaw_note(struct flaw *flaw, const struct reading *reading, const char *format, ...)
{
	va_list arguments;
	if (flaw->line)
		return;
	flaw->line = reading->line;
	va_start(arguments, format);
	vsnprintf(flaw->why, sizeof flaw->why, format, arguments);
	va_end(arguments);
}

void flaw_note_line(struct flaw *flaw, const struct reading *reading, struct span line)
{
	line = span_trim(line);
	flaw_note(flaw, reading,
	    "line %lld is not understood, and rows may be missing there: \"%.*s\"",
	    (long long)reading->line, span_shown(line, 100), line.text);
}

bool reading_see(struct reading *reading, const char *section, enum extent extent, const char *why,
    const struct flaw *flaw)
{
	struct sight *sight;
	if (!snapshot_see(reading->snapshot, section, extent, flaw ? flaw->why : why) ||
	    !(sight = snapshot_sight(reading->snapshot, section)))
		return false;
	if (extent == EXTENT_WHOLE)
		return true;
	if (flaw)
		sight->line = flaw->line;
	sight->origin =
	    snapshot_string(reading->snapshot, reading->origin, strlen(reading->origin));
	return sight->origin;
}
