#include "tests/unit/unit.h"

#include <math.h>

#include "statistics/power.h"

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.6f is not %.6f", value, expected);
}

static void cycles_for_99_percent_are_those_of_the_plan(void **state)
{
	(void)state;
	assert_int_equal(power_cycles(0.1, 1, 0.01), 44);
	assert_int_equal(power_cycles(0.05, 1, 0.01), 90);
	assert_int_equal(power_cycles(0.02, 1, 0.01), 228);
	assert_int_equal(power_cycles(0.01, 1, 0.01), 459);
}

static void at_95_percent_they_are_the_old_ones(void **state)
{
	(void)state;
	assert_int_equal(power_cycles(0.1, 1, 0.05), 29);
	assert_int_equal(power_cycles(0.01, 1, 0.05), 299);
}

/* (1 - 0.9)^2 is 0.01 except for the last bit. */
static void a_whole_number_of_cycles_is_not_rounded_up(void **state)
{
	(void)state;
	assert_int_equal(power_cycles(0.9, 1, 0.01), 2);
	assert_int_equal(power_cycles(0.99, 1, 0.01), 1);
	assert_int_equal(power_cycles(0.999, 1, 0.01), 1);
}

static void nothing_is_seen_of_a_leak_that_comes_by_itself_as_the_table_has_it(void **state)
{
	(void)state;
	assert_near(1 - power_chance(0.05, 1, 60), 0.046, 0.0005);
	assert_near(1 - power_chance(0.05, 1, 90), 0.0099, 0.00005);
	assert_near(1 - power_chance(0.05, 1, 100), 0.0059, 0.00005);
	assert_near(1 - power_chance(0.05, 1, 300), 0, 0.000001);
}

static void nothing_is_seen_of_bursts_as_the_table_has_it(void **state)
{
	(void)state;
	static const struct {
		double rate;
		int64_t cycles;
		double missed;
	} rows[] = {{0.05, 60, 0.81}, {0.05, 90, 0.75}, {0.05, 100, 0.73}, {0.05, 300, 0.43},
	    {0.1, 60, 0.65}, {0.1, 90, 0.55}, {0.1, 100, 0.52}, {0.1, 300, 0.17}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_near(
		    1 - power_chance(rows[i].rate, 20, rows[i].cycles), rows[i].missed, 0.006);
}

static void smallest_rate_that_is_excluded_is_that_of_the_table(void **state)
{
	(void)state;
	assert_int_equal(power_cycles(0.0739, 1, 0.01), 60);
	assert_near(power_chance(0.56, 20, 60), 0.99, 0.002);
	assert_near(power_chance(0.44, 20, 100), 0.99, 0.002);
	assert_near(power_chance(0.22, 20, 300), 0.99, 0.002);
}

static void bursts_cost_about_as_many_times_the_cycles_as_they_are_long(void **state)
{
	(void)state;
	assert_int_equal(power_cycles(0.05, 20, 0.01), 1730);
	for (double rate = 0.01; rate < 0.11; rate += 0.01) {
		const double times =
		    (double)power_cycles(rate, 20, 0.01) / (double)power_cycles(rate, 1, 0.01);
		assert_in_range((int64_t)(times * 10), 180, 205);
	}
}

static void so_many_cycles_and_no_fewer_reach_the_confidence(void **state)
{
	(void)state;
	for (double rate = 0.005; rate < 1; rate += 0.035)
		for (double burst = 1; burst < 50; burst *= 3) {
			const int64_t cycles = power_cycles(rate, burst, 0.01);
			assert_true(power_chance(rate, burst, cycles) >= 0.99 - 1e-9);
			if (cycles > 1)
				assert_true(power_chance(rate, burst, cycles - 1) < 0.99);
		}
}

static void without_cycles_nothing_is_seen(void **state)
{
	(void)state;
	assert_near(power_chance(0.5, 1, 0), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(cycles_for_99_percent_are_those_of_the_plan),
	    unit_test(at_95_percent_they_are_the_old_ones),
	    unit_test(a_whole_number_of_cycles_is_not_rounded_up),
	    unit_test(nothing_is_seen_of_a_leak_that_comes_by_itself_as_the_table_has_it),
	    unit_test(nothing_is_seen_of_bursts_as_the_table_has_it),
	    unit_test(smallest_rate_that_is_excluded_is_that_of_the_table),
	    unit_test(bursts_cost_about_as_many_times_the_cycles_as_they_are_long),
	    unit_test(so_many_cycles_and_no_fewer_reach_the_confidence),
	    unit_test(without_cycles_nothing_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
