/* tasklist, with and without /v: columns by place, as headings are localized. Image, PID, session name, session number,
 * memory; /v adds status, user, processor time and window title. */
#include "readers/process_list.h"

static bool begins(struct reading *reading, struct span line)
{
	return ruled_table_learn(&reading->processes->ruled, reading->heading, line, '=');
}

static enum taken take(struct reading *reading, struct span line)
{
	const struct ruled *ruled = &reading->processes->ruled;
	int64_t pid, session_id;
	bool failed = false;
	if (line.length > 1000 || ruled->count < 4)
		return TAKEN_NOT;
	struct ruled_row row;
	if (!ruled_table_row(ruled, line, &row) || row.doubtful[0] || row.doubtful[6])
		return TAKEN_NOT;
	const struct span image = row.cells[0], user = row.cells[6];
	if (!image.length || !span_decimal(row.cells[1], &pid) ||
	    !span_decimal(row.cells[3], &session_id))
		return TAKEN_NOT;
	struct process *process = reading_process(reading, pid);
	if (!process)
		return TAKEN_FAILED;
	process->image = reading_string(reading, image, &failed);
	process->session_id = session_id;
	if (user.length && !span_is(user, "N/A"))
		process->user = reading_string(reading, user, &failed);
	reading_lists_processes(reading);
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

const struct line_format format_tasklist = {
    .name = "tasklist",
    .section = &section_processes,
    .begins = begins,
    .take = take,
};
