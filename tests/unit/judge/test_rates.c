/* How sure a rate is, by when the cycles that leaked came and whose they were. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

/* A run of 100 cycles of five accounts in turn, of which those in the list leaked. */
static struct fixture a_run(const bool *leaks)
{
	static const char *const users[] = {"lab01", "lab02", "lab03", "lab04", "lab05"};
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	int64_t id = 2;
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 100; i++) {
		struct cycle cycle = fixture_cycle(i, id, CYCLE_LOGGED_OFF);
		cycle.user = (char *)users[i % 5];
		fixture_put_cycle(&fixture, &cycle);
		if (!leaks[i])
			continue;
		fixture_add_logon(settled, i, id++);
		settled->logon_sessions[settled->logon_session_count - 1].user = users[i % 5];
		fixture_add_handle(settled, "leaker.exe", 5124, i);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	return fixture;
}

static void a_burst_is_named_and_makes_the_interval_wide(void **state)
{
	(void)state;
	bool leaks[101] = {false};
	for (size_t i = 41; i <= 60; i++)
		leaks[i] = true;
	struct fixture fixture = a_run(leaks);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 20);
	assert_reason(
	    verdict, "they are not spread evenly: in cycles 41 to 60 20 of 20, elsewhere 0 of 80");
	assert_true(verdict->effective < 1);
	assert_true(verdict->lower < 0.01 && verdict->upper > 0.99);
	fixture_finish(&fixture, verdict);
}

static void a_change_of_rate_is_named(void **state)
{
	(void)state;
	bool leaks[101] = {false};
	for (size_t i = 51; i <= 100; i++)
		leaks[i] = true;
	struct fixture fixture = a_run(leaks);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "from cycle 51 on 50 of 50, elsewhere 0 of 50");
	fixture_finish(&fixture, verdict);
}

static void an_account_that_leaks_alone_is_named_and_widens_nothing(void **state)
{
	(void)state;
	bool leaks[101] = {false};
	for (size_t i = 3; i <= 100; i += 5)
		leaks[i] = true;
	struct fixture fixture = a_run(leaks);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "accounts differ: 20 of 20 cycles of lab04, 0 of 80 of the others");
	assert_true(verdict->effective > 99);
	assert_int_equal(verdict->account_count, 5);
	assert_int_equal(verdict->accounts[3].k, 20);
	assert_int_equal(verdict->accounts[3].n, 20);
	assert_int_equal(verdict->accounts[4].k, 0);
	fixture_finish(&fixture, verdict);
}

static void clean_says_which_bursts_it_could_miss(void **state)
{
	(void)state;
	const bool none[101] = {false};
	struct fixture fixture = a_run(none);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict,
	    "a leak in 4.5 % of the cycles would have been seen, one in bursts of "
	    "20 cycles only at 44.3 % (99 % confidence)");
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_burst_is_named_and_makes_the_interval_wide),
	    unit_test(a_change_of_rate_is_named),
	    unit_test(an_account_that_leaks_alone_is_named_and_widens_nothing),
	    unit_test(clean_says_which_bursts_it_could_miss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
