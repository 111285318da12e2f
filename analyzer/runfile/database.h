/* The SQLite side of a run file: statements kept open, and errors in words. Inside this folder. */
#ifndef LEAKLAB_DATABASE_H
#define LEAKLAB_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/error.h"

struct intern;

#define RUNFILE_APPLICATION_ID 0x4c4b4c42 /* "LKLB" */

/* Every statement that is run more than once; see statements.c. */
enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_SAVE,
	STATEMENT_RELEASE,
	STATEMENT_ROLL_BACK_TO_SAVED,
	STATEMENT_SET,
	STATEMENT_GET,
	STATEMENT_SETTINGS,
	STATEMENT_PUT_CYCLE,
	STATEMENT_CYCLES,
	STATEMENT_ADD_RECONNECT,
	STATEMENT_RECONNECTS,
	STATEMENT_ADD_WATCHED,
	STATEMENT_WATCHED,
	STATEMENT_ADD_COMMAND,
	STATEMENT_COMMANDS,
	STATEMENT_ADD_CAPTURE,
	STATEMENT_CAPTURES,
	STATEMENT_MARK_SETTLED,
	STATEMENT_LOSE_RUNNING,
	STATEMENT_UNSETTLE,
	STATEMENT_FORGET_END,
	STATEMENT_ADD_EVENT,
	STATEMENT_EVENTS,
	STATEMENT_CAPTURES_OF_MOMENT,
	STATEMENT_SIGHTINGS,
	STATEMENT_ADD_CONTROL,
	STATEMENT_CONTROLS,
	STATEMENT_HOLDINGS,
	STATEMENT_PROCESS_COUNTS,
	STATEMENT_HOSTS,
	STATEMENT_HANDLE_ROWS,
	STATEMENT_TOKEN_HOLDINGS,
	STATEMENT_OUTPUT,
	STATEMENT_ADD_CONTENT,
	STATEMENT_FIND_CONTENT,
	STATEMENT_CONTENT_SIZE,
	STATEMENT_COUNT,
};
extern const char *const statement_texts[STATEMENT_COUNT];

/* The text of the schema, except for the tables and views of records. */
extern const char runfile_schema[]; /* schema.sql */

struct runfile {
	sqlite3 *database;
	char *path;
	int64_t schema;
	size_t outputs_max;                        /* RUNFILE_OUTPUTS_MAX, but for tests */
	int lock;                                  /* of a writer; -1: none */
	bool was_finished;                         /* before it was gone on with */
	sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared at their first use */
	struct record_statements *records;         /* see records.c */
	size_t record_count;
};

/* The steps of opening: a run file that is not open yet, its database (flags as sqlite3_open_v2()), and whether it is ours. */
struct runfile *database_allocate(const char *path, struct error *error);
bool database_open(struct runfile *runfile, int flags, struct error *error);
bool database_check_file(const char *path, struct error *error);
/* Locks the file as its writer, by a descriptor of it, which becomes the run file's. */
bool database_lock(struct runfile *runfile, int fd, struct error *error);
/* What is written from here on is durable against a kill of the process. */
bool database_begin_journal(struct runfile *runfile, struct error *error);
bool database_check_schema(struct runfile *runfile, struct error *error);
/* Whether its times are such that they can be subtracted; tells the table and the row if not. */
bool database_check_times(struct runfile *runfile, struct error *error);

/* Sets the error from SQLite's last result: disk full, locked, damaged in words. Returns false. */
bool database_error(struct runfile *runfile, const char *doing, struct error *error);

/* The statement, reset and with nothing bound. NULL with an error set. */
sqlite3_stmt *database_statement(
    struct runfile *runfile, enum statement statement, struct error *error);
/* Runs a statement that returns no rows. */
bool database_run(
    struct runfile *runfile, sqlite3_stmt *statement, const char *doing, struct error *error);
/* Runs a statement that needs no values. */
bool database_execute(
    struct runfile *runfile, enum statement statement, const char *doing, struct error *error);
/* SQL in itself. doing: for the error. */
bool database_run_text(
    struct runfile *runfile, const char *text, const char *doing, struct error *error);
/* All, those of records, too. In opening.c. */
void database_finalize_statements(struct runfile *runfile);

/* Tables and columns may come within a schema. */
bool database_has(struct runfile *runfile, const char *table, const char *column);

/* Binding by position; NULL text and unknown numbers become NULL. Text must live until the statement is run. */
void bind_number(sqlite3_stmt *statement, int position, int64_t number);
void bind_text(sqlite3_stmt *statement, int position, const char *text);

/* The column of this name; -1: there is none, which counts as NULL below. */
int database_column(sqlite3_stmt *statement, const char *name);
int64_t column_number(sqlite3_stmt *statement, int column);
/* A copy in the pool, NULL for NULL. Clears *good when memory is out. */
const char *column_text(sqlite3_stmt *statement, int column, struct intern *intern, bool *good);

#endif
