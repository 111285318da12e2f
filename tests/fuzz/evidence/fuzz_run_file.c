/* Run files: opened, read and judged. An input that starts as an SQLite database is a run file; of any other, each byte group
 * changes one value of a good one, so that what is damaged is what the run says, not the database's form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/input.h"
#include "report/report.h"
#include "runfile/runfile.h"
#include "tests/fuzz/evidence/sample_run.h"
#include "tests/fuzz/input.h"

#define CHANGE 12 /* table, column, row, how, eight bytes of value */
#define CHANGES_MOST 32

static char *good_run;
static size_t good_length;
static FILE *nowhere;

static void begin(void)
{
	char folder[] = "/tmp/leaklab-fuzz-XXXXXX", path[64];
	struct error error;
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof path, "%s/run", folder);
	make_sample_run(path);
	if (!input_read(path, &good_run, &good_length, &error) ||
	    !(nowhere = fopen("/dev/null", "w")))
		abort();
	unlink(path);
	rmdir(folder);
}

/* ---- changes ---- */

/* The text of the n-th row, counted round, of what the query lists; empty if it lists nothing. */
static void pick(sqlite3 *database, const char *query, unsigned n, char *out, size_t size)
{
	sqlite3_stmt *row = NULL;
	char text[1024];
	*out = '\0';
	snprintf(text, sizeof text,
	    "SELECT * FROM (%s) LIMIT 1 OFFSET %u %% (SELECT count(*) FROM (%s))", query, n, query);
	if (sqlite3_prepare_v2(database, text, -1, &row, NULL) != SQLITE_OK)
		abort();
	if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_text(row, 0))
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
}

static void bind(sqlite3_stmt *statement, uint8_t how, const uint8_t *value)
{
	static const int64_t numbers[] = {0, 1, -1, 2, INT64_MIN, INT64_MAX, INT64_MIN + 1, 65535,
	    65536, INT32_MAX, 999, -62135596800000000, 253402300799999999, 1795253400000000};
	static const char *const texts[] = {"", "whole", "partial", "absent", "cut off", "sessions",
	    "logon_sessions", "handles", "processes", "lab01", "LAB", "DWM-2", "Token", "leaky.exe",
	    "lsass.exe", "memory dump", "timeout", "1e400", "-1", "\xff\xfe<&"};
	int64_t number;
	memcpy(&number, value, sizeof number);
	switch (how % 6) {
	case 0:
		sqlite3_bind_null(statement, 1);
		break;
	case 1:
		sqlite3_bind_int64(statement, 1, number);
		break;
	case 2:
		sqlite3_bind_int64(
		    statement, 1, numbers[value[0] % (sizeof numbers / sizeof numbers[0])]);
		break;
	case 3:
		sqlite3_bind_text(statement, 1, texts[value[0] % (sizeof texts / sizeof texts[0])],
		    -1, SQLITE_STATIC);
		break;
	case 4:
		sqlite3_bind_blob(statement, 1, value, 8, SQLITE_STATIC);
		break;
	default: /* near a time of the run */
		sqlite3_bind_int64(
		    statement, 1, INT64_C(1795253400000000) + (number >> 8) % 4000000000);
	}
}

static void run_sql(sqlite3 *database, const char *text, uint8_t how, const uint8_t *value)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(database, text, -1, &statement, NULL) != SQLITE_OK)
		abort();
	bind(statement, how, value);
	sqlite3_step(statement); /* constraints may refuse it */
	sqlite3_finalize(statement);
}

