#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "runfile/runfile.h"

static struct runfile *create(const char *path)
{
	struct error error = {0};
	struct runfile *runfile = runfile_create(path, &error);
	if (!runfile)
		print_error("%s\n", error.text);
	assert_non_null(runfile);
	return runfile;
}

static struct cycle a_cycle(int64_t number)
{
	struct cycle cycle = {.number = number,
	    .slot = 1,
	    .worker = 0,
	    .user = "lab01",
	    .domain = "LAB",
	    .scheduled = 1000,
	    .started = 2000,
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .ended = 9000,
	    .session_id = NUMBER_UNKNOWN,
	    .result = CYCLE_FAILED,
	    .failed_phase = phase_names[PHASE_NLA],
	    .code = "LOGON_FAILURE",
	    .error_info = NUMBER_UNKNOWN};
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		cycle.phase_us[phase] = phase < PHASE_NLA ? 1500 : NUMBER_UNKNOWN;
	return cycle;
}

static void assert_open_fails(const char *path, const char *why)
{
	struct error error = {0};
	assert_null(runfile_open(path, &error));
	assert_contains(error.text, why);
	assert_contains(error.text, path);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *database;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static void cycles_and_settings_are_read_as_written(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(unit_path(directory, "a.leaklab"));
	struct cycle cycle = a_cycle(1);
	cycle.result = CYCLE_RUNNING;
	assert_true(runfile_put_cycle(runfile, &cycle, NULL));
	cycle = a_cycle(1);
	assert_true(runfile_put_cycle(runfile, &cycle, NULL));
	assert_true(runfile_set(runfile, "host", "rds01", NULL));
	assert_true(runfile_set(runfile, "host", "rds02", NULL));
	struct cycles cycles;
	assert_true(runfile_cycles(runfile, &cycles, NULL));
	assert_int_equal(cycles.count, 1);
	assert_int_equal(cycles.items[0].result, CYCLE_FAILED);
	assert_int_equal(cycles.items[0].logged_on, TIMESTAMP_UNKNOWN);
	assert_int_equal(cycles.items[0].phase_us[PHASE_TCP], 1500);
	assert_int_equal(cycles.items[0].phase_us[PHASE_NLA], NUMBER_UNKNOWN);
	assert_string_equal(cycles.items[0].code, "LOGON_FAILURE");
	assert_null(cycles.items[0].message);
	cycles_deinit(&cycles);
	char *host = runfile_get(runfile, "host");
	assert_string_equal(host, "rds02");
	free(host);
	assert_null(runfile_get(runfile, "nothing"));
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void a_file_that_exists_is_left_alone(void **state)
{
	(void)state;
	char *directory = unit_directory();
	const char *path = unit_path(directory, "a.leaklab");
	unit_write_file(path, "precious", 8);
	struct error error = {0};
	assert_null(runfile_create(path, &error));
	assert_contains(error.text, "-o");
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 8);
	unit_remove_directory(directory);
}

static void the_file_is_private_and_one_file_when_finished(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(unit_path(directory, "a.leaklab"));
	struct cycle cycle = a_cycle(1);
	assert_true(runfile_put_cycle(runfile, &cycle, NULL));
	assert_int_equal(access(unit_path(directory, "a.leaklab-wal"), F_OK), 0);
	assert_true(runfile_finish(runfile, NULL));
	assert_int_not_equal(access(unit_path(directory, "a.leaklab-wal"), F_OK), 0);
	runfile_close(runfile);
	struct stat status;
	assert_int_equal(stat(unit_path(directory, "a.leaklab"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	unit_remove_directory(directory);
}

static void note_journal(void *data, int64_t time, const char *kind, const char *text)
{
	(void)time;
	if (strcmp(kind, "journal-kept") == 0) {
		assert_contains(text, "a.leaklab-wal");
		*(bool *)data = true;
	}
}

static void a_reader_does_not_keep_a_run_from_being_finished(void **state)
{
	(void)state;
	char *directory = unit_directory();
	const char *path = unit_path(directory, "a.leaklab");
	struct runfile *runfile = create(path);
	assert_true(runfile_set(runfile, "host", "rds01", NULL));
	struct runfile *reader = runfile_open(path, NULL);
	assert_non_null(reader);
	assert_true(runfile_finish(runfile, NULL));
	char *host = runfile_get(runfile, "host");
	assert_string_equal(host, "rds01");
	free(host);
	bool noted = false;
	assert_true(runfile_events(runfile, note_journal, &noted, NULL));
	assert_true(noted);
	runfile_close(reader);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void a_killed_writer_loses_nothing_that_was_put(void **state)
{
	(void)state;
	char *directory = unit_directory();
	pid_t child = fork();
	if (child == 0) {
		struct runfile *runfile = runfile_create(unit_path(directory, "a.leaklab"), NULL);
		for (int64_t i = 1; i <= 50; i++) {
			struct cycle cycle = a_cycle(i);
			if (!runfile || !runfile_put_cycle(runfile, &cycle, NULL))
				_exit(1);
		}
		kill(getpid(), SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	struct runfile *runfile = runfile_open(unit_path(directory, "a.leaklab"), NULL);
	assert_non_null(runfile);
	struct cycles cycles;
	assert_true(runfile_cycles(runfile, &cycles, NULL));
	assert_int_equal(cycles.count, 50);
	cycles_deinit(&cycles);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void a_growing_file_can_be_read(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *writer = create(unit_path(directory, "a.leaklab"));
	struct runfile *reader = runfile_open(unit_path(directory, "a.leaklab"), NULL);
	assert_non_null(reader);
	struct cycle cycle = a_cycle(1);
	assert_true(runfile_put_cycle(writer, &cycle, NULL));
	struct cycles cycles;
	assert_true(runfile_cycles(reader, &cycles, NULL));
	assert_int_equal(cycles.count, 1);
	cycles_deinit(&cycles);
	runfile_close(reader);
	runfile_close(writer);
	unit_remove_directory(directory);
}

static void what_is_no_run_file_is_told_apart(void **state)
{
	(void)state;
	char *directory = unit_directory();
	const char *path = unit_path(directory, "x");
	assert_open_fails(path, "No such file");
	assert_open_fails(directory, "not a regular file");
	unit_write_file(path, "", 0);
	assert_open_fails(path, "the file is empty");
	unit_write_file(path, "{\"schema\":\"leaklab.snapshot/1\"}", 31);
	assert_open_fails(path, "not a run file");
	unlink(path);
	execute(path, "CREATE TABLE a (b); DROP TABLE a;");
	assert_open_fails(path, "the database is empty");
	execute(path, "CREATE TABLE a (b);");
	assert_open_fails(path, "another application");
	execute(path, "PRAGMA application_id = 1280003138; PRAGMA user_version = 99;");
	assert_open_fails(path, "newer leaklab (schema 99");
	execute(path, "PRAGMA user_version = 1;");
	assert_open_fails(path, "older leaklab (schema 1");
	unit_remove_directory(directory);
}

static void a_file_cut_short_is_damaged(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(unit_path(directory, "a.leaklab"));
	for (int64_t i = 1; i <= 500; i++) {
		struct cycle cycle = a_cycle(i);
		assert_true(runfile_put_cycle(runfile, &cycle, NULL));
	}
	assert_true(runfile_finish(runfile, NULL));
	runfile_close(runfile);
	assert_int_equal(truncate(unit_path(directory, "a.leaklab"), 8192), 0);
	assert_open_fails(unit_path(directory, "a.leaklab"), "damaged");
	unit_remove_directory(directory);
}

static void a_locked_file_is_said_to_be_locked(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(unit_path(directory, "a.leaklab"));
	assert_true(runfile_finish(runfile, NULL));
	runfile_close(runfile);
	sqlite3 *other;
	assert_int_equal(sqlite3_open(unit_path(directory, "a.leaklab"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_open_fails(unit_path(directory, "a.leaklab"), "locked");
	sqlite3_close(other);
	unit_remove_directory(directory);
}

static void a_full_disk_is_said_to_be_full(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(unit_path(directory, "a.leaklab"));
	/* Past the file size limit writes fail as on a full disk. Only the child gets the limit. */
	pid_t child = fork();
	if (child == 0) {
		struct error error = {0};
		struct rlimit limit = {0, 0};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		struct cycle cycle = a_cycle(1);
		bool good = runfile_put_cycle(runfile, &cycle, &error);
		_exit(!good && error.code == EXIT_TARGET && strstr(error.text, "disk") ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void a_file_that_could_not_be_made_is_removed_again(void **state)
{
	(void)state;
	char *directory = unit_directory();
	pid_t child = fork();
	if (child == 0) {
		struct error error = {0};
		struct rlimit limit = {0, 0};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(!runfile_create(unit_path(directory, "a.leaklab"), &error) &&
		              strstr(error.text, "disk")
		          ? 0
		          : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(directory), 0);
	free(directory);
}

static void count_event(void *data, int64_t time, const char *kind, const char *text)
{
	int *count = data;
	assert_true(time > 0);
	assert_string_equal(kind, "caution");
	assert_string_equal(text, *count == 0 ? "first" : "second");
	(*count)++;
}

static void events_come_in_order(void **state)
{
	(void)state;
	char *directory = unit_directory();
	struct runfile *runfile = create(unit_path(directory, "a.leaklab"));
	assert_true(runfile_add_event(runfile, "caution", "first", NULL));
	assert_true(runfile_add_event(runfile, "caution", "second", NULL));
	int count = 0;
	assert_true(runfile_events(runfile, count_event, &count, NULL));
	assert_int_equal(count, 2);
	runfile_close(runfile);
	unit_remove_directory(directory);
}

static void absurd_times_are_refused_with_table_and_row(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *where;
	} cases[] = {
	    {"UPDATE cycle SET ended = 9223372036854775807", "table cycle, row 7: ended"},
	    {"UPDATE cycle SET started = -9223372036854775807", "table cycle, row 7: started"},
	    {"UPDATE cycle SET logged_on = 'noon'", "table cycle, row 7: logged_on"},
	    {"INSERT INTO capture (id, mark, round, ended) VALUES (3, 1, 1, 1 << 60)",
	        "table capture, row 3: ended"},
	    {"INSERT INTO snapshot (capture, time) VALUES (3, -(1 << 60))",
	        "table snapshot, row 3: time"},
	    {"INSERT INTO logon_session (capture, logon_time) VALUES (3, 1 << 60)",
	        "table logon_session, row 1: logon_time"},
	    {"INSERT INTO event VALUES (2, 1 << 60, 'note', 'text')", "table event, row 2: time"},
	};
	char *directory = unit_directory();
	const char *path = unit_path(directory, "a.leaklab");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cycle cycle = a_cycle(7);
		struct runfile *runfile = create(path);
		assert_true(runfile_put_cycle(runfile, &cycle, NULL));
		assert_true(runfile_finish(runfile, NULL));
		runfile_close(runfile);
		execute(path, cases[i].sql);
		assert_open_fails(path, cases[i].where);
		unlink(path);
	}
	unit_remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(cycles_and_settings_are_read_as_written),
	    unit_test(a_file_that_exists_is_left_alone),
	    unit_test(the_file_is_private_and_one_file_when_finished),
	    unit_test(a_reader_does_not_keep_a_run_from_being_finished),
	    unit_test(a_killed_writer_loses_nothing_that_was_put),
	    unit_test(a_growing_file_can_be_read),
	    unit_test(what_is_no_run_file_is_told_apart),
	    unit_test(a_file_cut_short_is_damaged),
	    unit_test(a_locked_file_is_said_to_be_locked),
	    unit_test(a_full_disk_is_said_to_be_full),
	    unit_test(a_file_that_could_not_be_made_is_removed_again),
	    unit_test(events_come_in_order),
	    unit_test(absurd_times_are_refused_with_table_and_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
