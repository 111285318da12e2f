#include "tests/unit/unit.h"

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

static void ids_reused_while_orphaned_are_told_from_taken_ones(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 10; i++) {
		fixture_add_cycle(&fixture, i, 2, CYCLE_LOGGED_OFF);
		fixture_add_logon(settled, i, 2);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_set(&fixture, "expect.session_ids", "reused");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 10);
	assert_int_equal(verdict->ids.reused_while_orphaned, 9);
	assert_int_equal(verdict->ids.pinned, 0);
	assert_reason(verdict, "as before MS16-111");
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	fixture_finish(&fixture, verdict);
}

/* A run of 120 cycles in two slots, of which each `every`-th leaks and so keeps its ID. */
static struct fixture rare_leak(int64_t every)
{
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	int64_t id = 2;
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 120; i++) {
		struct cycle cycle = fixture_cycle(i, id, CYCLE_LOGGED_OFF);
		cycle.slot = i % 2;
		fixture_put_cycle(&fixture, &cycle);
		if (i % every == 0)
			fixture_add_logon(settled, i, id++);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	return fixture;
}

static void ids_of_a_rare_leak_rise_and_are_not_reused(void **state)
{
	(void)state;
	struct fixture fixture = rare_leak(30);
	fixture_set(&fixture, "expect.session_ids", "rising");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->ids.pinned, 3);
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	assert_reason(verdict, "their session IDs stay taken: 3 were given to no later cycle");
	verdict_destroy(verdict);
	fixture_set(&fixture, "expect.session_ids", "reused");
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict_exit_code(verdict), EXIT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void ids_of_a_healthy_host_with_many_slots_are_reused(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 80; i++) {
		/* The further the run is, the more sessions are still going when one logs on. */
		struct cycle cycle = fixture_cycle(i, 2 + i * 7 % (3 + i / 10), CYCLE_LOGGED_OFF);
		cycle.slot = i % 8;
		fixture_put_cycle(&fixture, &cycle);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	fixture_set(&fixture, "expect.session_ids", "reused");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->ids.word, IDS_REUSED);
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void without_logon_sessions_growth_beyond_the_slots_is_rising(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	for (int64_t i = 1; i <= 40; i++)
		fixture_add_cycle(&fixture, i, 1 + i, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->ids.word, IDS_RISING);
	fixture_finish(&fixture, verdict);
}

static void an_id_that_nobody_could_have_been_given_shows_nothing(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 10, 2, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 10, 2);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_set(&fixture, "expect.session_ids", "reused");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->ids.word, IDS_UNKNOWN);
	assert_reason(verdict, "whether their session IDs stay taken is not shown");
	assert_int_equal(verdict_exit_code(verdict), EXIT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

/* Of each cycle the host did not give the session back, but a second one. */
static void ids_of_sessions_given_instead_count(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	for (int64_t i = 1; i <= 12; i++) {
		struct cycle cycle = fixture_cycle(i, i % 4 + 1, CYCLE_NOT_RECONNECTED);
		cycle.slot = i;
		fixture_put_cycle(&fixture, &cycle);
		const struct reconnect reconnect = {.cycle = i,
		    .number = 1,
		    .started = cycle.started + SECOND,
		    .logged_on = cycle.started + 2 * SECOND,
		    .session_id = 20 + i};
		assert_true(runfile_add_reconnect(fixture.runfile, &reconnect, NULL));
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->ids.distinct, 16);
	assert_int_equal(verdict->ids.highest, 32);
	fixture_finish(&fixture, verdict);
}

static void ids_that_were_all_given_once_are_not_reused(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	for (int64_t i = 1; i <= 12; i++) {
		struct cycle cycle = fixture_cycle(i, 1 + i, CYCLE_LOGGED_OFF);
		cycle.slot = i;
		fixture_put_cycle(&fixture, &cycle);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->ids.word, IDS_UNKNOWN);
	assert_reason(verdict, "whether session IDs are reused is not shown: none was given twice "
	                       "(12 distinct in 12 cycles)");
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(ids_reused_while_orphaned_are_told_from_taken_ones),
	    unit_test(ids_of_a_rare_leak_rise_and_are_not_reused),
	    unit_test(ids_of_a_healthy_host_with_many_slots_are_reused),
	    unit_test(without_logon_sessions_growth_beyond_the_slots_is_rising),
	    unit_test(ids_of_sessions_given_instead_count),
	    unit_test(ids_that_were_all_given_once_are_not_reused),
	    unit_test(an_id_that_nobody_could_have_been_given_shows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
