#include "tests/unit/unit.h"

#include <math.h>

#include "statistics/few_runs.h"

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.6f is not %.6f", value, expected);
}

static void spread_that_would_overturn_is_that_of_the_table(void **state)
{
	(void)state;
	const struct few_runs none = {0, 100, 1}, ten = {10, 100, 1}, all = {100, 100, 1};
	assert_near(few_runs_overturning(&all, &none), 4.3, 0.05);
	assert_near(few_runs_overturning(&ten, &none), 0.9, 0.05);
	assert_true(isnan(few_runs_overturning(&none, &none)));
}

static void one_run_each_needs_twelve_of_a_hundred_before(void **state)
{
	(void)state;
	const struct few_runs none = {0, 100, 1}, eleven = {11, 100, 1}, twelve = {12, 100, 1};
	assert_true(few_runs_chance(&eleven, &none) > FEW_RUNS_LEVEL);
	assert_true(few_runs_chance(&twelve, &none) <= FEW_RUNS_LEVEL);
	assert_int_equal(few_runs_least_before(100, 1), 12);
}

static void more_cycles_need_the_same_share_before(void **state)
{
	(void)state;
	assert_int_equal(few_runs_least_before(60, 1), 12);
	assert_int_equal(few_runs_least_before(100, 2), 24);
	assert_int_equal(few_runs_least_before(1000, 1), 120);
	assert_int_equal(few_runs_least_before(100, 3), 36);
	assert_int_equal(few_runs_least_before(2, 3), 3);
}

static void so_few_cycles_that_no_number_of_them_tells(void **state)
{
	(void)state;
	assert_int_equal(few_runs_least_before(1, 1), 0);
	assert_int_equal(few_runs_least_before(0, 1), 0);
	assert_true(few_runs_least_before(10, 1) <= 10);
}

static void direction_makes_no_difference(void **state)
{
	(void)state;
	const struct few_runs one = {30, 100, 1}, other = {5, 90, 2};
	assert_near(few_runs_chance(&one, &other), few_runs_chance(&other, &one), 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(spread_that_would_overturn_is_that_of_the_table),
	    unit_test(one_run_each_needs_twelve_of_a_hundred_before),
	    unit_test(more_cycles_need_the_same_share_before),
	    unit_test(so_few_cycles_that_no_number_of_them_tells),
	    unit_test(direction_makes_no_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
