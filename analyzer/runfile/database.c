/* What SQLite's result codes mean for somebody with a run file, and the statements' life. */
#include "runfile/database.h"

#include <string.h>

#include "common/intern.h"
#include "evidence/snapshot.h"
#include "runfile/records.h"

bool database_error(struct runfile *runfile, const char *doing, struct error *error)
{
	const char *path = runfile->path;
	int code = sqlite3_extended_errcode(runfile->database);
	if (code == SQLITE_IOERR_SHORT_READ)
		code = SQLITE_CORRUPT;
	switch (code & 0xff) {
	case SQLITE_FULL:
		return error_set(error, EXIT_TARGET,
		    "%s: %s: the disk is full; what was finished before is kept. Make room and "
		    "go on with leaklab run --resume",
		    path, doing);
	case SQLITE_IOERR:
		return error_set(error, EXIT_TARGET,
		    "%s: %s: reading or writing failed (%s); is the disk full, or did the file's "
		    "folder go away?",
		    path, doing, sqlite3_errmsg(runfile->database));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(error, EXIT_TARGET,
		    "%s: %s: another program has the run file locked; wait for it, or end it", path,
		    doing);
	case SQLITE_CORRUPT:
		return error_set(error, EXIT_TARGET,
		    "%s: %s: the run file is damaged (%s); was it copied while it was being "
		    "written, or cut short?",
		    path, doing, sqlite3_errmsg(runfile->database));
	case SQLITE_NOTADB:
		return error_set(
		    error, EXIT_USAGE, "%s: not a run file (not an SQLite database)", path);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return error_set(error, EXIT_TARGET,
		    "%s: %s: no permission (%s). The run was not finished, so its journal (%s-wal) "
		    "is needed, too: copy "
		    "both to a folder that can be written",
		    path, doing, sqlite3_errmsg(runfile->database), path);
	default:
		return error_set(error, EXIT_TARGET, "%s: %s: %s", path, doing,
		    sqlite3_errmsg(runfile->database));
	}
}

sqlite3_stmt *database_statement(
    struct runfile *runfile, enum statement statement, struct error *error)
{
	sqlite3_stmt **kept = &runfile->statements[statement];
	if (!*kept) {
		if (sqlite3_prepare_v3(runfile->database, statement_texts[statement], -1,
		        SQLITE_PREPARE_PERSISTENT, kept, NULL) != SQLITE_OK) {
			database_error(runfile, "preparing a statement", error);
			return NULL;
		}
		return *kept;
	}
	sqlite3_reset(*kept);
	sqlite3_clear_bindings(*kept);
	return *kept;
}

bool database_run(
    struct runfile *runfile, sqlite3_stmt *statement, const char *doing, struct error *error)
{
	int result = sqlite3_step(statement);
	bool good = result == SQLITE_DONE || result == SQLITE_ROW;
	if (!good)
		database_error(runfile, doing, error);
	sqlite3_reset(statement);
	return good;
}

bool database_execute(
    struct runfile *runfile, enum statement statement, const char *doing, struct error *error)
{
	sqlite3_stmt *prepared = database_statement(runfile, statement, error);
	return prepared && database_run(runfile, prepared, doing, error);
}

void bind_number(sqlite3_stmt *statement, int position, int64_t number)
{
	if (number != NUMBER_UNKNOWN)
		sqlite3_bind_int64(statement, position, number);
}

void bind_text(sqlite3_stmt *statement, int position, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, position, text, -1, SQLITE_STATIC);
}

bool database_has(struct runfile *runfile, const char *table, const char *column)
{
	return sqlite3_table_column_metadata(runfile->database, NULL, table, column, NULL, NULL,
	           NULL, NULL, NULL) == SQLITE_OK;
}

int database_column(sqlite3_stmt *statement, const char *name)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		if (strcmp(sqlite3_column_name(statement, i), name) == 0)
			return i;
	}
	return -1;
}

int64_t column_number(sqlite3_stmt *statement, int column)
{
	if (column < 0 || sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NUMBER_UNKNOWN;
	return sqlite3_column_int64(statement, column);
}

const char *column_text(sqlite3_stmt *statement, int column, struct intern *intern, bool *good)
{
	if (column < 0)
		return NULL;
	const char *text = (const char *)sqlite3_column_text(statement, column);
	if (!text) {
		if (sqlite3_column_type(statement, column) != SQLITE_NULL)
			*good = false;
		return NULL;
	}
	const char *copy =
	    intern_string(intern, text, (size_t)sqlite3_column_bytes(statement, column));
	if (!copy)
		*good = false;
	return copy;
}
