#include "tests/unit/unit.h"

#include "judge/clock.h"
#include "judge/cycle_index.h"
#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

static void what_was_there_before_or_is_of_others_is_no_orphan(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *before = fixture_snapshot(), *settled = fixture_snapshot();
	fixture_add_logon(before, -5, 2);
	fixture_add_logon(settled, -5, 2);
	fixture_add_logon(settled, 3, 3);
	settled->logon_sessions[settled->logon_session_count - 1].user = "somebody";
	fixture_add_logon(settled, 4, 4);
	settled->logon_sessions[settled->logon_session_count - 1].domain = "OTHER";
	fixture_add_snapshot(&fixture, MARK_BEFORE, before);
	for (int64_t i = 1; i <= 50; i++)
		fixture_add_cycle(&fixture, i, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 0);
	assert_int_equal(verdict->unmatched, 0);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void a_wrong_host_clock_is_allowed_for(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 4; i++) {
		fixture_add_cycle(&fixture, i, 1 + i, CYCLE_LOGGED_OFF);
		fixture_add_logon(settled, i, 1 + i);
	}
	fixture_add_snapshot_at(&fixture, MARK_SETTLED, settled, 3600 * SECOND);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 4);
	assert_int_equal(verdict->unmatched, 0);
	fixture_finish(&fixture, verdict);
}

static void survivors_that_no_cycle_explains_are_not_counted_but_said(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 40; i++)
		fixture_add_cycle(&fixture, i, 2, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 500, 2);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 0);
	assert_int_equal(verdict->unmatched, 1);
	assert_reason(verdict, "which cycle it belongs to is not known");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static void without_logon_times_a_unique_session_id_decides(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycle(&fixture, 1, 2, CYCLE_LOGGED_OFF);
	fixture_add_cycle(&fixture, 2, 3, CYCLE_LOGGED_OFF);
	fixture_add_cycle(&fixture, 3, 3, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 1, 2);
	fixture_add_logon(settled, 2, 3);
	settled->logon_sessions[1].logon_time = TIMESTAMP_UNKNOWN;
	settled->logon_sessions[2].logon_time = TIMESTAMP_UNKNOWN;
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 1);
	assert_int_equal(verdict->unmatched, 1);
	assert_int_equal(verdict->k_most, 2);
	assert_reason(verdict, "1 to 2 of 3 logon sessions outlived their RDS session");
	fixture_finish(&fixture, verdict);
}

/* A run on a host that gives the same ID always, or tells none: cycles shorter than the clocks are sure. Each leaks that
 * `every` divides. */
static struct verdict *judge_short_cycles(
    struct fixture *fixture, int64_t id, int64_t every, int64_t clock_wrong_by)
{
	const int64_t length = SECOND / 3;
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 60; i++) {
		struct cycle cycle = fixture_cycle(i, id, CYCLE_LOGGED_OFF);
		cycle.started = cycle.scheduled = RUN_START + i * length;
		cycle.logged_on = cycle.started + length / 2;
		cycle.ended = cycle.started + length - 1;
		fixture_put_cycle(fixture, &cycle);
		if (i % every != 0)
			continue;
		fixture_add_logon(settled, i, 2);
		settled->logon_sessions[settled->logon_session_count - 1].logon_time =
		    cycle.logged_on + clock_wrong_by;
		/* The elevated one of the same logon. */
		fixture_add_logon(settled, 2000 + i, 2);
		settled->logon_sessions[settled->logon_session_count - 1].logon_time =
		    cycle.logged_on + clock_wrong_by + 10;
		fixture_add_logon(settled, 1000 + i, 0);
		struct logon_session *network =
		    &settled->logon_sessions[settled->logon_session_count - 1];
		network->logon_type = "Network";
		network->logon_time = cycle.started + clock_wrong_by;
	}
	fixture_add_snapshot(fixture, MARK_SETTLED, settled);
	return fixture_judge(fixture);
}

