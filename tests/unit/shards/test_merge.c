#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "judge/verdict.h"
#include "runfile/append.h"
#include "runfile/part.h"
#include "shards/shards.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 60
#define SHARDS 2
#define PARTS (SHARDS + 2)
#define PLAN "00112233445566778899aabbccddeeff"

/* A host since MS16-111 on which every third logon leaks, and the machines that play and sample it, each with a clock of its own: so much before the host's.
 * Machine SHARDS samples. */
struct world {
	int64_t ahead[SHARDS + 1]; /* microseconds */
	bool one_machine;
	bool told_by_logons; /* the host's clock, as NLA does */
	bool told_by_samples;
	int64_t set_by;  /* the host's clock is set by so much in the middle */
	bool reads_late; /* a busy machine reads one logon's answer seconds late */
	bool
	    goes_on; /* the first injector went on by another clock, which is so much before its own */
	int64_t other;
	int64_t sampled_at; /* seconds after the start; 0: long after the load */
};

static char *directory;
static char *paths[PARTS];

static int set_up(void **state)
{
	static const char *const names[PARTS] = {"B.1", "C", "A", "B.0"};
	directory = unit_directory();
	for (size_t i = 0; i < PARTS; i++)
		paths[i] = strdup(unit_path(directory, names[i]));
	return unit_count_descriptors(state);
}

static int tear_down(void **state)
{
	for (size_t i = 0; i < PARTS; i++)
		free(paths[i]);
	unit_remove_directory(directory);
	return unit_check_descriptors(state);
}

static bool leaks(int64_t number)
{
	return number % 3 == 1;
}

/* The lowest that no earlier leak keeps; cycles are one after the other. */
static int64_t id_of(int64_t number)
{
	return 2 + (number + 1) / 3;
}

static const char *user_of(int64_t number)
{
	return number % SHARDS ? "lab01" : "lab00";
}

static struct runfile *create_part(
    const struct world *world, const char *name, enum part_kind kind, int64_t shard)
{
	const size_t machine = kind == PART_SHARD ? (size_t)shard : SHARDS;
	struct run_part part = {.kind = kind,
	    .plan = PLAN,
	    .injectors = SHARDS,
	    .shard = shard,
	    .build = "9.9",
	    .start = RUN_START,
	    .clock = {.since = BOOT_TIME + world->ahead[machine]}};
	struct error error;
	if (!world->goes_on || machine > 0)
		snprintf(part.clock.boot, sizeof part.clock.boot, "boot %zu",
		    world->one_machine ? 0 : machine);
	struct runfile *runfile = runfile_create(unit_path(directory, name), &error);
	assert_non_null(runfile);
	assert_true(part_write(runfile, &part, &error));
	assert_true(runfile_set(runfile, "finished", "2026-11-21T10:30:00.000000Z", &error));
	return runfile;
}

static void finish(struct runfile *runfile)
{
	assert_true(runfile_finish(runfile, NULL));
	runfile_close(runfile);
}

static void create_shard(const struct world *world, int64_t shard)
{
	char name[8];
	snprintf(name, sizeof name, "B.%d", (int)shard);
	struct runfile *runfile = create_part(world, name, PART_SHARD, shard);
	for (int64_t number = shard ? 1 : 2; number <= CYCLES; number += SHARDS) {
		struct cycle cycle = fixture_cycle(number, id_of(number), CYCLE_LOGGED_OFF);
		const bool other = world->goes_on && shard == 0 && number > CYCLES / 2;
		const int64_t ahead = world->ahead[shard] + (other ? world->other : 0);
		cycle.number = number / SHARDS + 1;
		cycle.user = user_of(number);
		cycle.shard = shard;
		cycle.slot = 0;
		cycle.scheduled += ahead;
		cycle.started += ahead;
		cycle.logged_on += ahead;
		cycle.ended += ahead;
		if (world->told_by_logons)
			cycle.host_clock_offset =
			    -ahead - 20000 - (world->reads_late && number == 20 ? 8 * SECOND : 0) +
			    (number > CYCLES / 2 ? world->set_by : 0);
		assert_true(runfile_put_cycle(runfile, &cycle, NULL));
	}
	assert_true(runfile_set(runfile, "load.played", "30", NULL));
	assert_true(runfile_add_event(runfile, "caution", "what it said", NULL));
	finish(runfile);
}

