#include "tests/unit/unit.h"

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

/* A run of 50 cycles of which each `every`-th leaks; 0: none does. */
static struct fixture make_run(int every)
{
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_snapshot(&fixture, MARK_AFTER, fixture_snapshot());
	for (int cycle = 1; every && cycle <= 50; cycle++)
		if (cycle % every == 0)
			fixture_add_logon(settled, cycle, 2);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	return fixture;
}

static void vouch(struct fixture *run, const char *name, const char *rate, int every)
{
	struct fixture control = make_run(every);
	assert_true(runfile_finish(control.runfile, NULL));
	assert_true(runfile_add_control(
	    run->runfile, name, rate, unit_path(control.directory, "run.leaklab"), NULL));
	fixture_destroy(&control);
}

static struct verdict *judge_with(struct fixture *run, int negative, const char *rate, int positive)
{
	vouch(run, "negative", NULL, negative);
	vouch(run, "positive", rate, positive);
	return fixture_judge(run);
}

static void controls_that_hold_vouch_for_the_verdict(void **state)
{
	(void)state;
	struct fixture run = make_run(2);
	struct verdict *verdict = judge_with(&run, 0, "0.1", 10);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "the negative control was clean (0 of 50)");
	assert_reason(
	    verdict, "the positive control's leak at 10 % of the logons was found (5 of 50)");
	fixture_finish(&run, verdict);
}

static void a_lab_that_sees_leaks_everywhere_gives_no_verdict(void **state)
{
	(void)state;
	struct fixture run = make_run(2);
	struct verdict *verdict = judge_with(&run, 4, "0.1", 10);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "sees leaks where none should be");
	fixture_finish(&run, verdict);
}

static void a_lab_that_is_blind_gives_no_verdict(void **state)
{
	(void)state;
	struct fixture run = make_run(0);
	struct verdict *verdict = judge_with(&run, 0, "0.1", 0);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "would not have seen a leak of that size");
	fixture_finish(&run, verdict);
}

static void a_lab_that_measures_another_rate_gives_no_verdict(void **state)
{
	(void)state;
	struct fixture run = make_run(0);
	struct verdict *verdict = judge_with(&run, 0, "0.9", 10);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "does not measure what it should");
	fixture_finish(&run, verdict);
}

static void a_damaged_control_is_an_error_that_names_it(void **state)
{
	(void)state;
	struct fixture run = make_run(0);
	struct error error = {0};
	unit_write_file(unit_path(run.directory, "noise"), "no run file at all", 18);
	assert_true(runfile_add_control(
	    run.runfile, "negative", NULL, unit_path(run.directory, "noise"), NULL));
	assert_null(judge_run(run.runfile, NULL, &error));
	assert_contains(error.text, "negative");
	fixture_destroy(&run);
}

/* As in a file that was changed by hand. */
static void a_control_without_a_name_is_judged_like_others(void **state)
{
	(void)state;
	struct fixture run = make_run(0);
	vouch(&run, NULL, NULL, 0);
	struct verdict *verdict = fixture_judge(&run);
	assert_int_equal(verdict->control_count, 1);
	assert_string_equal(verdict->controls[0].name, "without a name");
	fixture_finish(&run, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(controls_that_hold_vouch_for_the_verdict),
	    unit_test(a_lab_that_sees_leaks_everywhere_gives_no_verdict),
	    unit_test(a_lab_that_is_blind_gives_no_verdict),
	    unit_test(a_lab_that_measures_another_rate_gives_no_verdict),
	    unit_test(a_damaged_control_is_an_error_that_names_it),
	    unit_test(a_control_without_a_name_is_judged_like_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
