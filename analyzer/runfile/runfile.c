/* A run file's life: how it is made, read and finished; its settings and events. */
#include "runfile/runfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runfile/database.h"
#include "runfile/records.h"

static bool make_schema(struct runfile *runfile, struct error *error)
{
	char header[96];
	snprintf(header, sizeof header, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
	    RUNFILE_APPLICATION_ID, RUNFILE_SCHEMA);
	char *records = records_schema();
	const bool good = (records || error_memory(error)) &&
	                  database_begin_journal(runfile, error) &&
	                  database_run_text(runfile, "BEGIN IMMEDIATE", "creating", error) &&
	                  database_run_text(runfile, header, "creating", error) &&
	                  database_run_text(runfile, runfile_schema, "creating", error) &&
	                  database_run_text(runfile, records, "creating", error) &&
	                  database_run_text(runfile, "COMMIT", "creating", error);
	free(records);
	runfile->schema = RUNFILE_SCHEMA;
	return good && database_check_schema(runfile, error);
}

static void remove_files(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		char *name = NULL;
		if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
			return;
		unlink(name);
		free(name);
	}
}

struct runfile *runfile_create(const char *path, struct error *error)
{
	/* SQLite would take over a file that exists; so the file is made first. */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		if (errno == EEXIST)
			error_set(error, EXIT_USAGE,
			    "%s exists already: choose another name with -o, or replace it with --force",
			    path);
		else
			error_set(error, EXIT_TARGET, "creating %s: %s", path, strerror(errno));
		return NULL;
	}
	struct runfile *runfile = database_allocate(path, error);
	if (!runfile)
		close(fd);
	if (!runfile || !database_lock(runfile, fd, error) ||
	    !database_open(runfile, SQLITE_OPEN_READWRITE, error) || !make_schema(runfile, error)) {
		runfile_close(runfile);
		remove_files(path);
		return NULL;
	}
	return runfile;
}

void runfile_discard(struct runfile *runfile)
{
	char *path = runfile ? strdup(runfile->path) : NULL;

	runfile_close(runfile);
	if (path)
		remove_files(path);
	free(path);
}

char *runfile_set_aside(const char *path, struct error *error)
{
	struct runfile *runfile = runfile_reopen(path, error);
	char *aside = NULL;

	if (!runfile)
		return NULL;
	/* Whoever closes it last folds its journal in. */
	runfile_close(runfile);
	if (asprintf(&aside, "%s.replaced", path) < 0) {
		error_memory(error);
		return NULL;
	}
	if (rename(path, aside) == 0)
		return aside;
	error_set(error, EXIT_TARGET, "%s: %s", path, strerror(errno));
	free(aside);
	return NULL;
}

struct runfile *runfile_open(const char *path, struct error *error)
{
	return database_check_file(path, error) ? runfile_open_own(path, error) : NULL;
}

struct runfile *runfile_open_own(const char *path, struct error *error)
{
	struct runfile *runfile = database_allocate(path, error);
	/* Only one thread reads it. */
	if (!runfile ||
	    !database_open(runfile, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, error) ||
	    !database_check_schema(runfile, error) || !database_check_times(runfile, error)) {
		runfile_close(runfile);
		return NULL;
	}
	return runfile;
}

struct runfile *runfile_open_bytes(
    const void *bytes, size_t length, const char *name, struct error *error)
{
	struct runfile *runfile = database_allocate(name, error);
	unsigned char *copy = sqlite3_malloc64(length ? length : 1);

	if (!runfile || !copy) {
		sqlite3_free(copy);
		runfile_close(runfile);
		error_memory(error);
		return NULL;
	}
	if (length)
		memcpy(copy, bytes, length);
	if (sqlite3_open_v2(":memory:", &runfile->database, SQLITE_OPEN_READWRITE, NULL) !=
	        SQLITE_OK ||
	    sqlite3_deserialize(runfile->database, "main", copy, (sqlite3_int64)length,
	        (sqlite3_int64)length,
	        SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
		database_error(runfile, "opening", error);
		runfile_close(runfile);
		return NULL;
	}
	sqlite3_db_config(runfile->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(runfile->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (database_check_schema(runfile, error) && database_check_times(runfile, error))
		return runfile;
	runfile_close(runfile);
	return NULL;
}

void runfile_fold(struct runfile *runfile)
{
	sqlite3_wal_checkpoint_v2(runfile->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

bool runfile_finish(struct runfile *runfile, struct error *error)
{
	/* Open statements would keep the journal in use. */
	database_finalize_statements(runfile);
	int result =
	    sqlite3_exec(runfile->database, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		return true;
	if (result != SQLITE_BUSY && result != SQLITE_LOCKED)
		return database_error(runfile, "merging the journal", error);
	/* The patience is over: what is in the journal is as safe there, and read with the file. */
	runfile_fold(runfile);
	char text[512];
	snprintf(text, sizeof text,
	    "another program has the run file open: its journal stays beside it, as %.300s-wal; "
	    "copy both",
	    runfile->path);
	return runfile_add_event(runfile, "journal-kept", text, error);
}

bool runfile_set(struct runfile *runfile, const char *key, const char *value, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_SET, error);
	if (!statement)
		return false;
	bind_text(statement, 1, key);
	bind_text(statement, 2, value);
	return database_run(runfile, statement, "writing a setting", error);
}

char *runfile_get(struct runfile *runfile, const char *key)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_GET, NULL);
	if (!statement)
		return NULL;
	bind_text(statement, 1, key);
	char *value = NULL;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		value = text ? strdup(text) : NULL;
	}
	sqlite3_reset(statement);
	return value;
}

bool runfile_is_set(struct runfile *runfile, const char *key)
{
	char *value = runfile_get(runfile, key);
	const bool set = value != NULL;
	free(value);
	return set;
}

bool runfile_get_number(struct runfile *runfile, const char *key, int64_t *out)
{
	char *text = runfile_get(runfile, key), *end = text;
	errno = 0;
	const int64_t number = text ? strtoll(text, &end, 10) : 0;
	const bool good = end != text && !*end && errno == 0;
	free(text);
	if (good)
		*out = number;
	return good;
}

bool runfile_add_event(
    struct runfile *runfile, const char *kind, const char *text, struct error *error)
{
	return runfile_add_event_at(runfile, timestamp_now(), kind, text, error);
}

bool runfile_add_event_at(
    struct runfile *runfile, int64_t time, const char *kind, const char *text, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_EVENT, error);
	if (!statement)
		return false;
	bind_number(statement, 1, time);
	bind_text(statement, 2, kind);
	bind_text(statement, 3, text);
	return database_run(runfile, statement, "writing an event", error);
}

bool runfile_events(struct runfile *runfile,
    void (*visit)(void *data, int64_t time, const char *kind, const char *text), void *data,
    struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_EVENTS, error);
	if (!statement)
		return false;
	int result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		visit(data, column_number(statement, 0),
		    (const char *)sqlite3_column_text(statement, 1),
		    (const char *)sqlite3_column_text(statement, 2));
	bool good = result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading events", error);
	sqlite3_reset(statement);
	return good;
}

bool runfile_copy(struct runfile *runfile, const char *path, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	bool good = sqlite3_prepare_v2(runfile->database, "VACUUM INTO ?", -1, &statement, NULL) ==
	            SQLITE_OK;
	if (good) {
		bind_text(statement, 1, path);
		good = sqlite3_step(statement) == SQLITE_DONE;
	}
	if (!good)
		database_error(runfile, "copying", error);
	sqlite3_finalize(statement);
	return good;
}
