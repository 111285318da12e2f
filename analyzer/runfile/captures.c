/* Captures as rows: what observers printed, and when. */
#include "runfile/runfile.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"
#include "runfile/database.h"
#include "runfile/outputs.h"
#include "runfile/records.h"

const char *const mark_names[MARK_COUNT] = {
    [MARK_BEFORE] = "before",
    [MARK_DURING] = "during",
    [MARK_AFTER] = "after",
    [MARK_SETTLING] = "settling",
    [MARK_SETTLED] = "settled",
};

static bool insert_capture(
    struct runfile *runfile, const struct capture *capture, int64_t content, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_CAPTURE, error);
	if (!statement)
		return false;
	bind_number(statement, 1, capture->mark);
	bind_number(statement, 2, capture->round);
	bind_number(statement, 3, capture->cycle);
	bind_text(statement, 4, capture->observer);
	bind_text(statement, 5, capture->command);
	bind_number(statement, 6, capture->started);
	bind_number(statement, 7, capture->ended);
	bind_number(statement, 8, capture->exit_status);
	bind_text(statement, 9, capture->messages);
	bind_text(statement, 10, capture->problem);
	bind_number(statement, 11, content);
	bind_number(
	    statement, 12, capture->output ? (int64_t)capture->output_length : NUMBER_UNKNOWN);
	return database_run(runfile, statement, "writing a capture", error);
}

bool runfile_add_capture(struct runfile *runfile, struct capture *capture,
    const struct snapshot *snapshot, struct error *error)
{
	if (!database_execute(runfile, STATEMENT_SAVE, "writing a capture", error))
		return false;
	int64_t content = 0;
	bool good = (!capture->output || outputs_keep(runfile, capture->output,
	                                     capture->output_length, &content, error)) &&
	            insert_capture(runfile, capture, content ? content : NUMBER_UNKNOWN, error);
	capture->output_left_out = capture->output && content == 0;
	int64_t id = good ? sqlite3_last_insert_rowid(runfile->database) : 0;
	good = good && (!snapshot || records_insert(runfile, id, snapshot, error)) &&
	       database_execute(runfile, STATEMENT_RELEASE, "writing a capture", error);
	if (good) {
		capture->id = id;
		return true;
	}
	database_execute(runfile, STATEMENT_ROLL_BACK_TO_SAVED, "giving up a capture", NULL);
	database_execute(runfile, STATEMENT_RELEASE, "giving up a capture", NULL);
	return false;
}

bool runfile_mark_settled(struct runfile *runfile, int64_t round, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_MARK_SETTLED, error);
	if (!statement)
		return false;
	bind_number(statement, 1, MARK_SETTLED);
	bind_number(statement, 2, MARK_SETTLING);
	bind_number(statement, 3, round);
	return database_run(runfile, statement, "marking a sample as settled", error);
}

static struct capture read_capture(sqlite3_stmt *statement, struct intern *intern, bool *good)
{
	int mark = sqlite3_column_int(statement, 1);
	return (struct capture){
	    .id = column_number(statement, 0),
	    .mark = mark >= 0 && mark < MARK_COUNT ? (enum mark)mark : MARK_DURING,
	    .round = column_number(statement, 2),
	    .cycle = column_number(statement, 3),
	    .observer = column_text(statement, 4, intern, good),
	    .command = column_text(statement, 5, intern, good),
	    .started = column_number(statement, 6),
	    .ended = column_number(statement, 7),
	    .exit_status = column_number(statement, 8),
	    .messages = column_text(statement, 9, intern, good),
	    .problem = column_text(statement, 10, intern, good),
	    .output_length = (size_t)sqlite3_column_int64(statement, 11),
	    .time = column_number(statement, 12),
	    .shows_handles = sqlite3_column_int(statement, 13) == 1,
	    .shows_processes = sqlite3_column_int(statement, 14) == 1,
	    .handles_whole = sqlite3_column_int(statement, 15) == 1,
	    .processes_whole = sqlite3_column_int(statement, 16) == 1,
	};
}

bool runfile_captures(struct runfile *runfile, struct captures *out, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_CAPTURES, error);
	if (!statement)
		return false;
	struct captures captures = {.intern = intern_create()};
	bool good = captures.intern;
	int result = SQLITE_DONE;
	while (good && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!array_reserve(&captures.items, captures.count, sizeof *captures.items)) {
			good = false;
			break;
		}
		captures.items[captures.count++] = read_capture(statement, captures.intern, &good);
	}
	if (!good)
		error_memory(error);
	else if (result != SQLITE_DONE)
		good = database_error(runfile, "reading captures", error);
	sqlite3_reset(statement);
	if (good)
		*out = captures;
	else
		captures_deinit(&captures);
	return good;
}

void captures_deinit(struct captures *captures)
{
	free(captures->items);
	intern_destroy(captures->intern);
	memset(captures, 0, sizeof *captures);
}

bool runfile_output(struct runfile *runfile, int64_t capture,
    void (*visit)(void *data, const char *bytes, size_t length), void *data, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_OUTPUT, error);
	if (!statement)
		return false;
	bind_number(statement, 1, capture);
	int result = sqlite3_step(statement);
	const void *bytes = result == SQLITE_ROW ? sqlite3_column_blob(statement, 0) : NULL;
	if (bytes)
		visit(data, bytes, (size_t)sqlite3_column_bytes(statement, 0));
	bool good = result == SQLITE_ROW || result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading an observer's output", error);
	sqlite3_reset(statement);
	return good;
}