/* Each tenth leaks its desktop's logon session, which pins its session ID: the next one is given to those that follow. */
static void desktops_logon_session_is_given_to_the_logon_it_was_made_for(void **state)
{
	(void)state;
	static const int64_t leads[] = {0, SECOND / 100, SECOND / 10};
	for (size_t j = 0; j < 3; j++) {
		struct fixture fixture = fixture_create();
		struct snapshot *settled = fixture_snapshot();
		fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
		for (int64_t i = 1; i <= 60; i++) {
			const int64_t id = 2 + (i - 1) / 10;
			struct cycle cycle = fixture_cycle(i, id, CYCLE_LOGGED_OFF);
			cycle.started = cycle.scheduled = RUN_START + i * SECOND / 3;
			cycle.logged_on = cycle.started + SECOND / 6;
			cycle.ended = cycle.started + SECOND / 3 - 1;
			fixture_put_cycle(&fixture, &cycle);
			if (i % 10 != 0)
				continue;
			fixture_add_logon(settled, i, id);
			struct logon_session *logon =
			    &settled->logon_sessions[settled->logon_session_count - 1];
			logon->user = "DWM-9";
			logon->domain = "Window Manager";
			logon->logon_type = "Interactive";
			logon->logon_time = cycle.logged_on - leads[j];
		}
		fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
		struct verdict *verdict = fixture_judge(&fixture);
		assert_int_equal(verdict->k, 6);
		assert_int_equal(verdict->orphaned[0], 10);
		assert_int_equal(verdict->orphaned[5], 60);
		assert_int_equal(verdict->ids.reused_while_orphaned, 0);
		assert_int_equal(verdict->ids.pinned, 5);
		fixture_finish(&fixture, verdict);
	}
}

static void each_of_many_short_cycles_is_given_its_own_orphan(void **state)
{
	(void)state;
	static const int64_t ids[] = {2, NUMBER_UNKNOWN};
	static const int64_t wrong[] = {0, -3 * SECOND / 2, 3 * SECOND / 2};
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 3; j++) {
			struct fixture fixture = fixture_create();
			struct verdict *verdict = judge_short_cycles(&fixture, ids[i], 1, wrong[j]);
			assert_int_equal(verdict->k, 60);
			/* Whether a process runs in a network logon session is not seen. */
			assert_int_equal(verdict->orphan_logon_sessions, 120);
			assert_int_equal(verdict->in_use, 60);
			fixture_finish(&fixture, verdict);
			fixture = fixture_create();
			verdict = judge_short_cycles(&fixture, ids[i], 3, wrong[j]);
			assert_int_equal(verdict->k, 20);
			fixture_finish(&fixture, verdict);
		}
	}
}

static void logons_made_at_once_or_twice_in_a_session_are_of_one_cycle(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 3; i++)
		fixture_add_cycle(&fixture, i, 1 + i, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 1, 2);
	fixture_add_logon(settled, 100, 2); /* elevated */
	fixture_add_logon(settled, 200, 3);
	fixture_add_logon(settled, 201, 3); /* runas */
	settled->logon_sessions[2].logon_time = fixture_logon(1) + 10;
	settled->logon_sessions[3].logon_time = fixture_logon(2);
	settled->logon_sessions[4].logon_time = fixture_logon(3) - 3 * SECOND / 2;
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 2);
	assert_int_equal(verdict->orphan_logon_sessions, 4);
	fixture_finish(&fixture, verdict);
}

static void a_session_joined_again_and_logged_off_can_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *before = fixture_snapshot(), *settled = fixture_snapshot();
	for (int64_t i = 1; i <= 30; i++) {
		fixture_add_session(before, 100 + i);
		fixture_add_logon(before, -i, 100 + i);
		fixture_add_cycle(&fixture, i, 100 + i, CYCLE_LOGGED_OFF);
		if (i > 10)
			fixture_add_logon(settled, -i, 100 + i);
	}
	fixture_add_session(settled, 130); /* logged on again, by somebody else with the account */
	fixture_add_snapshot(&fixture, MARK_BEFORE, before);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 19);
	fixture_finish(&fixture, verdict);
}

static void time_and_start_of_the_clock_are_of_one_capture(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *sessions = fixture_snapshot(), *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 4; i++) {
		fixture_add_cycle(&fixture, i, NUMBER_UNKNOWN, CYCLE_LOGGED_OFF);
		fixture_add_logon(settled, i, 1 + i);
	}
	/* At the mark one tells no time; one does, and takes a minute more after it. */
	const int64_t time = RUN_START + 10000 * SECOND;
	struct capture capture = {.mark = MARK_SETTLED,
	    .round = 1,
	    .observer = "qwinsta",
	    .started = time - 60 * SECOND,
	    .ended = time - 59 * SECOND};
	assert_true(runfile_add_capture(fixture.runfile, &capture, sessions, NULL));
	capture.observer = "probe";
	capture.started = time;
	capture.ended = time + 60 * SECOND;
	settled->time = time;
	assert_true(runfile_add_capture(fixture.runfile, &capture, settled, NULL));
	snapshot_destroy(sessions);
	snapshot_destroy(settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 4);
	assert_int_equal(verdict->unmatched, 0);
	fixture_finish(&fixture, verdict);
}

