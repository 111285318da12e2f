/* How a run file is recognised, locked, opened and closed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runfile/database.h"
#include "runfile/outputs.h"
#include "runfile/records.h"
#include "runfile/runfile.h"

/* How long to wait for another program that has the file locked; milliseconds. */
#define LOCK_PATIENCE 2000

struct runfile *database_allocate(const char *path, struct error *error)
{
	struct runfile *runfile = calloc(1, sizeof *runfile);
	if (runfile) {
		runfile->path = strdup(path);
		runfile->lock = -1;
		runfile->outputs_max = RUNFILE_OUTPUTS_MAX;
	}
	if (runfile && runfile->path)
		return runfile;
	free(runfile);
	error_memory(error);
	return NULL;
}

bool database_open(struct runfile *runfile, int flags, struct error *error)
{
	/* A name that starts with "file:" or ":" means something else to SQLite. */
	char *name = NULL;
	if (asprintf(&name, "%s%s", runfile->path[0] == '/' ? "" : "./", runfile->path) < 0)
		return error_memory(error);
	int result = sqlite3_open_v2(name, &runfile->database, flags, NULL);
	free(name);
	if (!runfile->database)
		return error_memory(error);
	if (result != SQLITE_OK)
		return database_error(runfile, "opening", error);
	sqlite3_busy_timeout(runfile->database, LOCK_PATIENCE);
	sqlite3_db_config(runfile->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(runfile->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return true;
}

bool database_run_text(
    struct runfile *runfile, const char *text, const char *doing, struct error *error)
{
	if (sqlite3_exec(runfile->database, text, NULL, NULL, NULL) != SQLITE_OK)
		return database_error(runfile, doing, error);
	return true;
}

/* In WAL mode synchronous=NORMAL keeps all that was committed when the process is killed; only a crash of
 * the whole machine may cost the last transactions (sqlite.org/pragma.html#pragma_synchronous). */
bool database_begin_journal(struct runfile *runfile, struct error *error)
{
	return database_run_text(runfile, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
	    "beginning a journal", error);
}

/* SQLite's own locks are another kind, so that readers are not shut out. Closing the descriptor would drop those, too, as they are
 * POSIX's: it stays open until SQLite has closed the file. */
bool database_lock(struct runfile *runfile, int fd, struct error *error)
{
	runfile->lock = fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return true; /* some file systems know no locks */
	return error_set(error, EXIT_USAGE,
	    "%s is being written: a driver is playing it, or its workers are still logging users off; wait until they are "
	    "done, or end them",
	    runfile->path);
}

static bool read_pragma(
    struct runfile *runfile, const char *text, int64_t *out, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(runfile->database, text, -1, &statement, NULL) != SQLITE_OK)
		return database_error(runfile, "opening", error);
	bool good = sqlite3_step(statement) == SQLITE_ROW;
	if (good)
		*out = sqlite3_column_int64(statement, 0);
	else
		database_error(runfile, "opening", error);
	sqlite3_finalize(statement);
	return good;
}

/* SQLite takes anything short for an empty database, so the file is looked at first. */
bool database_check_file(const char *path, struct error *error)
{
	char start[16];
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set(error, EXIT_USAGE, "opening %s: %s", path, strerror(errno));
	bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	ssize_t got = regular ? read(fd, start, sizeof start) : -1;
	close(fd);
	if (!regular)
		return error_set(
		    error, EXIT_USAGE, "%s: not a run file (not a regular file)", path);
	if (got == 0)
		return error_set(
		    error, EXIT_USAGE, "%s: the file is empty: no run was recorded in it", path);
	if (got != (ssize_t)sizeof start || memcmp(start, "SQLite format 3", sizeof start) != 0)
		return error_set(error, EXIT_USAGE,
		    "%s: not a run file (not an SQLite database); run files are made by leaklab run",
		    path);
	return true;
}

bool database_check_schema(struct runfile *runfile, struct error *error)
{
	int64_t application = 0, schema = 0, objects = 0;
	if (!read_pragma(runfile, "PRAGMA application_id", &application, error) ||
	    !read_pragma(runfile, "PRAGMA user_version", &schema, error) ||
	    !read_pragma(runfile, "SELECT count(*) FROM sqlite_master", &objects, error))
		return false;
	const char *path = runfile->path;
	if (application == 0 && schema == 0 && objects == 0)
		return error_set(error, EXIT_USAGE,
		    "%s: the database is empty: no run was recorded in it", path);
	if (application != RUNFILE_APPLICATION_ID)
		return error_set(error, EXIT_USAGE,
		    "%s: an SQLite database of another application, not a run file", path);
	if (schema > RUNFILE_SCHEMA)
		return error_set(error, EXIT_USAGE,
		    "%s: made by a newer leaklab (schema %lld, this one knows %d): use that "
		    "leaklab to read it",
		    path, (long long)schema, RUNFILE_SCHEMA);
	if (schema < RUNFILE_SCHEMA_OLDEST)
		return error_set(error, EXIT_USAGE,
		    "%s: made by an older leaklab (schema %lld, this one reads %d to %d): use that "
		    "leaklab to read it",
		    path, (long long)schema, RUNFILE_SCHEMA_OLDEST, RUNFILE_SCHEMA);
	runfile->schema = schema;
	if (!outputs_teach(runfile, error) ||
	    !database_run_text(runfile,
	        schema >= RUNFILE_SCHEMA_CONTENT
	            ? "CREATE TEMP VIEW printed AS SELECT capture.id AS capture, capture.length AS length, bytes"
	              " FROM capture LEFT JOIN content ON content.id = capture.content"
	            : "CREATE TEMP VIEW printed AS SELECT id AS capture, length(output) AS length, output AS bytes"
	              " FROM capture",
	        "opening", error))
		return false;
	/* Questions are asked of sight; schema 2 had what was unavailable. */
	return schema >= RUNFILE_SCHEMA_SIGHT ||
	       database_run_text(runfile,
	           "CREATE TEMP VIEW sight AS SELECT capture, what AS section, 'absent' AS extent, why"
	           " FROM unavailable",
	           "opening", error);
}

void database_finalize_statements(struct runfile *runfile)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(runfile->statements[i]);
		runfile->statements[i] = NULL;
	}
	records_finalize(runfile);
}

void runfile_close(struct runfile *runfile)
{
	if (!runfile)
		return;
	database_finalize_statements(runfile);
	sqlite3_close(runfile->database);
	if (runfile->lock >= 0)
		close(runfile->lock);
	free(runfile->path);
	free(runfile);
}
