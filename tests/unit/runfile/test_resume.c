#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "runfile/runfile.h"

#define NOW 5000

static char *directory, *path;
static int64_t lost;

static int set_up(void **state)
{
	directory = unit_directory();
	path = strdup(unit_path(directory, "a.leaklab"));
	return unit_count_descriptors(state);
}

static int tear_down(void **state)
{
	free(path);
	unit_remove_directory(directory);
	return unit_check_descriptors(state);
}

static void put(struct runfile *runfile, int64_t number, enum cycle_result result)
{
	struct cycle cycle = {.number = number,
	    .user = "lab01",
	    .started = 10 * number,
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .ended = result == CYCLE_RUNNING ? TIMESTAMP_UNKNOWN : 10 * number + 9,
	    .session_id = NUMBER_UNKNOWN,
	    .result = result};

	assert_true(runfile_put_cycle(runfile, &cycle, NULL));
}

static void observe(struct runfile *runfile, enum mark mark, int64_t round)
{
	static const char text[] = "{\"schema\":\"leaklab.snapshot/1\",\"sessions\":[{\"id\":2}]}";
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), NULL);
	struct capture capture = {.mark = mark,
	    .round = round,
	    .observer = "probe",
	    .command = "probe",
	    .started = 1000 * mark + round,
	    .ended = 1000 * mark + round,
	    .exit_status = 0};

	assert_non_null(snapshot);
	assert_true(runfile_add_capture(runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

/* Two cycles at their end and one that runs, settled in round 2. */
static struct runfile *create_run(void)
{
	struct runfile *runfile = runfile_create(path, NULL);

	assert_non_null(runfile);
	assert_true(runfile_set(runfile, "scenario", "name: x", NULL));
	put(runfile, 1, CYCLE_LOGGED_OFF);
	put(runfile, 2, CYCLE_FAILED);
	put(runfile, 3, CYCLE_RUNNING);
	observe(runfile, MARK_BEFORE, 1);
	observe(runfile, MARK_SETTLING, 1);
	observe(runfile, MARK_SETTLING, 2);
	assert_true(runfile_mark_settled(runfile, 2, NULL));
	assert_true(runfile_set(runfile, "settled", "quiet", NULL));
	assert_true(runfile_set(runfile, "interrupted", "yes", NULL));
	assert_true(runfile_set(runfile, "ended-early", "interrupted", NULL));
	assert_true(runfile_set(runfile, "ended-early.code", "3", NULL));
	assert_true(runfile_set(runfile, "finished", "2026-11-29T10:00:00Z", NULL));
	return runfile;
}

static void create_finished(void)
{
	struct runfile *runfile = create_run();

	assert_true(runfile_finish(runfile, NULL));
	runfile_close(runfile);
}

static struct runfile *reopen(void)
{
	struct error error = {0};
	struct runfile *runfile = runfile_reopen(path, &error);

	if (!runfile)
		fail_msg("%s", error.text);
	return runfile;
}

static void assert_refused(const char *why)
{
	struct error error = {0};

	assert_null(runfile_reopen(path, &error));
	assert_contains(error.text, why);
	assert_contains(error.text, path);
	assert_int_equal(error.code, EXIT_USAGE);
}

static void assert_has(struct runfile *runfile, const char *key, const char *expected)
{
	char *value = runfile_get(runfile, key);

	assert_string_equal(value ? value : "none", expected);
	free(value);
}

static void assert_marks(struct runfile *runfile, enum mark last)
{
	struct captures captures;

	assert_true(runfile_captures(runfile, &captures, NULL));
	assert_int_equal(captures.count, 3);
	assert_int_equal(captures.items[0].mark, MARK_BEFORE);
	assert_int_equal(captures.items[1].mark, MARK_SETTLING);
	assert_int_equal(captures.items[2].mark, last);
	assert_int_equal(captures.items[2].round, 2);
	captures_deinit(&captures);
}

static void run_that_goes_on_is_not_finished_any_more(void **state)
{
	(void)state;
	create_finished();
	struct runfile *runfile = reopen();
	assert_true(runfile_go_on(runfile, NOW, &lost, NULL));
	assert_true(runfile_keep(runfile, NULL));
	static const char *const gone[] = {
	    "finished", "interrupted", "ended-early", "ended-early.code", "settled"};
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
		assert_has(runfile, gone[i], "none");
	assert_has(runfile, "scenario", "name: x");
	assert_marks(runfile, MARK_SETTLING);
	runfile_close(runfile);
}

static void cycles_that_still_ran_are_lost_with_the_driver(void **state)
{
	(void)state;
	create_finished();
	struct runfile *runfile = reopen();
	assert_true(runfile_go_on(runfile, NOW, &lost, NULL));
	assert_true(runfile_keep(runfile, NULL));
	runfile_close(runfile);
	runfile = runfile_open(path, NULL);
	assert_non_null(runfile);
	struct cycles cycles;
	assert_true(runfile_cycles(runfile, &cycles, NULL));
	assert_int_equal(cycles.count, 3);
	assert_int_equal(cycles.items[0].result, CYCLE_LOGGED_OFF);
	assert_int_equal(cycles.items[1].result, CYCLE_FAILED);
	assert_int_equal(cycles.items[2].result, CYCLE_LOST);
	assert_int_equal(lost, 1);
	assert_int_equal(cycles.items[2].ended, NOW);
	assert_string_equal(cycles.items[2].code, RUNFILE_DRIVER_LOST);
	assert_non_null(cycles.items[2].message);
	cycles_deinit(&cycles);
	runfile_close(runfile);
}

static void what_is_given_up_leaves_no_trace(void **state)
{
	(void)state;
	create_finished();
	struct runfile *runfile = reopen();
	assert_true(runfile_go_on(runfile, NOW, &lost, NULL));
	observe(runfile, MARK_SETTLING, 3);
	assert_true(runfile_set(runfile, "load.cycles", "90", NULL));
	runfile_give_up(runfile);
	runfile_close(runfile);
	/* One file, as before. */
	assert_int_not_equal(access(unit_path(directory, "a.leaklab-wal"), F_OK), 0);
	runfile = runfile_open(path, NULL);
	assert_non_null(runfile);
	assert_marks(runfile, MARK_SETTLED);
	assert_has(runfile, "settled", "quiet");
	assert_has(runfile, "load.cycles", "none");
	struct cycles cycles;
	assert_true(runfile_cycles(runfile, &cycles, NULL));
	assert_int_equal(cycles.items[2].result, CYCLE_RUNNING);
	cycles_deinit(&cycles);
	runfile_close(runfile);
}

static void capture_that_fails_costs_nothing_else(void **state)
{
	(void)state;
	create_finished();
	struct runfile *runfile = reopen();
	assert_true(runfile_go_on(runfile, NOW, &lost, NULL));
	struct capture broken = {.mark = MARK_SETTLING, .round = NUMBER_UNKNOWN}; /* NOT NULL */
	struct error error = {0};
	assert_false(runfile_add_capture(runfile, &broken, NULL, &error));
	observe(runfile, MARK_SETTLING, 3);
	assert_true(runfile_keep(runfile, NULL));
	struct captures captures;
	assert_true(runfile_captures(runfile, &captures, NULL));
	assert_int_equal(captures.count, 4);
	captures_deinit(&captures);
	assert_has(runfile, "finished", "none");
	runfile_close(runfile);
}

static void later_samples_settle_by_their_own_round(void **state)
{
	(void)state;
	create_finished();
	struct runfile *runfile = reopen();
	assert_true(runfile_go_on(runfile, NOW, &lost, NULL) && runfile_keep(runfile, NULL));
	observe(runfile, MARK_SETTLING, 3);
	assert_true(runfile_mark_settled(runfile, 3, NULL));
	assert_true(runfile_finish(runfile, NULL));
	struct captures captures;
	assert_true(runfile_captures(runfile, &captures, NULL));
	size_t settled = 0;
	for (size_t i = 0; i < captures.count; i++)
		settled += captures.items[i].mark == MARK_SETTLED;
	assert_int_equal(settled, 1);
	captures_deinit(&captures);
	runfile_close(runfile);
}

static void file_that_is_being_written_is_refused(void **state)
{
	(void)state;
	struct runfile *runfile = create_run();
	assert_refused("is being written");
	runfile_close(runfile);
	runfile = reopen();
	assert_refused("is being written");
	runfile_close(runfile);
	runfile_close(reopen());
}

/* A worker that logs off what the driver left. */
static void lock_lasts_as_long_as_whoever_keeps_it_open(void **state)
{
	(void)state;
	struct runfile *runfile = create_run();
	const int kept = dup(runfile_lock(runfile));
	runfile_close(runfile);
	assert_refused("is being written");
	close(kept);
	runfile_close(reopen());
}

static void readers_lock_nothing(void **state)
{
	(void)state;
	create_finished();
	struct runfile *reader = runfile_open(path, NULL);
	assert_non_null(reader);
	assert_int_equal(runfile_lock(reader), -1);
	runfile_close(reopen());
	runfile_close(reader);
}

static void file_of_another_schema_is_refused(void **state)
{
	(void)state;
	create_finished();
	sqlite3 *database;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(database, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	assert_refused("schema 2");
}

static void what_is_no_run_file_is_refused(void **state)
{
	(void)state;
	assert_refused("No such file");
	unit_write_file(path, "hello, hello, hello", 19);
	assert_refused("not a run file");
}

#define resume_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    resume_test(run_that_goes_on_is_not_finished_any_more),
	    resume_test(cycles_that_still_ran_are_lost_with_the_driver),
	    resume_test(what_is_given_up_leaves_no_trace),
	    resume_test(capture_that_fails_costs_nothing_else),
	    resume_test(later_samples_settle_by_their_own_round),
	    resume_test(file_that_is_being_written_is_refused),
	    resume_test(lock_lasts_as_long_as_whoever_keeps_it_open),
	    resume_test(readers_lock_nothing),
	    resume_test(file_of_another_schema_is_refused),
	    resume_test(what_is_no_run_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
