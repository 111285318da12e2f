/* The accounts that a run of commands watches, and what its commands printed. */
#include "runfile/runfile.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"
#include "runfile/database.h"

bool runfile_add_watched(
    struct runfile *runfile, const char *user, const char *domain, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_WATCHED, error);
	if (!statement)
		return false;
	bind_text(statement, 1, user);
	bind_text(statement, 2, domain);
	return database_run(runfile, statement, "writing a watched account", error);
}

static bool read_watched(struct watched *watched, sqlite3_stmt *row)
{
	bool good = array_reserve(&watched->items, watched->count, sizeof *watched->items);
	if (good)
		watched->items[watched->count++] =
		    (struct watched_account){column_text(row, 0, watched->intern, &good),
		        column_text(row, 1, watched->intern, &good)};
	return good;
}

bool runfile_watched(struct runfile *runfile, struct watched *out, struct error *error)
{
	struct watched found = {0};
	*out = found;
	if (!database_has(runfile, "watched", "user"))
		return true;
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_WATCHED, error);
	if (!statement)
		return false;
	found.intern = intern_create();
	bool good = found.intern;
	int result = SQLITE_DONE;
	while (good && (result = sqlite3_step(statement)) == SQLITE_ROW)
		good = read_watched(&found, statement);
	if (!good)
		error_memory(error);
	else if (result != SQLITE_DONE)
		good = database_error(runfile, "reading watched accounts", error);
	sqlite3_reset(statement);
	if (good)
		*out = found;
	else
		watched_deinit(&found);
	return good;
}

void watched_deinit(struct watched *watched)
{
	free(watched->items);
	intern_destroy(watched->intern);
	*watched = (struct watched){0};
}

bool runfile_add_command(
    struct runfile *runfile, const struct command_run *run, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_COMMAND, error);
	if (!statement)
		return false;
	bind_number(statement, 1, run->cycle);
	bind_number(statement, 2, run->exit_status);
	bind_text(statement, 3, run->output);
	bind_number(statement, 4, run->output_bytes);
	bind_text(statement, 5, run->messages);
	bind_number(statement, 6, run->messages_bytes);
	return database_run(runfile, statement, "writing what a command printed", error);
}
