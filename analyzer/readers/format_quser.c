/* quser and query user: only the sessions that have users, so neither the services' nor the console's. */
#include "readers/session_table.h"

static bool begins(struct reading *reading, struct span line)
{
	struct session_columns columns;
	if (!session_table_heading(&columns, line) || !columns.user_first)
		return false;
	session_lists_begin(reading, &columns);
	return true;
}

const struct line_format format_quser = {
    .name = "quser",
    .section = &section_sessions,
    .begins = begins,
    .take = session_table_row,
};