static void a_clock_is_told_by_captures_that_agree_with_the_moment(void **state)
{
	(void)state;
	struct capture items[] = {
	    {.mark = MARK_SETTLED,
	        .round = 1,
	        .started = 0,
	        .ended = 60 * SECOND,
	        .time = 5 * SECOND},
	    {.mark = MARK_SETTLED, .round = 1, .ended = SECOND, .time = TIMESTAMP_UNKNOWN},
	    {.mark = MARK_AFTER, .round = 1, .started = 0, .ended = 2 * SECOND, .time = SECOND},
	    {.mark = MARK_BEFORE, .round = 1, .started = 0, .ended = 0, .time = 900 * SECOND},
	};
	struct captures captures = {.items = items, .count = 4};
	const struct cycles none = {0};
	struct clocks clocks;
	assert_true(clocks_init(&clocks, &captures, &none));
	struct clock clock = clock_at(&clocks, MARK_SETTLED, 1);
	assert_int_equal(clock.offset, 0);
	assert_int_equal(clock.tolerance, 3 * SECOND);
	clock = clock_at(&clocks, MARK_BEFORE, 1);
	assert_int_equal(clock.offset, 900 * SECOND);
	clocks_deinit(&clocks);
}

static void logons_tell_the_clock_better_than_slow_samples_and_without_any(void **state)
{
	(void)state;
	struct capture items[] = {
	    {.mark = MARK_SETTLED,
	        .round = 1,
	        .started = 100 * SECOND,
	        .ended = 160 * SECOND,
	        .time = 135 * SECOND},
	    {.mark = MARK_AFTER, .round = 1, .started = 50 * SECOND, .time = TIMESTAMP_UNKNOWN},
	    {.mark = MARK_BEFORE, .round = 1, .started = 0, .ended = 0, .time = 900 * SECOND},
	};
	struct cycle cycles[] = {fixture_cycle(1, 2, CYCLE_LOGGED_OFF),
	    fixture_cycle(2, 3, CYCLE_LOGGED_OFF), fixture_cycle(3, 2, CYCLE_LOGGED_OFF)};
	for (int64_t i = 0; i < 3; i++) {
		cycles[i].started = (60 + i) * SECOND;
		cycles[i].host_clock_offset = 7 * SECOND + i;
	}
	cycles[1].served_by = "another"; /* whose clock it may be */
	cycles[1].host_clock_offset = 3600 * SECOND;
	const struct captures captures = {.items = items, .count = 3};
	struct clocks clocks;
	assert_true(clocks_init(&clocks, &captures, &(struct cycles){.items = cycles, .count = 3}));
	struct clock clock = clock_at(&clocks, MARK_SETTLED, 1);
	assert_int_equal(clock.offset, 7 * SECOND + 2);
	assert_int_equal(clock.tolerance, 2 * SECOND);
	assert_int_equal(clock_at(&clocks, MARK_AFTER, 1).offset, 7 * SECOND);
	/* They do not agree: the sample's own is taken. */
	assert_int_equal(clock_at(&clocks, MARK_BEFORE, 1).offset, 900 * SECOND);
	clocks_deinit(&clocks);
}

static void a_cycle_ends_with_the_next_of_its_account_not_of_its_name(void **state)
{
	(void)state;
	struct cycle items[] = {fixture_cycle(1, 2, CYCLE_LOST), fixture_cycle(2, 3, CYCLE_LOST),
	    fixture_cycle(3, 2, CYCLE_LOST)};
	items[0].ended = items[1].ended = items[2].ended = TIMESTAMP_UNKNOWN;
	items[1].domain = "OTHER";
	const struct cycles cycles = {.items = items, .count = 3};
	struct cycle_index index;
	assert_true(cycle_index_init(&index, &cycles, NULL, INT64_MAX));
	assert_int_equal(cycle_index_end(&index, 0), items[2].started);
	assert_int_equal(cycle_index_end(&index, 1), INT64_MAX);
	assert_int_equal(cycle_index_end(&index, 2), INT64_MAX);
	cycle_index_deinit(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(what_was_there_before_or_is_of_others_is_no_orphan),
	    unit_test(a_wrong_host_clock_is_allowed_for),
	    unit_test(survivors_that_no_cycle_explains_are_not_counted_but_said),
	    unit_test(without_logon_times_a_unique_session_id_decides),
	    unit_test(desktops_logon_session_is_given_to_the_logon_it_was_made_for),
	    unit_test(each_of_many_short_cycles_is_given_its_own_orphan),
	    unit_test(logons_made_at_once_or_twice_in_a_session_are_of_one_cycle),
	    unit_test(a_session_joined_again_and_logged_off_can_leak),
	    unit_test(time_and_start_of_the_clock_are_of_one_capture),
	    unit_test(a_clock_is_told_by_captures_that_agree_with_the_moment),
	    unit_test(logons_tell_the_clock_better_than_slow_samples_and_without_any),
	    unit_test(a_cycle_ends_with_the_next_of_its_account_not_of_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
