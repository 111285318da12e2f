/* Knows where a run file has times, and between which they are: others cannot be calculated with. */
#include <inttypes.h>
#include <stdio.h>

#include "runfile/database.h"
#include "runfile/records.h"

static const struct {
	const char *table, *column;
} times[] = {
    {"cycle", "scheduled"},
    {"cycle", "started"},
    {"cycle", "logged_on"},
    {"cycle", "ended"},
    {"reconnect", "started"},
    {"reconnect", "logged_on"},
    {"capture", "started"},
    {"capture", "ended"},
    {"event", "time"},
};

static bool check(
    struct runfile *runfile, const char *table, const char *column, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	char text[160];
	snprintf(text, sizeof text,
	    "SELECT rowid FROM %s WHERE %s < %" PRId64 " OR %s > %" PRId64 " LIMIT 1", table,
	    column, TIMESTAMP_EARLIEST, column, TIMESTAMP_LATEST);
	if (sqlite3_prepare_v2(runfile->database, text, -1, &statement, NULL) != SQLITE_OK)
		return database_error(runfile, "opening", error);
	int result = sqlite3_step(statement);
	bool good = result == SQLITE_DONE;
	if (result == SQLITE_ROW)
		error_set(error, EXIT_USAGE,
		    "%s: table %s, row %lld: %s is not a time between the years 1 and 9999: the file was "
		    "damaged or changed by hand; record the run again, or use a copy",
		    runfile->path, table, (long long)sqlite3_column_int64(statement, 0), column);
	else if (!good)
		database_error(runfile, "opening", error);
	sqlite3_finalize(statement);
	return good;
}

struct checking {
	struct runfile *runfile;
	struct error *error;
};

static bool check_field(void *data, const struct record *record, const struct field *field)
{
	struct checking *checking = data;
	return field->kind != FIELD_TIME ||
	       check(checking->runfile, record->name, field->name, checking->error);
}

bool database_check_times(struct runfile *runfile, struct error *error)
{
	struct checking checking = {runfile, error};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		if (database_has(runfile, times[i].table, times[i].column) &&
		    !check(runfile, times[i].table, times[i].column, error))
			return false;
	}
	return records_each(runfile, check_field, &checking);
}
