#include "tests/unit/unit.h"

#include <math.h>

#include "common/duration.h"
#include "driver/scenario/scenario.h"

#define MOST 2000

static int64_t due[MOST];

static void plan(const struct scenario_load *load)
{
	assert_true(load->cycles <= MOST);
	load_arrivals(load, 0, load->cycles, 1, due);
}

static void assert_near(int64_t value, int64_t expected)
{
	assert_in_range(value - expected + 10, 0, 20); /* microseconds */
}

static void closed_load_ramps_its_slots_up_evenly(void **state)
{
	const struct scenario_load load = {.slots = 4, .ramp = {.least = 8 * SECOND}};

	(void)state;
	for (uint64_t slot = 0; slot < 4; slot++)
		assert_int_equal(load_slot_start(&load, 4, slot), 2 * SECOND * (int64_t)slot);
}

static void slots_begin_no_faster_than_any_load_may(void **state)
{
	const struct scenario_load load = {.slots = 2000};

	(void)state;
	assert_int_equal(load_slot_start(&load, 2000, 500), SECOND);
	assert_int_equal(load_slot_start(&load, 2000, 1999), 3998000);
}

static void open_load_arrives_at_its_rate(void **state)
{
	const struct scenario_load load = {.slots = 4, .cycles = 60, .rate = 5};

	(void)state;
	plan(&load);
	assert_int_equal(due[0], 0);
	assert_near(due[5], SECOND);
	assert_near(due[50], 10 * SECOND);
	assert_near(load_last_arrival(&load), due[59]);
}

static void open_load_rises_to_its_rate_and_falls_from_it(void **state)
{
	const struct scenario_load load = {.slots = 4,
	    .cycles = 100,
	    .rate = 10,
	    .ramp = {.least = 4 * SECOND},
	    .ramp_down = {.least = 8 * SECOND}};

	(void)state;
	plan(&load);
	/* In the ramp of 4 s come half as many as at the full rate: 20; in that of 8 s come 40, so 40 in the 4 s between. */
	assert_near(due[5], 2 * SECOND);
	assert_near(due[20], 4 * SECOND);
	assert_near(due[30], 5 * SECOND);
	assert_near(due[60], 8 * SECOND);
	assert_near(due[90], 12 * SECOND); /* a quarter of 40 is left for the second half */
	assert_true(due[99] < 16 * SECOND);
	for (int i = 1; i < 100; i++)
		assert_true(due[i] > due[i - 1]);
}

static void steps_of_rates_follow_each_other(void **state)
{
	struct load_step steps[] = {
	    {.rate = 2, .time = {.least = 10 * SECOND}},
	    {.rate = 10, .cycles = 50},
	    {.rate = 4, .time = {.least = 5 * SECOND}},
	};
	struct scenario_load load = {.slots = 9, .rate = 10, .steps = steps, .steps_count = 3};

	(void)state;
	load.cycles = load_cycles_of_steps(&load);
	assert_int_equal(load.cycles, 20 + 50 + 20);
	plan(&load);
	assert_near(due[19], 9500000);
	assert_near(due[20], 10 * SECOND);
	assert_near(due[70], 15 * SECOND);
	assert_near(due[89], 19750000);
	assert_int_equal(load_step_of(&load, 19), 0);
	assert_int_equal(load_step_of(&load, 20), 1);
	assert_int_equal(load_step_of(&load, 70), 2);
	/* A run that is resumed goes on with the next. */
	load_arrivals(&load, 70, 20, 1, due);
	assert_int_equal(due[0], 0);
	assert_near(due[4], SECOND);
}

static void last_step_goes_on_where_more_cycles_are_asked_for(void **state)
{
	struct load_step steps[] = {{.slots = 2, .cycles = 4}, {.slots = 5, .cycles = 10}};
	const struct scenario_load load = {
	    .slots = 5, .cycles = 30, .steps = steps, .steps_count = 2};

	(void)state;
	assert_int_equal(load_cycles_of_steps(&load), 14);
	assert_int_equal(load_step_of(&load, 3), 0);
	assert_int_equal(load_step_of(&load, 4), 1);
	assert_int_equal(load_step_of(&load, 29), 1);
	assert_int_equal(load_step_end(&load, 0), 4);
	assert_int_equal(load_step_end(&load, 1), 30);
}

/* Gaps of a Poisson process are exponentially distributed: their standard deviation is their mean. */
static void poisson_arrivals_are_random_and_fill_the_same_time(void **state)
{
	const struct scenario_load load = {
	    .slots = 4, .cycles = MOST, .rate = 10, .arrivals = ARRIVALS_POISSON};
	double sum = 0, squares = 0;

	(void)state;
	plan(&load);
	assert_true(due[0] >= 0);
	assert_true(due[MOST - 1] < MOST / 10 * SECOND);
	assert_true(due[MOST - 1] > (MOST / 10 - 2) * SECOND);
	for (int i = 1; i < MOST; i++) {
		const double gap = (double)(due[i] - due[i - 1]) / (double)SECOND;
		assert_true(gap >= 0);
		sum += gap;
		squares += gap * gap;
	}
	const double mean = sum / (MOST - 1);
	assert_true(fabs(mean - 0.1) < 0.005);
	assert_true(fabs(sqrt(squares / (MOST - 1) - mean * mean) - mean) < 0.01);
	const int64_t before = due[77];
	plan(&load);
	assert_int_equal(due[77], before);
	load_arrivals(&load, 0, load.cycles, 2, due);
	assert_int_not_equal(due[77], before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(closed_load_ramps_its_slots_up_evenly),
	    unit_test(slots_begin_no_faster_than_any_load_may),
	    unit_test(open_load_arrives_at_its_rate),
	    unit_test(open_load_rises_to_its_rate_and_falls_from_it),
	    unit_test(steps_of_rates_follow_each_other),
	    unit_test(last_step_goes_on_where_more_cycles_are_asked_for),
	    unit_test(poisson_arrivals_are_random_and_fill_the_same_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
