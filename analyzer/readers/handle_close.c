/* Knows what handle -c prints: the handle as a row of a listing, whose process only the command line names, and "Handle closed." behind it
 * if it is. What was closed is held no more, whatever the text listed before. */
#include "readers/handle_row.h"

#include <string.h>

static void remove_handle(struct snapshot *snapshot, size_t at)
{
	memmove(snapshot->handles + at, snapshot->handles + at + 1,
	    (snapshot->handle_count - at - 1) * sizeof *snapshot->handles);
	snapshot->handle_count--;
}

static void count_less(struct reading *reading, int64_t pid)
{
	for (size_t i = 0; i < reading->snapshot->process_count; i++) {
		struct process *process = &reading->snapshot->processes[i];
		if (process->pid == pid && process->handles_listed > 0)
			process->handles_listed--;
	}
}

/* Those of the process, and of this value. */
static void close_of(struct reading *reading, int64_t pid, int64_t value)
{
	struct snapshot *snapshot = reading->snapshot;
	for (size_t i = snapshot->handle_count; i > 0; i--) {
		const struct handle *handle = &snapshot->handles[i - 1];
		if (handle->pid == pid && handle->value == value) {
			remove_handle(snapshot, i - 1);
			count_less(reading, pid);
		}
	}
}

/* Without the command line: the one listed handle of this value and logon session, if there is one alone. */
static void close_of_somebody(struct reading *reading, const struct handle *closed)
{
	const struct snapshot *snapshot = reading->snapshot;
	size_t found = 0, at = 0;
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		if (snapshot->handles[i].value == closed->value &&
		    snapshot->handles[i].luid == closed->luid) {
			at = i;
			found++;
		}
	}
	if (found == 1)
		close_of(reading, snapshot->handles[at].pid, closed->value);
	else if (found > 1)
		flaw_note(&reading->handles->flaw, reading,
		    "handle %llX was closed, and not said of which of %zu processes",
		    (unsigned long long)closed->value, found);
}

void handle_row_listed(
    struct reading *reading, size_t count, struct process *process, int64_t value)
{
	struct handle_list *list = reading->handles;
	list->last_value = value;
	list->last_pid = process ? process->pid : NUMBER_UNKNOWN;
	list->last_added = reading->snapshot->handle_count > count;
	list->last_line = reading->line;
}

enum taken handle_closed(struct reading *reading)
{
	struct handle_list *list = reading->handles;
	struct snapshot *snapshot = reading->snapshot;
	if (list->last_line == 0)
		return TAKEN_FRAME; /* what it was is not in the text */
	list->last_line = 0;
	list->closed++;
	list->broken = 0;
	if (list->closing && list->asked_pid != NUMBER_UNKNOWN) {
		close_of(reading, list->asked_pid, list->last_value);
		return TAKEN_ROW;
	}
	/* It was taken for a row of the listing above. */
	count_less(reading, list->last_pid);
	if (list->last_added) {
		const struct handle closed = snapshot->handles[snapshot->handle_count - 1];
		remove_handle(snapshot, snapshot->handle_count - 1);
		close_of_somebody(reading, &closed);
	}
	return TAKEN_ROW;
}
