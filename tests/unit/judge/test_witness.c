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
	    "5 session IDs of the run's cycles (2, 3, 4, 5, 6) stay taken: none of 4 simultaneous logons");
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
	assert_reason(verdict,
	    "3 session IDs of the run's cycles (3, 5, 6) were given to none of 3 simultaneous logons");
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
	assert_reason(verdict, "they may still be released; settle longer");
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
			assert_reason(verdict, "2 simultaneous logons after settling");
		fixture_finish(&fixture, verdict);
	}
}

/* ---- review ---- */

static void print(const struct verdict *verdict)
{
	print_message("# %s\n", verdict_words[verdict->word]);
	for (size_t i = 0; i < verdict->reasons.count; i++)
		print_message("#   %s\n", verdict->reasons.items[i]);
}

static void put_witness(struct fixture *fixture, int64_t number, const char *user, int64_t id,
    int64_t logon, int64_t end, enum cycle_result result)
{
	struct cycle cycle = fixture_cycle(CYCLES + number, id, result);
	cycle.kind = CYCLE_VERIFICATION;
	cycle.user = (char *)user;
	cycle.started = fixture_logon(CYCLES) + LATER * SECOND;
	cycle.logged_on = id > 0 ? cycle.started + logon * SECOND : TIMESTAMP_UNKNOWN;
	cycle.ended = cycle.started + end * SECOND;
	fixture_put_cycle(fixture, &cycle);
}

/* Of two slots: their IDs in turn. */
static struct fixture a_load_of(const int64_t *ids, size_t count)
{
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "settle.release", "1200");
	fixture_set(&fixture, "host.exclusive", "true");
	for (int64_t i = 1; i <= CYCLES; i++)
		fixture_add_cycle(&fixture, i, ids[(size_t)i % count], CYCLE_LOGGED_OFF);
	return fixture;
}

static void id_of_a_logon_that_was_over_before_the_last_had_logged_on_is_free(void **state)
{
	(void)state;
	/* Healthy: four slots. The first of four logons is over after 30 s (VERIFICATION_MOST), the last takes 40 s to log on. */
	static const int64_t ids[] = {2, 3, 4, 5};
	struct fixture fixture = a_load_of(ids, 4);
	put_witness(&fixture, 1, "lab01", 2, 2, 33, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 2, "lab02", 3, 20, 60, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 3, "lab03", 4, 20, 60, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 4, "lab04", 5, 40, 60, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	print(verdict);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->witness.skipped_count, 0);
	fixture_finish(&fixture, verdict);
}

static void logon_that_joins_an_old_session_tells_nothing_of_lower_ids(void **state)
{
	(void)state;
	/* Healthy: lab02's session 9 was left disconnected (its last cycle's logoff was not proven), and its verification logon joins it. */
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "settle.release", "1200");
	fixture_set(&fixture, "host.exclusive", "true");
	for (int64_t i = 1; i < CYCLES; i++)
		fixture_add_cycle(&fixture, i, 2 + i % 8, CYCLE_LOGGED_OFF);
	struct cycle last = fixture_cycle(CYCLES, 9, CYCLE_DISCONNECTED);
	last.user = (char *)"lab02";
	fixture_put_cycle(&fixture, &last);
	put_witness(&fixture, 1, "lab01", 2, 1, 60, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 2, "lab02", 9, 1, 60, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	print(verdict);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void logon_that_failed_may_have_had_the_id(void **state)
{
	(void)state;
	/* Healthy: of three logons at once one comes to nothing in its session, before Save Session Info. */
	static const int64_t ids[] = {2, 3, 4};
	struct fixture fixture = a_load_of(ids, 3);
	put_witness(&fixture, 1, "lab01", 2, 2, 60, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 2, "lab02", NUMBER_UNKNOWN, 0, 60, CYCLE_FAILED);
	put_witness(&fixture, 3, "lab03", 4, 2, 60, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	print(verdict);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void cycle_that_was_lost_may_have_left_a_session_in_the_id(void **state)
{
	(void)state;
	/* Healthy: with a worker a cycle was lost before its ID was told; its session stays, disconnected, in ID 2. */
	static const int64_t ids[] = {2, 3};
	struct fixture fixture = a_load_of(ids, 2);
	struct cycle lost = fixture_cycle(CYCLES + 1, NUMBER_UNKNOWN, CYCLE_LOST);
	lost.user = (char *)"lab09";
	lost.logged_on = TIMESTAMP_UNKNOWN;
	fixture_put_cycle(&fixture, &lost);
	put_witness(&fixture, 2, "lab01", 3, 2, 60, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 3, "lab02", 4, 2, 60, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	print(verdict);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void logons_of_an_earlier_part_of_the_run_tell_nothing_of_the_later_one(void **state)
{
	(void)state;
	/* Resumed: verified after 60 cycles; 60 more follow, after which nobody verified (interrupted). Handles are text. */
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, as_text());
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 1, "lab01", 2, 1, 60, CYCLE_LOGGED_OFF);
	for (int64_t i = 2; i <= CYCLES; i++) {
		struct cycle cycle = fixture_cycle(CYCLES + i, 2, CYCLE_LOGGED_OFF);
		cycle.started = cycle.scheduled = fixture_logon(CYCLES) + (3000 + i * 10) * SECOND;
		cycle.logged_on = cycle.started + SECOND;
		cycle.ended = cycle.started + 9 * SECOND;
		fixture_put_cycle(&fixture, &cycle);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, as_text());
	struct verdict *verdict = fixture_judge(&fixture);
	print(verdict);
	assert_false(verdict->witness.covers);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static void session_that_an_earlier_verification_left_is_no_pinned_id(void **state)
{
	(void)state;
	/* Resumed: a verification logon of the first part left its session, in ID 2, disconnected. */
	static const int64_t ids[] = {2, 3};
	struct fixture fixture = a_load_of(ids, 2);
	struct cycle cycle = fixture_cycle(CYCLES + 1, 2, CYCLE_DISCONNECTED);
	cycle.kind = CYCLE_VERIFICATION;
	cycle.user = (char *)"lab07";
	fixture_put_cycle(&fixture, &cycle);
	put_witness(&fixture, 2, "lab01", 3, 2, 60, CYCLE_LOGGED_OFF);
	put_witness(&fixture, 3, "lab02", 4, 2, 60, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	print(verdict);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(ids_that_none_is_given_are_a_leak_where_nobody_else_logs_on),
	    unit_test(somebody_else_may_have_them_where_that_is_not_said),
	    unit_test(logons_too_soon_prove_nothing),
	    unit_test(ids_above_all_that_were_given_tell_nothing),
	    unit_test(ids_that_all_came_back_make_up_for_handles_that_do_not_tell_them),
	    unit_test(id_of_a_logon_that_was_over_before_the_last_had_logged_on_is_free),
	    unit_test(logon_that_joins_an_old_session_tells_nothing_of_lower_ids),
	    unit_test(logon_that_failed_may_have_had_the_id),
	    unit_test(cycle_that_was_lost_may_have_left_a_session_in_the_id),
	    unit_test(logons_of_an_earlier_part_of_the_run_tell_nothing_of_the_later_one),
	    unit_test(session_that_an_earlier_verification_left_is_no_pinned_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
