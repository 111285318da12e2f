/* Logons at once after settling, which show the session IDs that stay taken, without an observer too. */
#include "tests/unit/unit.h"

#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 60
#define LATER 2000 /* seconds after the load: beyond release and quiet time */

/* Cycle `number` had the session ID 2 + number / every: each `every`-th keeps its own. 0: none does. */
static struct fixture a_load(int64_t every)
{
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "settle.release", "1200");
	for (int64_t i = 1; i <= CYCLES; i++)
		fixture_add_cycle(&fixture, i, every ? 2 + (i - 1) / every : 2, CYCLE_LOGGED_OFF);
	return fixture;
}

/* So many logons at once, which are given these IDs, so many seconds after the load. */
static void verify(struct fixture *fixture, const int64_t *ids, size_t count, int64_t later)
{
	for (size_t i = 0; i < count; i++) {
		struct cycle cycle =
		    fixture_cycle(CYCLES + 1 + (int64_t)i, ids[i], CYCLE_LOGGED_OFF);
		cycle.kind = CYCLE_VERIFICATION;
		cycle.started = fixture_logon(CYCLES) + later * SECOND;
		cycle.logged_on = cycle.started + (int64_t)i * SECOND;
		cycle.ended = cycle.started + 60 * SECOND;
		fixture_put_cycle(fixture, &cycle);
	}
}

static void ids_that_none_is_given_are_a_leak_where_nobody_else_logs_on(void **state)
{
	(void)state;
	static const int64_t ids[] = {7, 8, 9, 10};
	struct fixture fixture = a_load(12); /* 2 to 6 */
	fixture_set(&fixture, "host.exclusive", "true");
	verify(&fixture, ids, 4, LATER);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict,
	    "5 session IDs of the run's cycles (2, 3, 4, 5, 6) stay taken: none of 4 logons at once");
	assert_int_equal(verdict->culprit_count, 0);
	fixture_finish(&fixture, verdict);
}

static void somebody_else_may_have_them_where_that_is_not_said(void **state)
{
	(void)state;
	static const int64_t ids[] = {2, 4, 7};
	struct fixture fixture = a_load(12);
	verify(&fixture, ids, 3, LATER);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(
	    verdict, "3 session IDs of the run's cycles (3, 5, 6) were given to none of 3 logons");
	assert_reason(verdict, "host.exclusive: true");
	fixture_finish(&fixture, verdict);
}

static void logons_too_soon_prove_nothing(void **state)
{
	(void)state;
	static const int64_t ids[] = {7, 8};
	struct fixture fixture = a_load(12);
	fixture_set(&fixture, "host.exclusive", "true");
	verify(&fixture, ids, 2, 60);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "they may still be released, settle longer");
	fixture_finish(&fixture, verdict);
}

static void ids_above_all_that_were_given_tell_nothing(void **state)
{
	(void)state;
	static const int64_t ids[] = {2, 3};
	struct fixture fixture = a_load(12);
	fixture_set(&fixture, "host.exclusive", "true");
	verify(&fixture, ids, 2, LATER);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE); /* nobody saw logon sessions */
	assert_int_equal(verdict->witness.skipped_count, 0);
	assert_false(verdict->witness.covers);
	fixture_finish(&fixture, verdict);
}

/* The text of handle has no session IDs. */
static struct snapshot *as_text(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct handle *handle = snapshot_add_handle(snapshot);
	handle->pid = 700;
	handle->image = "lsass.exe";
	handle->type = "Token";
	handle->luid = 0x3e7;
	return snapshot;
}

static void ids_that_all_came_back_make_up_for_handles_that_do_not_tell_them(void **state)
{
	(void)state;
	static const int64_t ids[] = {2, 3};
	for (int verified = 0; verified < 2; verified++) {
		struct fixture fixture = fixture_create();
		fixture_add_snapshot(&fixture, MARK_BEFORE, as_text());
		fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
		fixture_add_snapshot(&fixture, MARK_SETTLED, as_text());
		if (verified)
			verify(&fixture, ids, 2, LATER);
		struct verdict *verdict = fixture_judge(&fixture);
		assert_int_equal(verdict->word, verified ? VERDICT_CLEAN : VERDICT_INCONCLUSIVE);
		if (verified)
			assert_reason(verdict, "2 logons at once after settling");
		fixture_finish(&fixture, verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(ids_that_none_is_given_are_a_leak_where_nobody_else_logs_on),
	    unit_test(somebody_else_may_have_them_where_that_is_not_said),
	    unit_test(logons_too_soon_prove_nothing),
	    unit_test(ids_above_all_that_were_given_tell_nothing),
	    unit_test(ids_that_all_came_back_make_up_for_handles_that_do_not_tell_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
