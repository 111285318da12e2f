/* How a run file is opened to go on with its run: by one writer at a time, and so that a run which cannot go on stays as it was. */
#include "runfile/runfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runfile/database.h"

int runfile_lock(const struct runfile *runfile)
{
	return runfile->lock;
}

static bool open_and_lock(struct runfile *runfile, struct error *error)
{
	const int fd = open(runfile->path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return error_set(
		    error, EXIT_USAGE, "opening %s: %s", runfile->path, strerror(errno));
	return database_lock(runfile, fd, error);
}

static bool check_writable(const struct runfile *runfile, struct error *error)
{
	return runfile->schema == RUNFILE_SCHEMA ||
	       error_set(error, EXIT_USAGE,
	           "%s: made by an older leaklab (schema %lld, this one writes %d): go on with that leaklab, or begin a "
	           "new run",
	           runfile->path, (long long)runfile->schema, RUNFILE_SCHEMA);
}

struct runfile *runfile_reopen(const char *path, struct error *error)
{
	if (!database_check_file(path, error))
		return NULL;
	struct runfile *runfile = database_allocate(path, error);
	if (!runfile || !open_and_lock(runfile, error) ||
	    !database_open(runfile, SQLITE_OPEN_READWRITE, error) ||
	    !database_check_schema(runfile, error) || !check_writable(runfile, error) ||
	    !database_check_times(runfile, error)) {
		runfile_close(runfile);
		return NULL;
	}
	return runfile;
}

/* Whether the file was one, without a journal. */
static bool is_finished(struct runfile *runfile)
{
	sqlite3_stmt *row = NULL;
	bool finished = false;

	if (sqlite3_prepare_v2(runfile->database, "PRAGMA journal_mode", -1, &row, NULL) ==
	        SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		finished = strcmp((const char *)sqlite3_column_text(row, 0), "wal") != 0;
	sqlite3_finalize(row);
	return finished;
}

/* Columns come within a schema: a file of before has no place for them. */
static bool add_columns(struct runfile *runfile, struct error *error)
{
	return database_has(runfile, "cycle", "server") ||
	       database_run_text(
	           runfile, "ALTER TABLE cycle ADD COLUMN server TEXT", "going on", error);
}

static bool lose_running(struct runfile *runfile, int64_t now, int64_t *lost, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_LOSE_RUNNING, error);

	if (!statement)
		return false;
	bind_number(statement, 1, CYCLE_LOST);
	bind_number(statement, 2, now);
	bind_text(statement, 3, RUNFILE_DRIVER_LOST);
	bind_number(statement, 4, CYCLE_RUNNING);
	if (!database_run(runfile, statement, "noting cycles as lost", error))
		return false;
	*lost = sqlite3_changes64(runfile->database);
	return true;
}

static bool unsettle(struct runfile *runfile, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_UNSETTLE, error);

	if (!statement)
		return false;
	bind_number(statement, 1, MARK_SETTLING);
	bind_number(statement, 2, MARK_SETTLED);
	return database_run(runfile, statement, "marking samples as settling", error);
}

bool runfile_go_on(struct runfile *runfile, int64_t now, int64_t *lost, struct error *error)
{
	/* Open statements would keep the journal as it is. */
	database_finalize_statements(runfile);
	runfile->was_finished = is_finished(runfile);
	if (!database_begin_journal(runfile, error) ||
	    !database_execute(runfile, STATEMENT_BEGIN, "going on", error))
		return false;
	if (add_columns(runfile, error) && lose_running(runfile, now, lost, error) &&
	    unsettle(runfile, error) &&
	    database_execute(runfile, STATEMENT_FORGET_END, "going on", error))
		return true;
	runfile_give_up(runfile);
	return false;
}

bool runfile_keep(struct runfile *runfile, struct error *error)
{
	return database_execute(runfile, STATEMENT_COMMIT, "going on", error);
}

void runfile_give_up(struct runfile *runfile)
{
	database_execute(runfile, STATEMENT_ROLLBACK, "giving up", NULL);
	database_finalize_statements(runfile);
	if (runfile->was_finished)
		sqlite3_exec(runfile->database, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}
