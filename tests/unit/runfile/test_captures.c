#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/input.h"
#include "runfile/database.h"
#include "runfile/runfile.h"

static const char whole[] =
    "{\"schema\":\"leaklab.snapshot/"
    "1\",\"source\":\"leaklab-probe\",\"host\":\"RDS01\",\"build\":\"10.0.20348\","
    "\"boot_time\":\"2026-11-20T06:00:00Z\",\"time\":\"2026-11-21T09:30:00Z\",\"leak_tracking\":"
    "false,"
    "\"sessions\":[{\"id\":2,\"user\":\"lab01\"}],"
    "\"logon_sessions\":[{\"luid\":\"80000000:000fd2f5\",\"user\":\"lab01\",\"logon_time\":\"2026-"
    "11-21T09:29:00Z\"}],"
    "\"handles\":[{\"pid\":5124,\"image\":\"leaker.exe\",\"type\":\"Token\",\"luid\":\"80000000:"
    "000fd2f5\"},{\"pid\":4}],"
    "\"processes\":[{\"pid\":4,\"image\":\"System\"}],"
    "\"unavailable\":[{\"what\":\"token_ids\",\"why\":\"not asked for\"}]}";

static struct snapshot *read_text(const char *text)
{
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), NULL);
	assert_non_null(snapshot);
	return snapshot;
}

static int64_t add(struct runfile *runfile, enum mark mark, int64_t round, const char *text)
{
	struct snapshot *snapshot = text ? read_text(text) : NULL;
	struct capture capture = {.mark = mark,
	    .round = round,
	    .observer = "probe",
	    .command = "ssh rds01 probe",
	    .started = 1000 * round,
	    .ended = 1000 * round + 5,
	    .exit_status = NUMBER_UNKNOWN,
	    .output = "raw\0bytes",
	    .output_length = 9,
	    .messages = "warning",
	    .problem = text ? NULL : "timed out"};
	struct error error = {0};
	bool good = runfile_add_capture(runfile, &capture, snapshot, &error);
	if (!good)
		print_error("%s\n", error.text);
	assert_true(good);
	snapshot_destroy(snapshot);
	return capture.id;
}

static struct runfile *create(const char *directory)
{
	struct runfile *runfile = runfile_create(unit_path(directory, "a.leaklab"), NULL);
	assert_non_null(runfile);
	return runfile;
}

