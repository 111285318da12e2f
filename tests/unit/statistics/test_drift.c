/* Levels and powers by simulation: seeded, the same numbers each time. */
#include "tests/unit/unit.h"

#include <math.h>

#include "statistics/drift.h"
#include "statistics/trend.h"

#define POINTS 18 /* of a run of 100 cycles with a sample every 5 */
#define LIMIT 0.1
#define LEVEL 0.005

/* splitmix64, by Sebastiano Vigna: public domain. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double uniform(uint64_t *state)
{
	return (double)(next(state) >> 11) * 0x1p-53;
}

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(1 - uniform(state))) * cos(6.283185307179586 * uniform(state));
}

/* A count: it leaks `rate` a cycle, has noise, and wanders in normal steps, keeping so much of its way at each point. */
struct made {
	double rate;
	double tau; /* cycles in which it slows down by a factor of e; 0: it does not */
	double noise, walk, keeps;
	bool whole; /* the walk's steps are 1 to 3, up or down */
	size_t points, most;
};

static double leaked(const struct made *made, double cycles)
{
	return made->tau > 0 ? made->rate * made->tau * (1 - exp(-cycles / made->tau))
	                     : made->rate * cycles;
}

static struct drift make(const struct made *made, uint64_t *state)
{
	const size_t points = made->points ? made->points : POINTS;
	double x[400], y[400], walk = 0;
	struct drift drift;

	/* An AR(1) begins anywhere in its distribution. */
	if (made->keeps > 0 && made->keeps < 1)
		walk = made->walk * normal(state) / sqrt(1 - made->keeps * made->keeps);
	for (size_t i = 0; i < points; i++) {
		const double step = made->whole ? (double)(1 + next(state) % 3) : normal(state);
		walk = made->keeps * walk +
		       made->walk * (made->whole && next(state) % 2 ? -step : step);
		x[i] = 10 + 85 * (double)i / (double)(points - 1);
		y[i] = leaked(made, x[i]) + walk + made->noise * normal(state);
	}
	assert_true(drift_estimate(x, y, trend_floor(x, y, points, 32), LIMIT, &drift));
	return drift;
}

/* Shares of so many. */
struct shares {
	double rise, slows, leak;
	double covers; /* the interval holds the rate */
};

static struct shares try(struct made made, int runs)
{
	uint64_t state = 7;
	struct shares shares = {0};

	for (int run = 0; run < runs; run++) {
		const struct drift drift = make(&made, &state);
		const bool rises = drift.chance <= LEVEL;
		shares.rise += rises;
		shares.slows += drift.slows;
		shares.leak += rises && !drift.slows;
		shares.covers += drift.lower <= made.rate && made.rate <= drift.upper;
	}
	return (struct shares){
	    shares.rise / runs, shares.slows / runs, shares.leak / runs, shares.covers / runs};
}

static void assert_between(double value, double least, double most)
{
	if (value < least || value > most)
		fail_msg("%.4f is not from %.4f to %.4f", value, least, most);
}

static void random_walks_rise_no_more_often_than_the_level_says(void **state)
{
	(void)state;
	assert_between(try((struct made){LIMIT, .walk = 2, .keeps = 1}, 8000).rise, 0.003, 0.006);
	assert_between(try((struct made){LIMIT, .walk = 1, .keeps = 1, .whole = true}, 8000).rise,
	    0.003, 0.0075);
	assert_between(
	    try((struct made){0, .walk = 1, .keeps = 1, .whole = true, .points = 24}, 8000).rise,
	    0.0005, 0.0065);
}

static void many_samples_hold_the_level_as_well(void **state)
{
	(void)state;
	for (size_t points = 40; points <= 400; points += 120)
		assert_between(
		    try((struct made){LIMIT, .walk = 1, .keeps = 1, .points = points}, 4000).rise,
		    0.002, 0.0085);
}

static void what_comes_back_rises_less_often_still(void **state)
{
	(void)state;
	assert_between(try((struct made){LIMIT, .walk = 2, .keeps = 0.9}, 8000).rise, 0, 0.003);
	assert_between(try((struct made){LIMIT, .noise = 3}, 8000).rise, 0, 0.0005);
}