static void sample(const struct world *world, struct runfile *runfile, enum mark mark,
    struct snapshot *snapshot, int64_t time)
{
	struct capture capture = {.mark = mark,
	    .round = 1,
	    .observer = "probe",
	    .command = "probe",
	    .started = time + world->ahead[SHARDS],
	    .ended = time + world->ahead[SHARDS] + SECOND / 5,
	    .output = "what it printed",
	    .output_length = strlen("what it printed")};
	if (world->told_by_samples)
		snapshot->time = time + SECOND / 10;
	assert_true(runfile_add_capture(runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

static void create_parts(const struct world *world)
{
	struct runfile *before = create_part(world, "A", PART_BEFORE, NUMBER_UNKNOWN);
	sample(world, before, MARK_BEFORE, fixture_snapshot(), RUN_START);
	assert_true(runfile_set(before, "load.cycles", "60", NULL));
	assert_true(runfile_set(before, "scenario.name", "night", NULL));
	assert_true(runfile_set(before, "plan.refusals", "a secret", NULL));
	finish(before);
	for (int64_t shard = 0; shard < SHARDS; shard++)
		create_shard(world, shard);
	struct runfile *after = create_part(world, "C", PART_SETTLED, NUMBER_UNKNOWN);
	struct snapshot *settled = fixture_snapshot();
	for (int64_t number = 1; number <= CYCLES; number++) {
		if (!leaks(number))
			continue;
		fixture_add_logon(settled, number, id_of(number));
		settled->logon_sessions[settled->logon_session_count - 1].user = user_of(number);
		fixture_add_handle(settled, "culprit.exe", 77, number);
	}
	char started[TIMESTAMP_TEXT];
	assert_true(runfile_set(after, "settled", "quiet", NULL));
	assert_true(runfile_set(after, "started",
	    timestamp_format(RUN_START + (world->sampled_at ? world->sampled_at : 100000) * SECOND +
	                         world->ahead[SHARDS],
	        started),
	    NULL));
	sample(world, after, MARK_SETTLED, settled,
	    RUN_START + (world->sampled_at ? world->sampled_at : 100000) * SECOND);
	finish(after);
}

static struct runfile *merge(const struct world *world, struct shards_summary *summary)
{
	struct error error;
	create_parts(world);
	if (!shards_merge(unit_path(directory, "merged"), paths, PARTS, summary, &error))
		fail_msg("%s", error.text);
	struct runfile *merged = runfile_open(unit_path(directory, "merged"), &error);
	assert_non_null(merged);
	return merged;
}

static struct verdict *judge(const struct world *world, struct shards_summary *summary)
{
	struct error error;
	struct runfile *merged = merge(world, summary);
	struct verdict *verdict = judge_run(merged, NULL, &error);
	runfile_close(merged);
	if (!verdict)
		fail_msg("%s", error.text);
	return verdict;
}

static void assert_same_verdict(const struct world *world)
{
	struct shards_summary summary;
	struct verdict *verdict = judge(world, &summary);
	assert_false(summary.unordered);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 20);
	assert_int_equal(verdict->n, 60);
	assert_int_equal(verdict->unmatched, 0);
	assert_int_equal(verdict->ids.word, IDS_RISING);
	assert_int_equal(verdict->ids.reused_while_orphaned, 0);
	assert_string_equal(verdict->culprits[0].image, "culprit.exe");
	assert_int_equal(verdict->culprits[0].logon_sessions, 20);
	verdict_destroy(verdict);
	shards_summary_deinit(&summary);
}

#define EACH_WAY .told_by_logons = true, .told_by_samples = true

static void clocks_that_are_apart_are_related_by_what_logons_tell(void **state)
{
	const int64_t rows[][SHARDS + 1] = {{0, 0, 0}, {SECOND, 0, 0},
	    {10 * SECOND, -10 * SECOND, 3}, {3600 * SECOND, 0, -3600 * SECOND},
	    {0, 86400 * SECOND, 0}, {0, -200000 * SECOND, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world world = {EACH_WAY};
		memcpy(world.ahead, rows[i], sizeof world.ahead);
		assert_same_verdict(&world);
		for (size_t j = 0; j < PARTS; j++)
			unlink(paths[j]);
		unlink(unit_path(directory, "merged"));
	}
}

static void files_of_one_clock_need_no_other(void **state)
{
	const struct world world = {.one_machine = true};
	(void)state;
	assert_same_verdict(&world);
}

static void cycles_are_numbered_by_their_logons_at_the_host(void **state)
{
	const struct world world = {EACH_WAY, .ahead = {25 * SECOND, -25 * SECOND, 0}};
	struct shards_summary summary;
	struct cycles cycles;
	(void)state;
	struct runfile *merged = merge(&world, &summary);
	assert_true(runfile_cycles(merged, &cycles, NULL));
	assert_int_equal(cycles.count, CYCLES);
	for (size_t i = 0; i < CYCLES; i++) {
		const struct cycle *cycle = &cycles.items[i];
		assert_int_equal(cycle->number, i + 1);
		assert_int_equal(cycle->shard, (int64_t)(i + 1) % SHARDS);
		assert_int_equal(cycle->session_id, id_of((int64_t)i + 1));
		/* 20 ms are how long the message took. */
		assert_in_range(fixture_logon((int64_t)i + 1) - cycle->logged_on, 0, 20000);
	}
	assert_int_equal(summary.apart, 50 * SECOND);
	cycles_deinit(&cycles);
	shards_summary_deinit(&summary);
	runfile_close(merged);
}

static bool count_event(const char *text)
{
	return strcmp(text, "shard 0: what it said") == 0 ||
	       strcmp(text, "shard 1: what it said") == 0;
}

static void see_event(void *data, int64_t time, const char *kind, const char *text)
{
	(void)time;
	(void)kind;
	*(int *)data += count_event(text);
}

static void see_output(void *data, const char *bytes, size_t length)
{
	*(int *)data += length == strlen("what it printed") && memcmp(bytes, "what", 4) == 0;
}

static bool see_setting(void *data, const char *key, const char *value)
{
	const char *const own[] = {"part", "shard", "clock.boot", "plan.refusals"};
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		*(int *)data += strcmp(own[i], key) == 0;
	return value != NULL;
}

static void nothing_is_lost_and_what_is_of_one_part_alone_is_left_out(void **state)
{
	const struct world world = {EACH_WAY};
	struct shards_summary summary;
	struct captures captures;
	int events = 0, outputs = 0, own = 0;
	(void)state;
	struct runfile *merged = merge(&world, &summary);
	assert_true(runfile_events(merged, see_event, &events, NULL));
	assert_int_equal(events, 2);
	assert_true(runfile_captures(merged, &captures, NULL));
	assert_int_equal(captures.count, 2);
	for (size_t i = 0; i < captures.count; i++)
		assert_true(
		    runfile_output(merged, captures.items[i].id, see_output, &outputs, NULL));
	assert_int_equal(outputs, 2);
	assert_int_equal(captures.items[0].cycle, 0);
	assert_int_equal(captures.items[1].cycle, CYCLES);
	captures_deinit(&captures);
	assert_true(runfile_settings(merged, see_setting, &own, NULL));
	assert_int_equal(own, 0);
	char *name = runfile_get(merged, "scenario.name");
	assert_string_equal(name, "night");
	free(name);
	shards_summary_deinit(&summary);
	runfile_close(merged);
}

static void assert_unordered(const struct world *world)
{
	struct shards_summary summary;
	struct verdict *verdict = judge(world, &summary);
	assert_true(summary.unordered);
	/* One sample alone shows no age. */
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->ids.word, IDS_UNKNOWN);
	assert_int_equal(verdict->ids.reused_while_orphaned, 0);
	assert_int_equal(verdict->pinned_ids + verdict->pinned_k, 0);
	assert_int_equal(verdict->unmatched, 0);
	assert_reason(verdict, "nothing is concluded from the order of their logons");
	verdict_destroy(verdict);
	shards_summary_deinit(&summary);
}

static void clocks_that_nobody_relates_leave_no_order(void **state)
{
	const struct world world = {.ahead = {10 * SECOND, 0, 0}};
	(void)state;
	assert_unordered(&world);
}

/* Samples were ordered by clocks that did not relate: what had leaked seemed to be older than the run. */
static void what_is_left_is_found_whatever_clocks_say(void **state)
{
	const int64_t rows[][SHARDS + 1] = {{0, 0, -200000 * SECOND}, {0, 0, 200000 * SECOND},
	    {60 * SECOND, -200000 * SECOND, 0}, {200000 * SECOND, 0, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world world = {0};
		struct shards_summary summary;
		memcpy(world.ahead, rows[i], sizeof world.ahead);
		struct verdict *verdict = judge(&world, &summary);
		assert_int_not_equal(verdict->word, VERDICT_CLEAN);
		assert_true(verdict->k_most == 20);
		assert_int_equal(verdict->older, 0);
		verdict_destroy(verdict);
		shards_summary_deinit(&summary);
		for (size_t j = 0; j < PARTS; j++)
			unlink(paths[j]);
		unlink(unit_path(directory, "merged"));
	}
}

static void edit(const char *name, const char *key, const char *value)
{
	struct runfile *runfile = runfile_reopen(unit_path(directory, name), NULL);
	assert_non_null(runfile);
	assert_true(runfile_set(runfile, key, value, NULL));
	runfile_close(runfile);
}

static void part_that_does_not_say_what_it_has_is_not_taken_as_whole(void **state)
{
	const struct world world = {EACH_WAY};
	struct shards_summary summary;
	struct error error;
	(void)state;
	create_parts(&world);
	edit("A", "load.cycles", "6 0");
	assert_false(shards_merge(unit_path(directory, "merged"), paths, PARTS, &summary, &error));
	assert_contains(error.text, "load.cycles");
	edit("A", "load.cycles", "60");
	edit("B.1", "load.step", "1");
	edit("B.1", "load.played", "31");
	assert_true(shards_merge(unit_path(directory, "merged"), paths, PARTS, &summary, &error));
	assert_int_equal(summary.missing_count, 1);
	assert_int_equal(summary.missing[0], 1);
	shards_summary_deinit(&summary);
}

static void merged_run_that_lost_what_is_missing_of_it_is_not_judged(void **state)
{
	const char *const keys[] = {"shards.missing", "shards.cycles_missing", "shards.order"};
	const struct world world = {EACH_WAY};
	struct shards_summary summary;
	struct error error;
	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		runfile_close(merge(&world, &summary));
		edit("merged", keys[i], "-1");
		struct runfile *merged = runfile_open(unit_path(directory, "merged"), &error);
		assert_null(judge_run(merged, NULL, &error));
		assert_contains(error.text, "does not say whether all of it is there");
		runfile_close(merged);
		shards_summary_deinit(&summary);
		for (size_t j = 0; j < PARTS; j++)
			unlink(paths[j]);
		unlink(unit_path(directory, "merged"));
	}
}

static void samples_alone_relate_no_injector(void **state)
{
	const struct world world = {.told_by_samples = true, .ahead = {10 * SECOND, 0, 0}};
	(void)state;
	assert_unordered(&world);
}

static void clock_that_was_set_meanwhile_leaves_no_order(void **state)
{
	const struct world world = {EACH_WAY, .set_by = 30 * SECOND};
	(void)state;
	assert_unordered(&world);
}

static void answer_that_was_read_late_changes_nothing(void **state)
{
	const struct world world = {EACH_WAY, .ahead = {10 * SECOND, 0, 0}, .reads_late = true};
	(void)state;
	assert_same_verdict(&world);
}

static void shard_that_went_on_by_another_clock_leaves_no_order(void **state)
{
	const struct world world = {EACH_WAY, .goes_on = true, .other = 3 * SECOND};
	(void)state;
	assert_unordered(&world);
}

/* What the last ones left is not in it. */
static void host_that_was_sampled_before_a_shard_had_ended_is_refused(void **state)
{
	const int64_t rows[][2] = {{590, 0}, {590, 3600 * SECOND}, {100, -3600 * SECOND}};
	struct shards_summary summary;
	struct error error;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct world world = {
		    EACH_WAY, .ahead = {0, rows[i][1], 0}, .sampled_at = rows[i][0]};
		create_parts(&world);
		assert_false(
		    shards_merge(unit_path(directory, "merged"), paths, PARTS, &summary, &error));
		assert_contains(error.text, "C was begun before");
		assert_int_not_equal(access(unit_path(directory, "merged"), F_OK), 0);
		for (size_t j = 0; j < PARTS; j++)
			unlink(paths[j]);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    test(clocks_that_are_apart_are_related_by_what_logons_tell),
	    test(files_of_one_clock_need_no_other),
	    test(cycles_are_numbered_by_their_logons_at_the_host),
	    test(nothing_is_lost_and_what_is_of_one_part_alone_is_left_out),
	    test(clocks_that_nobody_relates_leave_no_order),
	    test(what_is_left_is_found_whatever_clocks_say),
	    test(part_that_does_not_say_what_it_has_is_not_taken_as_whole),
	    test(merged_run_that_lost_what_is_missing_of_it_is_not_judged),
	    test(samples_alone_relate_no_injector),
	    test(clock_that_was_set_meanwhile_leaves_no_order),
	    test(answer_that_was_read_late_changes_nothing),
	    test(shard_that_went_on_by_another_clock_leaves_no_order),
	    test(host_that_was_sampled_before_a_shard_had_ended_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