static void change(sqlite3 *database, const uint8_t *order)
{
	static const char *const settings[] = {"settled", "load.slots", "expect.verdict",
	    "expect.rate", "judge.smallest_rate", "judge.max_failed", "settle.release",
	    "settle.at_least", "started", "finished", "interrupted", "host"};
	char table[64], column[64], text[512];
	const uint8_t how = order[3];
	pick(database,
	    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND"
	    " name NOT LIKE '%_name'",
	    order[0], table, sizeof table);
	if (strcmp(table, "setting") == 0) {
		snprintf(text, sizeof text, "INSERT OR REPLACE INTO setting VALUES ('%s', ?)",
		    settings[order[1] % (sizeof settings / sizeof settings[0])]);
		run_sql(database, text, how, order + 4);
		return;
	}
	if (how >= 0xf0) {
		snprintf(text, sizeof text,
		    "DELETE FROM \"%s\" WHERE rowid = (SELECT rowid FROM \"%s\" LIMIT 1 OFFSET %u)",
		    table, table, order[2]);
		run_sql(database, text, how, order + 4);
		return;
	}
	snprintf(text, sizeof text, "SELECT name FROM pragma_table_info('%s')", table);
	pick(database, text, order[1], column, sizeof column);
	snprintf(text, sizeof text,
	    "UPDATE \"%s\" SET \"%s\" = ? WHERE rowid = (SELECT rowid FROM \"%s\" LIMIT 1 OFFSET %u)",
	    table, column, table, order[2] % 8);
	run_sql(database, text, how, order + 4);
}

/* The good run with the changes; sqlite3_free() it. */
static unsigned char *changed(const uint8_t *bytes, size_t length, sqlite3_int64 *out_length)
{
	sqlite3 *database = NULL;
	unsigned char *copy = sqlite3_malloc64(good_length), *out;
	if (!copy || sqlite3_open(":memory:", &database) != SQLITE_OK)
		abort();
	memcpy(copy, good_run, good_length);
	if (sqlite3_deserialize(database, "main", copy, (sqlite3_int64)good_length,
	        (sqlite3_int64)good_length,
	        SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) != SQLITE_OK)
		abort();
	sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
	for (size_t i = 0; i + CHANGE <= length && i < CHANGE * CHANGES_MOST; i += CHANGE)
		change(database, bytes + i);
	sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
	out = sqlite3_serialize(database, "main", out_length, 0);
	sqlite3_close(database);
	if (!out)
		abort();
	return out;
}

/* ---- use ---- */

static void see_event(void *data, int64_t time, const char *kind, const char *text)
{
	(void)data;
	(void)time;
	(void)kind;
	(void)text;
}

static void read_all(struct runfile *runfile)
{
	struct cycles cycles;
	struct captures captures;
	struct error error;
	if (runfile_cycles(runfile, &cycles, &error))
		cycles_deinit(&cycles);
	runfile_events(runfile, see_event, NULL, &error);
	if (!runfile_captures(runfile, &captures, &error))
		return;
	for (size_t i = 0; i < captures.count && i < 16; i++) {
		struct snapshot *snapshot = runfile_snapshot(
		    runfile, captures.items[i].mark, captures.items[i].round, true, &error);
		char *json = snapshot ? snapshot_to_json(snapshot, &error) : NULL;
		if (snapshot && !json)
			abort();
		free(json);
		snapshot_destroy(snapshot);
	}
	captures_deinit(&captures);
}

static void judge_all(struct runfile *runfile)
{
	struct error error;
	struct verdict *verdict = judge_run(runfile, NULL, &error);
	struct report *report =
	    verdict ? report_create(runfile, "run", verdict, true, &error) : NULL;
	for (size_t i = 0; report && i < renderer_count; i++)
		report_print(renderers[i], report, nowhere, &error);
	report_destroy(report);
	verdict_destroy(verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char magic[] = "SQLite format 3";
	const bool is_file = length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
	struct error error;
	sqlite3_int64 size = (sqlite3_int64)length;
	if (!good_run)
		begin();
	unsigned char *run = is_file ? NULL : changed(bytes, length, &size);
	struct runfile *runfile =
	    runfile_open_bytes(is_file ? bytes : run, (size_t)size, "fuzz", &error);
	if (runfile) {
		read_all(runfile);
		judge_all(runfile);
	}
	runfile_close(runfile);
	sqlite3_free(run);
	return 0;
}
