/* quser and query user: only the sessions that have users, so neither the services' nor the console's. */
#include "readers/format.h"
#include "readers/session_lists.h"
#include "readers/session_table.h"

static bool begins(struct reading *reading, struct span line)
{
	struct session_columns columns;
	if (!session_table_heading(&columns, line) || !columns.user_first)
		return false;
	reading->sessions = columns;
	session_lists_begin(reading, false);
	return true;
}

const struct line_format format_quser = {
    .name = "quser",
    .begins = begins,
    .take = session_table_row,
};