static void one_handle_a_cycle_is_found_in_noise_and_in_wandering(void **state)
{
	(void)state;
	assert_between(try((struct made){1}, 10).leak, 1, 1);
	assert_between(try((struct made){1, .noise = 1.5}, 2000).leak, 0.999, 1);
	assert_between(try((struct made){1, .noise = 3}, 2000).leak, 0.98, 1);
	assert_between(try((struct made){1, .walk = 2, .keeps = 0.9}, 2000).leak, 0.93, 1);
	assert_between(try((struct made){1, .walk = 2, .keeps = 1}, 2000).leak, 0.9, 1);
	assert_between(try((struct made){1, .noise = 3, .points = 200}, 2000).leak, 0.97, 1);
}

static void a_cache_that_fills_slows_down(void **state)
{
	(void)state;
	assert_between(try((struct made){2, .tau = 50}, 10).slows, 1, 1);
	assert_between(try((struct made){2, .tau = 50, .noise = 1.5}, 2000).slows, 0.99, 1);
	assert_between(try((struct made){2, .tau = 50, .noise = 3}, 2000).leak, 0, 0.03);
	assert_between(try((struct made){2, .tau = 25, .walk = 1, .keeps = 1}, 2000).leak, 0, 0.01);
}

static void intervals_hold_the_slope(void **state)
{
	(void)state;
	assert_between(try((struct made){0.5, .walk = 2, .keeps = 1}, 4000).covers, 0.945, 1);
	assert_between(try((struct made){0.5, .walk = 2, .keeps = 0.9}, 4000).covers, 0.96, 1);
	assert_between(try((struct made){0.5, .noise = 3}, 4000).covers, 0.98, 1);
}

static void what_rises_exactly_is_sure_and_steady(void **state)
{
	(void)state;
	double x[POINTS], y[POINTS];
	struct drift drift;

	for (int i = 0; i < POINTS; i++) {
		x[i] = 5 * i;
		y[i] = x[i] / 3;
	}
	assert_true(drift_estimate(x, y, POINTS, LIMIT, &drift));
	assert_true(drift.chance < 1e-9 && !drift.slows);
	assert_true(fabs(drift.slope - 1.0 / 3) < 1e-9 && drift.upper - drift.lower < 1e-9);
	assert_true(drift.kendall_z > 5);
	assert_false(drift_estimate(x, y, TREND_POINTS - 1, LIMIT, &drift));
}

static void what_is_flat_or_at_the_limit_does_not_rise(void **state)
{
	(void)state;
	double x[POINTS], y[POINTS];
	struct drift drift;

	for (int i = 0; i < POINTS; i++) {
		x[i] = 10 * i;
		y[i] = 7;
	}
	assert_true(drift_estimate(x, y, POINTS, LIMIT, &drift));
	assert_true(drift.chance == 1 && !drift.slows && drift.slope == 0 && drift.kendall_z == 0);
	y[POINTS - 1] = 8;
	assert_true(drift_estimate(x, y, POINTS, LIMIT, &drift));
	assert_true(drift.chance > 0.5);
}

static void one_step_is_no_steady_rise(void **state)
{
	(void)state;
	double x[POINTS], y[POINTS];
	struct drift drift;

	for (int i = 0; i < POINTS; i++) {
		x[i] = i;
		y[i] = i < POINTS / 2 ? 0 : 1000;
	}
	assert_true(drift_estimate(x, y, POINTS, LIMIT, &drift));
	assert_true(drift.chance > 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(random_walks_rise_no_more_often_than_the_level_says),
	    unit_test(many_samples_hold_the_level_as_well),
	    unit_test(what_comes_back_rises_less_often_still),
	    unit_test(one_handle_a_cycle_is_found_in_noise_and_in_wandering),
	    unit_test(a_cache_that_fills_slows_down),
	    unit_test(intervals_hold_the_slope),
	    unit_test(what_rises_exactly_is_sure_and_steady),
	    unit_test(what_is_flat_or_at_the_limit_does_not_rise),
	    unit_test(one_step_is_no_steady_rise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
