/* Knows all that a run file has beside its cycles and settings, so that nothing is lost where one is made of several. */
#include "runfile/append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runfile/database.h"
#include "runfile/records.h"

bool runfile_begin(struct runfile *runfile, struct error *error)
{
	return database_execute(runfile, STATEMENT_BEGIN, "writing", error);
}

bool runfile_commit(struct runfile *runfile, struct error *error)
{
	return database_execute(runfile, STATEMENT_COMMIT, "writing", error);
}

bool runfile_settings(struct runfile *runfile,
    bool (*visit)(void *data, const char *key, const char *value), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_SETTINGS, error);
	if (!row)
		return false;
	int result;
	bool good = true;
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW)
		good = visit(data, (const char *)sqlite3_column_text(row, 0),
		    (const char *)sqlite3_column_text(row, 1));
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading settings", error);
	sqlite3_reset(row);
	return good;
}

static int64_t shifted(const struct placing *placing, int64_t time)
{
	return time == TIMESTAMP_UNKNOWN ? time : time + placing->shift;
}

/* ---- captures ---- */

/* What an observer printed; the file has it packed, and gives it away row by row. */
struct printed {
	char *bytes;
	size_t length;
	bool failed;
};

static void keep_printed(void *data, const char *bytes, size_t length)
{
	struct printed *printed = data;
	printed->bytes = malloc(length + 1);
	printed->failed = !printed->bytes;
	if (printed->failed)
		return;
	memcpy(printed->bytes, bytes, length);
	printed->length = length;
}

/* The problem that reading a damaged file finds is not one of the capture. */
static bool append_capture(struct runfile *out, struct runfile *from, const struct capture *capture,
    const struct placing *placing, struct error *error)
{
	struct capture own = *capture;
	struct printed printed = {0};
	struct snapshot *snapshot = NULL;
	bool good = runfile_output(from, capture->id, keep_printed, &printed, error) &&
	            records_read(from, capture->id, RECORDS_ALL, &snapshot, error);
	if (good && printed.failed)
		good = error_memory(error);
	own.round += placing->rounds[capture->mark];
	own.started = shifted(placing, capture->started);
	own.ended = shifted(placing, capture->ended);
	own.cycle = placing->finished(placing->data, own.started);
	own.output = printed.bytes;
	own.output_length = printed.length;
	good = good && runfile_add_capture(out, &own, snapshot, error);
	if (good && own.output_left_out)
		good = runfile_add_event(out, "outputs-left-out",
		    "the run file takes no more of what observers printed: from here on it has what was read of it, and not the text",
		    error);
	snapshot_destroy(snapshot);
	free(printed.bytes);
	return good;
}

bool runfile_append_captures(
    struct runfile *out, struct runfile *from, const struct placing *placing, struct error *error)
{
	struct captures captures;
	if (!runfile_captures(from, &captures, error))
		return false;
	bool good = true;
	for (size_t i = 0; good && i < captures.count; i++)
		good = append_capture(out, from, &captures.items[i], placing, error);
	captures_deinit(&captures);
	return good;
}

/* ---- events ---- */

struct event_target {
	struct runfile *out;
	const struct placing *placing;
	struct error *error;
	bool failed;
};

static void append_event(void *data, int64_t time, const char *kind, const char *text)
{
	struct event_target *target = data;
	const char *speaker = target->placing->speaker;
	char *spoken = NULL;
	if (target->failed)
		return;
	if (asprintf(&spoken, "%s%s%s", speaker ? speaker : "", speaker ? ": " : "", text) < 0) {
		target->failed = !error_memory(target->error);
		return;
	}
	target->failed = !runfile_add_event_at(
	    target->out, shifted(target->placing, time), kind, spoken, target->error);
	free(spoken);
}

bool runfile_append_events(
    struct runfile *out, struct runfile *from, const struct placing *placing, struct error *error)
{
	struct event_target target = {out, placing, error, false};
	return runfile_events(from, append_event, &target, error) && !target.failed;
}

/* ---- what belongs to cycles ---- */

static bool append_reconnects(struct runfile *out, struct runfile *from,
    const struct cycles *cycles, const struct placing *placing, struct error *error)
{
	struct reconnects reconnects;
	if (!runfile_reconnects(from, cycles, &reconnects, error))
		return false;
	bool good = true;
	for (size_t i = 0; good && i < reconnects.count + reconnects.others; i++) {
		struct reconnect own = reconnects.items[i];
		own.cycle = placing->number(placing->data, own.cycle);
		own.started = shifted(placing, own.started);
		own.logged_on = shifted(placing, own.logged_on);
		good = own.cycle == 0 || runfile_add_reconnect(out, &own, error);
	}
	free(reconnects.items);
	return good;
}

static bool append_commands(
    struct runfile *out, struct runfile *from, const struct placing *placing, struct error *error)
{
	if (!database_has(from, "command", "cycle"))
		return true;
	sqlite3_stmt *row = database_statement(from, STATEMENT_COMMANDS, error);
	if (!row)
		return false;
	int result = SQLITE_DONE;
	bool good = true;
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const struct command_run run = {
		    .cycle = placing->number(placing->data, column_number(row, 0)),
		    .exit_status = column_number(row, 1),
		    .output = (const char *)sqlite3_column_text(row, 2),
		    .output_bytes = column_number(row, 3),
		    .messages = (const char *)sqlite3_column_text(row, 4),
		    .messages_bytes = column_number(row, 5)};
		good = run.cycle == 0 || runfile_add_command(out, &run, error);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(from, "reading what commands printed", error);
	sqlite3_reset(row);
	return good;
}

bool runfile_append_details(struct runfile *out, struct runfile *from, const struct cycles *cycles,
    const struct placing *placing, struct error *error)
{
	return append_reconnects(out, from, cycles, placing, error) &&
	       append_commands(out, from, placing, error);
}
