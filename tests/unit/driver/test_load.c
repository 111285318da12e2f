#include "tests/unit/unit.h"

#include "common/duration.h"
#include "driver/scenario/scenario.h"

static void closed_load_ramps_its_slots_up_evenly(void **state)
{
	const struct scenario_load load = {.slots = 4, .ramp = {.least = 8 * SECOND}};

	(void)state;
	for (uint64_t slot = 0; slot < 4; slot++)
		assert_int_equal(load_slot_start(&load, slot), 2 * SECOND * (int64_t)slot);
}

static void open_load_arrives_at_its_rate(void **state)
{
	const struct scenario_load load = {.slots = 4, .rate = 5};

	(void)state;
	assert_int_equal(load_arrival(&load, 0), 0);
	assert_int_equal(load_arrival(&load, 5), SECOND);
	assert_int_equal(load_arrival(&load, 50), 10 * SECOND);
}

static void open_load_rises_to_its_rate(void **state)
{
	const struct scenario_load load = {.slots = 4, .rate = 10, .ramp = {.least = 4 * SECOND}};

	(void)state;
	/* In the ramp of 4 s come half as many as at the full rate: 20. */
	assert_int_equal(load_arrival(&load, 20), 4 * SECOND);
	assert_int_equal(load_arrival(&load, 5), 2 * SECOND);
	assert_int_equal(load_arrival(&load, 30), 5 * SECOND);
	for (uint64_t i = 1; i < 100; i++)
		assert_true(load_arrival(&load, i) > load_arrival(&load, i - 1));
}

static void draw_stays_in_its_span(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(closed_load_ramps_its_slots_up_evenly),
	    unit_test(open_load_arrives_at_its_rate),
	    unit_test(open_load_rises_to_its_rate),
	    unit_test(draw_stays_in_its_span),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
