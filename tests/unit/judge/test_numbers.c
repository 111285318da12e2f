#include "tests/unit/unit.h"

#include <math.h>

#include "leak/leak.h"
#include "judge/expectation.h"
#include "judge/trend.h"

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
		y[i] = 10 + i % 10; /* a sawtooth */
	}
	assert_int_equal(trend_floor(x, y, 300, 30), 30);
	for (int i = 0; i < 30; i++)
		assert_near(y[i], 10);
	assert_true(trend_slope(x, y, 30, &slope));
	assert_near(slope, 0);
}

static void the_error_of_a_trend_grows_with_the_noise(void **state)
{
	(void)state;
	double x[30], y[30];
	struct trend calm, loud;
	for (int i = 0; i < 30; i++) {
		x[i] = 5 * i;
		y[i] = 0.2 * x[i] + (i * 7 % 5 - 2) * 0.1;
	}
	assert_true(trend_estimate(x, y, 30, &calm));
	for (int i = 0; i < 30; i++)
		y[i] = 0.2 * x[i] + (i * 7 % 5 - 2) * 3;
	assert_true(trend_estimate(x, y, 30, &loud));
	assert_true(fabs(calm.slope - 0.2) < 0.01 && fabs(loud.slope - 0.2) < 0.1);
	assert_true(calm.error > 0 && loud.error > 10 * calm.error);
	assert_true(calm.kendall_z > 5);
	assert_false(trend_estimate(x, y, 7, &calm));
}

static void ties_alone_are_no_trend(void **state)
{
	(void)state;
	double x[20], y[20] = {0};
	struct trend trend;
	for (int i = 0; i < 20; i++)
		x[i] = i;
	assert_true(trend_estimate(x, y, 20, &trend));
	assert_near(trend.slope, 0);
	assert_near(trend.error, 0);
	assert_near(trend.kendall_z, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_floor_does_not_see_what_comes_and_goes),
	    unit_test(the_error_of_a_trend_grows_with_the_noise),
	    unit_test(ties_alone_are_no_trend),
	    unit_test(one_outlier_does_not_bend_the_trend),
	    unit_test(images_are_the_same_in_any_case_with_and_without_exe),
	    unit_test(expectations_and_limits_are_checked_when_they_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
