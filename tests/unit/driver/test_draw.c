#include "tests/unit/unit.h"

#include <math.h>

#include "common/duration.h"
#include "driver/scenario/scenario.h"

#define DRAWS 20000

static void draw_stays_in_its_range(void **state)
{
	const struct span span = {.least = 100, .most = 103};
	const struct span fixed = {.least = 5, .most = 5};
	unsigned seen[4] = {0};
	uint64_t generator = 1;

	(void)state;
	for (int i = 0; i < 400; i++) {
		const int64_t value = span_draw(&span, &generator);
		assert_in_range(value, 100, 103);
		seen[value - 100]++;
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(seen[i], 60, 140);
	assert_int_equal(span_draw(&fixed, &generator), 5);
}

/* Mean and standard deviation in seconds, each draw from another cycle's generator. */
static void assert_distributed(const char *text, double mean, double sd)
{
	struct span span = {0};
	double sum = 0, squares = 0;

	assert_true(span_parse(text, &span));
	for (uint64_t cycle = 0; cycle < DRAWS; cycle++) {
		uint64_t generator = draw_state(7, cycle, DRAW_HOLD);
		const int64_t value = span_draw(&span, &generator);
		assert_true(value >= 0 && value <= span.most);
		sum += (double)value / (double)SECOND;
		squares += (double)value * (double)value / (double)SECOND / (double)SECOND;
	}
	const double seen = sum / DRAWS;
	assert_true(fabs(seen - mean) < mean / 40);
	assert_true(fabs(sqrt(squares / DRAWS - seen * seen) - sd) < sd / 25);
}

static void draws_have_the_mean_and_deviation_that_were_asked_for(void **state)
{
	(void)state;
	assert_distributed("2s..4s", 3, 2 / sqrt(12));
	assert_distributed("exponential mean 10s", 10, 10);
	assert_distributed("normal mean 10s sd 2s", 10, 2);
	assert_distributed("lognormal mean 10s sd 5s", 10, 5);
	assert_distributed("lognormal sd 5s most 300s mean 10s", 10, 5);
}

static void draw_is_never_longer_than_most(void **state)
{
	struct span span = {0};
	uint64_t generator = 3;
	int at_most = 0;

	(void)state;
	assert_true(span_parse("exponential mean 10s most 20s", &span));
	for (int i = 0; i < 1000; i++)
		at_most += span_draw(&span, &generator) == 20 * SECOND;
	assert_in_range(at_most, 100, 170); /* 13.5 % of the draws would be longer */
}

static void draw_depends_on_seed_cycle_and_purpose_alone(void **state)
{
	(void)state;
	assert_true(draw_state(1, 5, DRAW_HOLD) == draw_state(1, 5, DRAW_HOLD));
	assert_true(draw_state(1, 5, DRAW_HOLD) != draw_state(2, 5, DRAW_HOLD));
	assert_true(draw_state(1, 5, DRAW_HOLD) != draw_state(1, 6, DRAW_HOLD));
	assert_true(draw_state(1, 5, DRAW_HOLD) != draw_state(1, 5, DRAW_THINK));
}

static void what_is_no_distribution_is_refused(void **state)
{
	static const char *const wrong[] = {"", "exponential", "exponential 10s",
	    "exponential mean 10s sd 3s", "normal mean 10s", "normal mean 10s sd 3s mean 4s",
	    "lognormal mean 0s sd 3s", "poisson mean 10s", "exponential mean 10s most 10s",
	    "exponential mean 10s twice", "exponential mean 10"};
	struct span span = {.least = 4};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(span_parse(wrong[i], &span));
	assert_int_equal(span.least, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(draw_stays_in_its_range),
	    unit_test(draws_have_the_mean_and_deviation_that_were_asked_for),
	    unit_test(draw_is_never_longer_than_most),
	    unit_test(draw_depends_on_seed_cycle_and_purpose_alone),
	    unit_test(what_is_no_distribution_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
