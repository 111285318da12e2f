#include "tests/unit/unit.h"

#include <math.h>

#include "leak/leak.h"
#include "judge/expectation.h"
#include "judge/judge.h"
#include "judge/rate.h"
#include "statistics/trend.h"

static void assert_near(double value, double expected)
{
	if (fabs(value - expected) > 0.00006)
		fail_msg("%.6f is not %.6f", value, expected);
}

static void one_outlier_does_not_bend_the_trend(void **state)
{
	(void)state;
	double x[5000], y[5000], slope;
	for (int i = 0; i < 5000; i++) {
		x[i] = i;
		y[i] = 2 + 0.5 * i;
	}
	y[2500] = 65536;
	assert_true(trend_slope(x, y, 5000, &slope));
	assert_near(slope, 0.5);
	assert_true(trend_slope(x, y, 2, &slope));
	assert_near(slope, 0.5);
	assert_false(trend_slope(x, y, 1, &slope));
}

static void a_floor_does_not_see_what_comes_and_goes(void **state)
{
	(void)state;
	double x[300], y[300], slope;
	for (int i = 0; i < 300; i++) {
		x[i] = i;
		y[i] = 10 + i % 3; /* a sawtooth */
	}
	assert_int_equal(trend_floor(x, y, 300, 30), 30);
	for (int i = 0; i < 30; i++)
		assert_near(y[i], 10);
	assert_true(trend_slope(x, y, 30, &slope));
	assert_near(slope, 0);
}

static void of_few_points_the_floor_leaves_all(void **state)
{
	(void)state;
	double x[3] = {1, 2, 3}, y[3] = {5, 4, 6};
	assert_int_equal(trend_floor(x, y, 3, 3), 3);
	assert_near(y[0], 5);
	assert_int_equal(trend_floor(x, y, 3, 2), 2);
	assert_near(x[0], 2);
	assert_near(x[1], 3);
}

static void images_are_the_same_in_any_case_with_and_without_exe(void **state)
{
	(void)state;
	assert_true(image_same("lsass", "LSASS.EXE"));
	assert_false(image_same("lsass", "lsas.exe"));
}

static void expectations_and_limits_are_checked_when_they_are_written(void **state)
{
	(void)state;
	struct error error = {0};
	assert_true(judging_valid("expect.verdict", "LEAK", &error));
	assert_true(judging_valid("expect.rate", "0.25", &error));
	assert_true(judging_valid("expect.culprit", "leaker.exe", &error));
	assert_true(judging_valid("expect.unattributed", "all", &error));
	assert_false(judging_valid("expect.verdict", "leak", &error));
	assert_contains(
	    error.text, "expect.verdict: \"leak\" should be CLEAN, LEAK or INCONCLUSIVE");
	assert_int_equal(error.code, EXIT_USAGE);
	assert_false(judging_valid("expect.rate", "1.5", &error));
	assert_false(judging_valid("expect.rate", "1e-3", &error));
	assert_false(judging_valid("expect.culprit", "", &error));
	assert_false(judging_valid("expect.orphans_after", "all", &error));
	assert_false(judging_valid("expect.luck", "some", &error));
	assert_contains(error.text, "expect.sessions_left");
	assert_true(judging_valid("judge.smallest_rate", "0.05", &error));
	assert_true(judging_valid("judge.max_failed", "0", &error));
	assert_false(judging_valid("judge.smallest_rate", "0", &error));
	assert_contains(error.text, "such as 0.05");
	assert_false(judging_valid("judge.max_failed", "2 of 3", &error));
	assert_false(judging_valid("judge.mercy", "0.5", &error));
	assert_contains(error.text, "judge.max_failed");
}

static void a_rate_is_shown_as_all_or_none_only_if_it_is(void **state)
{
	static const struct {
		double rate;
		const char *percent, *number;
	} rates[] = {
	    {0, "0", "0"},
	    {1e-15, "0", "0"}, /* what a binary fraction leaves of 0 */
	    {1e-6, "<0.01", "1e-06"},
	    {0.0001, "0.01", "0.0001"},
	    {0.5, "50", "0.5"},
	    {0.9123, "91.2", "0.912"},
	    {0.9994, "99.9", "0.999"},
	    {0.9999, "99.99", "0.9999"},
	    {0.99996, ">99.99", ">0.9999"},
	    {1, "100", "1"},
	    {1 - 1e-15, "100", "1"},
	};
	char text[PERCENT_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		assert_string_equal(percent_format(rates[i].rate, text), rates[i].percent);
		assert_string_equal(rate_format(rates[i].rate, text), rates[i].number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_rate_is_shown_as_all_or_none_only_if_it_is),
	    unit_test(a_floor_does_not_see_what_comes_and_goes),
	    unit_test(of_few_points_the_floor_leaves_all),
	    unit_test(one_outlier_does_not_bend_the_trend),
	    unit_test(images_are_the_same_in_any_case_with_and_without_exe),
	    unit_test(expectations_and_limits_are_checked_when_they_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
