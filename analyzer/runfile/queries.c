/* Questions to all snapshots of a run at once, and one moment of it. */
#include <stdlib.h>
#include <string.h>

#include "readers/reader.h"
#include "runfile/database.h"
#include "runfile/records.h"
#include "runfile/runfile.h"

bool runfile_sightings(struct runfile *runfile,
    void (*visit)(void *data, const struct sighting *sighting), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_SIGHTINGS, error);
	if (!row)
		return false;
	bind_number(row, 1, MARK_BEFORE);
	int result;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		struct sighting sighting = {
		    .user = (const char *)sqlite3_column_text(row, 0),
		    .domain = (const char *)sqlite3_column_text(row, 1),
		    .session_id = column_number(row, 2),
		    .time = column_number(row, 3),
		};
		visit(data, &sighting);
	}
	bool good = result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading who was seen on the host", error);
	sqlite3_reset(row);
	return good;
}

static bool visit_holdings(struct runfile *runfile, enum statement which,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, which, error);
	if (!row)
		return false;
	int result;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		struct holding holding = {
		    .capture = sqlite3_column_int64(row, 0),
		    .pid = column_number(row, 1),
		    .image = (const char *)sqlite3_column_text(row, 2),
		    .type = (const char *)sqlite3_column_text(row, 3),
		    .user = (const char *)sqlite3_column_text(row, 4),
		    .domain = (const char *)sqlite3_column_text(row, 5),
		    .count = column_number(row, 6),
		    .luid = sqlite3_column_type(row, 7) == SQLITE_NULL
		                ? LUID_UNKNOWN
		                : (uint64_t)sqlite3_column_int64(row, 7),
		};
		visit(data, &holding);
	}
	bool good = result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading the handles of the samples", error);
	sqlite3_reset(row);
	return good;
}

bool runfile_holdings(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	return visit_holdings(runfile, STATEMENT_HOLDINGS, visit, data, error);
}

bool runfile_process_counts(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	return visit_holdings(runfile, STATEMENT_PROCESS_COUNTS, visit, data, error);
}

bool runfile_token_holdings(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	return visit_holdings(runfile, STATEMENT_TOKEN_HOLDINGS, visit, data, error);
}

bool runfile_hosts(struct runfile *runfile,
    void (*visit)(void *data, const struct snapshot *header), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_HOSTS, error);
	if (!row)
		return false;
	int result = SQLITE_DONE;
	bool good = true;
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		struct snapshot *header = NULL;
		good = records_read(
		    runfile, sqlite3_column_int64(row, 0), RECORDS_HEADER, &header, error);
		if (header)
			visit(data, header);
		snapshot_destroy(header);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading what the samples say of the host", error);
	sqlite3_reset(row);
	return good;
}

/* ---- one moment ---- */

struct raw_text {
	const char *observer;
	struct snapshot *snapshot;
};

static void read_raw(void *data, const char *bytes, size_t length)
{
	struct raw_text *raw = data;
	raw->snapshot = evidence_read(bytes, length, raw->observer, NULL, NULL);
}

/* Schema 2 kept rows, but not how much of each section was seen: what the observer printed tells it still. Rows without that
 * text have no sight, and so prove no absence. */
static bool read_old(struct runfile *runfile, int64_t capture, const char *observer,
    enum records_wanted wanted, struct snapshot **out, struct error *error)
{
	struct raw_text raw = {observer ? observer : "observer", NULL};
	if (!records_read(runfile, capture, wanted, out, error))
		return false;
	if (!*out || wanted == RECORDS_HEADER)
		return true;
	if (!runfile_output(runfile, capture, read_raw, &raw, error)) {
		snapshot_destroy(*out);
		*out = NULL;
		return false;
	}
	if (!raw.snapshot)
		return true;
	snapshot_destroy(*out);
	*out = raw.snapshot;
	return true;
}

static bool read_capture(struct runfile *runfile, sqlite3_stmt *row, enum records_wanted wanted,
    struct snapshot **out, struct error *error)
{
	const int64_t capture = sqlite3_column_int64(row, 0);
	return runfile->schema < RUNFILE_SCHEMA_SIGHT
	           ? read_old(runfile, capture, (const char *)sqlite3_column_text(row, 1), wanted,
	                 out, error)
	           : records_read(runfile, capture, wanted, out, error);
}

int64_t runfile_handle_rows(struct runfile *runfile, struct error *error)
{
	int64_t rows = -1;
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_HANDLE_ROWS, error);
	if (!row)
		return -1;
	if (sqlite3_step(row) == SQLITE_ROW)
		rows = sqlite3_column_int64(row, 0);
	else
		database_error(runfile, "counting handles", error);
	sqlite3_reset(row);
	return rows;
}

struct snapshot *runfile_snapshot(
    struct runfile *runfile, enum mark mark, int64_t round, bool handles, struct error *error)
{
	const enum records_wanted wanted = handles ? RECORDS_ALL : RECORDS_WITHOUT_HANDLES;
	struct snapshot *merged = NULL;
	bool good = true;
	int result = SQLITE_DONE;
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_CAPTURES_OF_MOMENT, error);
	if (!row)
		return NULL;
	bind_number(row, 1, mark);
	bind_number(row, 2, round);
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		struct snapshot *one = NULL;
		good = read_capture(runfile, row, wanted, &one, error);
		if (!merged) {
			merged = one;
			continue;
		}
		good = good && (!one || snapshot_merge(merged, one, false, error));
		snapshot_destroy(one);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading a snapshot", error);
	else if (good && !merged)
		good = error_set(error, EXIT_USAGE, "the run has no sample \"%s\" %lld",
		    mark_names[mark], (long long)round);
	sqlite3_reset(row);
	if (good)
		return merged;
	snapshot_destroy(merged);
	return NULL;
}
