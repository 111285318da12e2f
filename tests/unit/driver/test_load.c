#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

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

static void take(struct scenario *scenario, uint64_t shard, uint64_t injectors)
{
	const struct share share = {shard, injectors};

	share_take(scenario, &share);
}

static void injectors_together_arrive_as_one_would(void **state)
{
	const struct scenario whole = {
	    .load = {.slots = 10, .cycles = 61, .rate = 5, .ramp = {.least = 2 * SECOND}}};
	int64_t all[61];
	uint64_t cycles = 0;

	(void)state;
	load_arrivals(&whole.load, 0, 61, 1, all);
	for (uint64_t shard = 0; shard < 3; shard++) {
		struct scenario own = whole;
		take(&own, shard, 3);
		plan(&own.load);
		cycles += own.load.cycles;
		for (uint64_t i = 0; i < own.load.cycles; i++)
			assert_near(due[i], all[i * 3 + shard]);
	}
	assert_int_equal(cycles, 61);
}

static void injectors_together_have_the_slots_of_one(void **state)
{
	struct load_step steps[] = {{.slots = 4, .cycles = 10}, {.slots = 9, .cycles = 25}};
	struct scenario whole = {.load = {.slots = 9, .cycles = 35, .ramp = {.least = 9 * SECOND}}};
	uint64_t slots = 0, first = 0, cycles = 0;

	(void)state;
	for (uint64_t shard = 0; shard < 4; shard++) {
		struct load_step own_steps[] = {steps[0], steps[1]};
		struct scenario own = whole;
		own.load.steps = own_steps;
		own.load.steps_count = 2;
		take(&own, shard, 4);
		slots += own.load.slots;
		first += own_steps[0].slots;
		cycles += load_step_end(&own.load, 0) + own_steps[1].cycles;
		assert_int_equal(own_steps[0].cycles + own_steps[1].cycles, own.load.cycles);
		assert_int_equal(own_steps[0].slots, 1);
	}
	assert_int_equal(slots, 9);
	assert_int_equal(first, 4);
	assert_int_equal(cycles, 35);
	/* Of those that begin in nine seconds, the second of three injectors has its first a third of a pause later. */
	take(&whole, 1, 3);
	assert_int_equal(load_slot_start(&whole.load, 3, 0), SECOND);
	assert_int_equal(load_slot_start(&whole.load, 3, 1), 4 * SECOND);
}

static void injectors_together_begin_no_faster_than_any_load_may(void **state)
{
	struct scenario scenario = {.load = {.slots = 2000, .cycles = 2000}};

	(void)state;
	take(&scenario, 0, 4);
	assert_int_equal(scenario.load.slots, 500);
	assert_int_equal(load_slot_start(&scenario.load, 500, 250), 2 * SECOND);
}

static void injectors_end_after_their_part_of_the_failures(void **state)
{
	const struct {
		uint64_t all, injectors, own;
	} rows[] = {{20, 4, 5}, {20, 8, 3}, {20, 3, 7}, {2, 4, 2}, {1, 2, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scenario scenario = {
		    .load = {.slots = 8, .cycles = 8}, .limits = {.failures = rows[i].all}};
		take(&scenario, 0, rows[i].injectors);
		assert_int_equal(scenario.limits.failures, rows[i].own);
	}
}

static void what_cannot_be_shared_is_refused(void **state)
{
	struct load_step steps[] = {{.slots = 1, .cycles = 4}, {.slots = 9, .cycles = 25}};
	struct scenario scenario = {.load = {.slots = 9, .cycles = 29}};
	struct error error;

	(void)state;
	assert_true(share_check(&scenario, 8, &error));
	assert_false(share_check(&scenario, 10, &error));
	assert_string_equal(error.text,
	    "load.slots: 9 cannot be shared by 10 injectors: use fewer of them, or raise it");
	scenario.load.steps = steps;
	scenario.load.steps_count = 2;
	assert_false(share_check(&scenario, 2, &error));
	assert_non_null(strstr(error.text, "load.steps.0.slots: 1 cannot be shared"));
	assert_true(share_check_accounts(24, 8, &error));
	assert_false(share_check_accounts(20, 8, &error));
	assert_non_null(strstr(error.text, "use 16 or 24"));
	assert_false(share_check_accounts(4, 8, &error));
	assert_non_null(strstr(error.text, "each needs its own"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(injectors_together_arrive_as_one_would),
	    cmocka_unit_test(injectors_together_have_the_slots_of_one),
	    cmocka_unit_test(injectors_together_begin_no_faster_than_any_load_may),
	    cmocka_unit_test(injectors_end_after_their_part_of_the_failures),
	    cmocka_unit_test(what_cannot_be_shared_is_refused),
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