static void a_snapshot_is_read_as_written(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	add(runfile, MARK_BEFORE, 1, whole);
	struct snapshot *written = read_text(whole);
	struct snapshot *read = runfile_snapshot(runfile, MARK_BEFORE, 1, true, NULL);
	assert_non_null(read);
	char *expected = snapshot_to_json(written, NULL), *seen = snapshot_to_json(read, NULL);
	assert_string_equal(seen, expected);
	free(expected);
	free(seen);
	snapshot_destroy(written);
	snapshot_destroy(read);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void a_list_that_was_cut_off_stays_so(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	add(runfile, MARK_SETTLED, 1,
	    "{\"schema\":\"leaklab.snapshot/1\",\"sessions\":[],\"logon_sessions\":[],\"handles\":[],"
	    "\"processes\":[],\"logon_sessions_cut\":true}");
	struct snapshot *read = runfile_snapshot(runfile, MARK_SETTLED, 1, true, NULL);
	assert_non_null(read);
	assert_int_equal(snapshot_extent(read, SECTION_LOGON_SESSIONS), EXTENT_CUT_OFF);
	assert_int_equal(snapshot_extent(read, SECTION_SESSIONS), EXTENT_WHOLE);
	snapshot_destroy(read);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void captures_of_one_moment_are_merged(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	add(runfile, MARK_AFTER, 1,
	    "{\"schema\":\"leaklab.snapshot/1\",\"sessions\":[{\"id\":2}]}");
	add(runfile, MARK_AFTER, 1,
	    "{\"schema\":\"leaklab.snapshot/1\",\"handles\":[{\"pid\":4}]}");
	add(runfile, MARK_AFTER, 1, NULL);
	struct snapshot *merged = runfile_snapshot(runfile, MARK_AFTER, 1, true, NULL);
	assert_non_null(merged);
	assert_true(snapshot_has(merged, "sessions"));
	assert_true(snapshot_has(merged, "handles"));
	assert_false(snapshot_has(merged, "logon_sessions"));
	snapshot_destroy(merged);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void a_moment_without_a_snapshot_is_an_error(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	struct error error = {0};
	add(runfile, MARK_BEFORE, 1, NULL);
	assert_null(runfile_snapshot(runfile, MARK_BEFORE, 1, true, &error));
	assert_contains(error.text, "no sample \"before\" 1");
	runfile_close(runfile);
	unit_remove_directory(directory);
}

struct seen {
	char *bytes;
	size_t length;
};

static void see(void *data, const char *bytes, size_t length)
{
	struct seen *seen = data;
	seen->bytes = malloc(length + 1);
	memcpy(seen->bytes, bytes, length);
	seen->length = length;
}

static struct capture add_output(struct runfile *runfile, const char *output, size_t length)
{
	struct capture capture = {.mark = MARK_DURING,
	    .round = 1,
	    .observer = "probe",
	    .exit_status = NUMBER_UNKNOWN,
	    .output = output,
	    .output_length = length,
	    .problem = "nothing was read"};
	assert_true(runfile_add_capture(runfile, &capture, NULL, NULL));
	return capture;
}

static void assert_output(struct runfile *runfile, int64_t id, const char *output, size_t length)
{
	struct seen seen = {0};
	assert_true(runfile_output(runfile, id, see, &seen, NULL));
	assert_int_equal(seen.length, length);
	assert_memory_equal(seen.bytes, output, length);
	free(seen.bytes);
}

static int64_t contents(struct runfile *runfile, const char *what)
{
	char text[64];
	sqlite3_stmt *row;
	snprintf(text, sizeof text, "SELECT %s FROM content", what);
	assert_int_equal(sqlite3_prepare_v2(runfile->database, text, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	const int64_t number = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return number;
}

static void outputs_are_kept_packed_and_once(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	char *listing = malloc(1000000);
	for (size_t i = 0; i < 1000000; i++)
		listing[i] = "lsass.exe pid: 712\n"[i % 19];
	const struct capture first = add_output(runfile, listing, 1000000),
	                     again = add_output(runfile, listing, 1000000),
	                     tiny = add_output(runfile, "x", 1), none = add_output(runfile, "", 0);
	assert_int_equal(contents(runfile, "count(*)"), 3);
	assert_in_range(contents(runfile, "sum(length(bytes))"), 2, 20000);
	assert_output(runfile, first.id, listing, 1000000);
	assert_output(runfile, again.id, listing, 1000000);
	assert_output(runfile, tiny.id, "x", 1);
	assert_false(first.output_left_out || again.output_left_out || none.output_left_out);
	free(listing);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void outputs_beyond_the_limit_are_left_out_and_told(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	struct captures captures;
	runfile->outputs_max = 10;
	assert_false(add_output(runfile, "12345678", 8).output_left_out);
	assert_true(add_output(runfile, "abc", 3).output_left_out);
	assert_false(add_output(runfile, "12345678", 8).output_left_out); /* it is there already */
	assert_false(add_output(runfile, "ab", 2).output_left_out);
	assert_true(runfile_captures(runfile, &captures, NULL));
	assert_int_equal(captures.items[1].output_length, 3);
	captures_deinit(&captures);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void captures_are_listed_without_their_output(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	int64_t first = add(runfile, MARK_BEFORE, 1, whole);
	int64_t second = add(runfile, MARK_SETTLING, 2, NULL);
	assert_int_not_equal(first, second);
	assert_true(runfile_mark_settled(runfile, 2, NULL));
	struct captures captures;
	assert_true(runfile_captures(runfile, &captures, NULL));
	assert_int_equal(captures.count, 2);
	assert_int_equal(captures.items[0].mark, MARK_BEFORE);
	assert_null(captures.items[0].output);
	assert_int_equal(captures.items[0].output_length, 9);
	assert_int_equal(captures.items[0].exit_status, NUMBER_UNKNOWN);
	assert_int_not_equal(captures.items[0].time, TIMESTAMP_UNKNOWN);
	assert_int_equal(captures.items[1].time, TIMESTAMP_UNKNOWN);
	assert_int_equal(captures.items[1].mark, MARK_SETTLED);
	assert_string_equal(captures.items[1].problem, "timed out");
	captures_deinit(&captures);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void assert_row(const char *path, const char *sql, const char *expected)
{
	sqlite3 *database;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	const char *seen = (const char *)sqlite3_column_text(statement, 0);
	assert_string_equal(seen ? seen : "NULL", expected);
	sqlite3_finalize(statement);
	sqlite3_close(database);
}

static void the_views_speak_the_users_words(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	struct cycle cycle = {.number = 1,
	    .user = "lab01",
	    .started = 1500000,
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .result = CYCLE_LOGGED_OFF,
	    .session_id = 2,
	    .phase_us = {1500}};
	assert_true(runfile_put_cycle(runfile, &cycle, NULL));
	add(runfile, MARK_SETTLED, 1, whole);
	assert_true(runfile_finish(runfile, NULL));
	runfile_close(runfile);
	const char *path = unit_path(directory, "a.leaklab");
	assert_row(path, "SELECT result || ' ' || tcp_ms || ' ' || started FROM cycles",
	    "logged-off 1.5 1970-01-01T00:00:01.500000Z");
	assert_row(path, "SELECT logged_on FROM cycles", "NULL");
	assert_row(path, "SELECT logoff_ms FROM cycles", "0.0");
	assert_row(path, "SELECT mark || ' ' || round || ' ' || luid FROM handles WHERE pid = 5124",
	    "settled 1 80000000:000fd2f5");
	assert_row(path, "SELECT luid FROM handles WHERE pid = 4", "NULL");
	assert_row(path, "SELECT mark || ' ' || user || ' ' || time FROM sessions",
	    "settled lab01 2026-11-21T09:30:00.000000Z");
	assert_row(path, "SELECT host || ' ' || observer || ' ' || boot_time FROM snapshots",
	    "RDS01 probe 2026-11-20T06:00:00.000000Z");
	assert_row(path, "SELECT elevated FROM snapshots", "NULL");
	unit_remove_directory(directory);
}

static void the_words_in_the_views_are_those_in_the_code(void **state)
{
	(void)state;
	char *directory = unit_directory();
	runfile_close(create(directory));
	sqlite3 *database;
	assert_int_equal(sqlite3_open(unit_path(directory, "a.leaklab"), &database), SQLITE_OK);
	for (int i = 0; i < CYCLE_RESULT_COUNT + MARK_COUNT; i++) {
		bool is_mark = i >= CYCLE_RESULT_COUNT;
		int number = is_mark ? i - CYCLE_RESULT_COUNT : i;
		sqlite3_stmt *statement;
		assert_int_equal(sqlite3_prepare_v2(database,
		                     is_mark ? "SELECT name FROM mark_name WHERE mark = ?"
		                             : "SELECT name FROM result_name WHERE result = ?",
		                     -1, &statement, NULL),
		    SQLITE_OK);
		sqlite3_bind_int(statement, 1, number);
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(statement, 0),
		    is_mark ? mark_names[number] : cycle_result_names[number]);
		sqlite3_finalize(statement);
	}
	sqlite3_close(database);
	unit_remove_directory(directory);
}

/* An editor that puts "x" for every text. */
static bool learn_nothing(void *data, enum runfile_text what, const char *bytes, size_t length)
{
	size_t *learnt = data;
	(void)what;
	(void)bytes;
	(void)length;
	++*learnt;
	return true;
}

static char *edit_all(void *data, enum runfile_text what, const char *bytes, size_t *length)
{
	(void)data;
	(void)what;
	(void)bytes;
	*length = 1;
	return strdup("x");
}

static char *edit_fails(void *data, enum runfile_text what, const char *bytes, size_t *length)
{
	(void)data;
	(void)what;
	(void)bytes;
	(void)length;
	return NULL;
}

/* True if the file has the text anywhere, in free pages, too. */
static bool file_has(const char *path, const char *text)
{
	char *bytes;
	size_t length;
	assert_true(input_read(path, &bytes, &length, NULL));
	const bool found = memmem(bytes, length, text, strlen(text));
	free(bytes);
	return found;
}

static void nothing_of_what_was_edited_stays_in_the_file(void **state)
{
	char *directory = unit_directory();
	struct runfile *runfile = create(directory);
	size_t learnt = 0;
	const struct runfile_editor editor = {learn_nothing, edit_all, &learnt},
	                            failing = {learn_nothing, edit_fails, &learnt};
	struct error error;
	(void)state;
	add(runfile, MARK_BEFORE, 1, whole);
	char *copy = strdup(unit_path(directory, "copy.leaklab"));
	assert_true(runfile_copy(runfile, copy, &error));
	runfile_close(runfile);
	assert_true(file_has(copy, "lab01"));
	assert_false(runfile_edit(copy, &failing, &error));
	assert_true(file_has(copy, "lab01"));
	assert_true(runfile_learn(copy, &editor, &error));
	assert_true(learnt > 0);
	assert_true(runfile_edit(copy, &editor, &error));
	assert_false(file_has(copy, "lab01"));
	assert_false(file_has(copy, "RDS01"));
	assert_row(copy, "SELECT user FROM sessions", "x");
	free(copy);
	unit_remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_snapshot_is_read_as_written),
	    unit_test(a_list_that_was_cut_off_stays_so),
	    unit_test(captures_of_one_moment_are_merged),
	    unit_test(a_moment_without_a_snapshot_is_an_error),
	    unit_test(outputs_are_kept_packed_and_once),
	    unit_test(outputs_beyond_the_limit_are_left_out_and_told),
	    unit_test(captures_are_listed_without_their_output),
	    unit_test(the_views_speak_the_users_words),
	    unit_test(the_words_in_the_views_are_those_in_the_code),
	    unit_test(nothing_of_what_was_edited_stays_in_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
