#include "tests/unit/unit.h"

#include <stdio.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 100

/* Process 50 with so many token handles, and 300 others. */
static struct snapshot *snapshot_with(int tokens)
{
	struct snapshot *snapshot = fixture_snapshot();
	for (int i = 0; i < tokens; i++) {
		struct handle *handle = snapshot_add_handle(snapshot);
		assert_non_null(handle);
		handle->pid = 50;
		handle->image = "holder.exe";
		handle->type = "Token";
		handle->user = "lab01";
		handle->domain = "LAB";
		handle->value = 4 * (i + 1);
	}
	struct process *process = snapshot_add_process(snapshot);
	assert_non_null(process);
	process->pid = 50;
	process->image = "holder.exe";
	process->handle_count = 300 + tokens;
	return snapshot;
}

/* A run with a snapshot each fourth cycle, in which process 50 has as many token handles as counts() says, and `left`
 * when the host is quiet. */
static struct verdict *judge_counts(struct fixture *fixture, int (*counts)(int cycle), int left)
{
	fixture_set(fixture, "load.slots", "1");
	fixture_add_cycles(fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4) {
		struct snapshot *snapshot = snapshot_with(counts(cycle));
		fixture_add_logon(snapshot, cycle, 2); /* the one that is logged on */
		fixture_add_round(fixture, cycle, snapshot);
	}
	fixture_add_snapshot(fixture, MARK_AFTER, fixture_snapshot());
	fixture_add_snapshot(fixture, MARK_SETTLED, snapshot_with(left));
	return fixture_judge(fixture);
}

static int rising(int cycle)
{
	return cycle + cycle * 7 % 3;
}

static int sawtooth(int cycle)
{
	return 5 + cycle % 12;
}

static int filling(int cycle)
{
	return cycle < 40 ? cycle : 40 + cycle * 7 % 3;
}

static int wild(int cycle)
{
	return cycle * cycle * 37 % 101;
}

static void handles_that_rise_are_a_leak_even_if_no_session_is_pinned(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 100);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 0);
	assert_reason(verdict, "Token handles of holder.exe (process 50) rise by 1.0");
	assert_reason(verdict, "though no logon session outlives");
	fixture_finish(&fixture, verdict);
}

static void all_handles_are_no_news_when_those_of_one_type_rise_as_fast(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 100);
	for (size_t i = 0; i < verdict->growth_count; i++)
		assert_int_equal(verdict->growths[i].word,
		    verdict->growths[i].totals ? GROWTH_EXPLAINED : GROWTH_LEAK);
	assert_int_equal(verdict->growth_count, 2);
	fixture_finish(&fixture, verdict);
}

static void what_is_let_go_after_the_load_is_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 0);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->growths[0].word, GROWTH_RELEASED);
	fixture_finish(&fixture, verdict);
}

static void a_sawtooth_is_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, sawtooth, 5);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void a_cache_that_fills_is_a_plateau(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, filling, 41);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "and stay there: a plateau, no leak");
	fixture_finish(&fixture, verdict);
}

static void what_wanders_widely_is_not_decided_and_more_cycles_are_asked_for(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, wild, 60);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "more cycles to tell");
	fixture_finish(&fixture, verdict);
}

#define ACCOUNTS 20

/* Account 3 leaves a handle at each of its logons, and all others together at none. */
static void what_grows_for_one_account_is_found_among_many(void **state)
{
	(void)state;
	static char names[ACCOUNTS][8];
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	for (int i = 0; i < ACCOUNTS; i++)
		snprintf(names[i], sizeof names[i], "lab%02d", i);
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int number = 1; number <= 20 * ACCOUNTS; number++) {
		struct cycle cycle = fixture_cycle(number, 2, CYCLE_LOGGED_OFF);
		cycle.user = names[number % ACCOUNTS];
		fixture_put_cycle(&fixture, &cycle);
	}
	for (int cycle = 5; cycle <= 20 * ACCOUNTS; cycle += 5) {
		struct snapshot *snapshot = fixture_snapshot();
		for (int i = 0; i < cycle / ACCOUNTS; i++) {
			fixture_add_handle(snapshot, "holder.exe", 50, i);
			snapshot->handles[i].user = names[3];
			snapshot->handles[i].domain = "LAB";
		}
		if (cycle < 20 * ACCOUNTS)
			fixture_add_round(&fixture, cycle, snapshot);
		else
			fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "Token handles of holder.exe (process 50) for lab03 rise by ");
	fixture_finish(&fixture, verdict);
}

static void where_two_observers_look_the_one_that_sees_handles_counts(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4) {
		struct snapshot *sessions = fixture_snapshot();
		assert_true(snapshot_add_unavailable(sessions, "handles", "qwinsta has none"));
		assert_true(snapshot_add_unavailable(sessions, "processes", "qwinsta has none"));
		fixture_add_round(&fixture, cycle, sessions);
		fixture_add_round(&fixture, cycle, snapshot_with(rising(cycle)));
		fixture_add_round(&fixture, cycle, snapshot_with(rising(cycle)));
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot_with(100));
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "Token handles of holder.exe (process 50) rise by 1.0");
	fixture_finish(&fixture, verdict);
}

static void a_look_without_rights_is_not_counted_as_one_that_saw_no_handles(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 2; cycle < CYCLES; cycle += 2) {
		struct snapshot *snapshot = snapshot_with(cycle % 6 ? rising(cycle) : 0);
		snapshot->elevated = cycle % 6 ? YES : NO;
		fixture_add_round(&fixture, cycle, snapshot);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot_with(100));
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->growth_samples, 30);
	fixture_finish(&fixture, verdict);
}

static int starting_late(int cycle)
{
	return cycle < 84 ? 0 : cycle - 80;
}

static void a_leak_that_begins_late_is_not_called_clean(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, starting_late, 20);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "not steadily: run as many cycles again");
	fixture_finish(&fixture, verdict);
}

static void what_is_left_must_have_been_seen_to_be_a_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4)
		fixture_add_round(&fixture, cycle, snapshot_with(rising(cycle)));
	struct snapshot *settled = fixture_snapshot();
	assert_true(snapshot_add_unavailable(settled, "handles", "the probe was denied"));
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "what is left of them on the quiet host was not seen");
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(handles_that_rise_are_a_leak_even_if_no_session_is_pinned),
	    unit_test(all_handles_are_no_news_when_those_of_one_type_rise_as_fast),
	    unit_test(what_is_let_go_after_the_load_is_no_leak),
	    unit_test(a_sawtooth_is_no_leak),
	    unit_test(a_cache_that_fills_is_a_plateau),
	    unit_test(what_wanders_widely_is_not_decided_and_more_cycles_are_asked_for),
	    unit_test(what_grows_for_one_account_is_found_among_many),
	    unit_test(where_two_observers_look_the_one_that_sees_handles_counts),
	    unit_test(a_leak_that_begins_late_is_not_called_clean),
	    unit_test(what_is_left_must_have_been_seen_to_be_a_leak),
	    unit_test(a_look_without_rights_is_not_counted_as_one_that_saw_no_handles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
