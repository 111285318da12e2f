/* qwinsta and query session: sessions with names, users, IDs, states; and what they print when they fail. */
#include "readers/session_table.h"

#include <string.h>

static bool begins(struct reading *reading, struct span line)
{
	struct session_columns columns;
	if (!session_table_heading(&columns, line) || columns.user_first)
		return false;
	session_lists_begin(reading, &columns);
	return true;
}

/* "qwinsta.exe : No session exists for *" is how PowerShell prints what came on stderr. */
static enum taken take_error(struct reading *reading, struct span line)
{
	static const char *const errors[] = {"No session exists for", "enumerating sessionnames",
	    "Error [1722]:", "Error [1825]:", "Error [5]:", "No User exists for",
	    "Error opening sessionname"};
	static const char *const shell[] = {"+ CategoryInfo", "+ FullyQualifiedErrorId"};
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		bool failed = false;
		if (span_find(line, errors[i]) == SIZE_MAX)
			continue;
		if (!reading->sessions->none)
			reading->sessions->none = reading_string(reading, span_trim(line), &failed);
		return failed ? TAKEN_FAILED : TAKEN_ROW;
	}
	for (size_t i = 0; reading->sessions->none && i < sizeof shell / sizeof shell[0]; i++) {
		if (span_starts(span_trim(line), shell[i]))
			return TAKEN_FRAME;
	}
	return TAKEN_NOT;
}

/* What /counter adds below the list, in English: "Total sessions created:            43". */
static enum taken take_total(struct reading *reading, struct span line)
{
	struct snapshot *snapshot = reading->snapshot;
	const struct {
		const char *label;
		int64_t *total;
	} totals[] = {{"Total sessions created:", &snapshot->sessions_created},
	    {"Total sessions disconnected:", &snapshot->sessions_disconnected},
	    {"Total sessions reconnected:", &snapshot->sessions_reconnected}};
	line = span_trim(line);
	for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
		if (span_starts(line, totals[i].label))
			return span_decimal(span_trim(span_from(line, strlen(totals[i].label))),
			           totals[i].total)
			           ? TAKEN_ROW
			           : TAKEN_NOT;
	}
	return TAKEN_NOT;
}

static enum taken take(struct reading *reading, struct span line)
{
	enum taken taken = TAKEN_NOT;
	if (reading->current == &format_qwinsta && reading->sessions->columns.id_end)
		taken = session_table_row(reading, line);
	if (taken == TAKEN_NOT)
		taken = take_total(reading, line);
	return taken == TAKEN_NOT && line.length < 400 ? take_error(reading, line) : taken;
}

const struct line_format format_qwinsta = {
    .name = "qwinsta",
    .section = &section_sessions,
    .begins = begins,
    .take = take,
    .rows_tell = true,
};
