#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/plan.h"
#include "driver/scenario/scenario.h"

#define MINUTE (60 * SECOND)

/* As scenarios/real-host.yaml. */
static struct scenario real_host(void)
{
	return (struct scenario){
	    .name = (char *)"real-host",
	    .load = {.slots = 5,
	        .cycles = 60,
	        .ramp = {.least = 30 * SECOND},
	        .hold = {.least = 5 * SECOND, .most = 10 * SECOND},
	        .think = {.least = 1 * SECOND, .most = 5 * SECOND}},
	    .limits = {.duration = {.least = 120 * MINUTE}},
	    .settle = {.at_least = {.least = 20 * MINUTE},
	        .quiet = {.least = 2 * MINUTE},
	        .timeout = {.least = 30 * MINUTE}},
	    .judge = {.smallest_rate = (char *)"0.05"},
	};
}

static char *told(const struct scenario *scenario, bool json)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	struct plan plan;

	assert_non_null(out);
	plan_make(&plan, scenario);
	if (json)
		assert_true(plan_print_json(&plan, scenario, out));
	else
		plan_print_text(&plan, scenario, out);
	assert_int_equal(fclose(out), 0);
	/* Where lines are wrapped is another matter. */
	const char wrapped[] = "\n             ";
	for (char *wrap; (wrap = strstr(text, wrapped));) {
		*wrap = ' ';
		memmove(wrap + 1, wrap + strlen(wrapped), strlen(wrap + strlen(wrapped)) + 1);
	}
	return text;
}

static void assert_told(const struct scenario *scenario, const char *part)
{
	char *text = told(scenario, false);

	assert_contains(text, part);
	free(text);
}

static void chance_is_that_of_the_scenarios_cycles(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	plan_make(&plan, &scenario);
	assert_true(fabs(plan.chance - 0.954) < 0.0005);
	assert_true(fabs(plan.chance_in_bursts - 0.19) < 0.006);
	assert_int_equal(plan.cycles_for_clean, 90);
	assert_told(
	    &scenario, "takes 44, 90, 228, 459 counted cycles to exclude a leak of 10, 5, 2, 1 %");
	assert_told(&scenario, "a leak of 5 % (judge.smallest_rate) with a chance of 95.4 %");
	assert_told(&scenario, "its 60 cycles are too few for CLEAN, which takes 90");
	scenario.load.cycles = 90;
	assert_told(&scenario, "its 90 cycles are enough for CLEAN, which takes 90");
}

static void smallest_rate_is_the_judges_unless_it_is_set(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	scenario.judge.smallest_rate = NULL;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.cycles_for_clean, 44);
}

static void closed_load_takes_its_rounds(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	plan_make(&plan, &scenario);
	/* The last slot begins after 24 s; 12 cycles of 10 + 7.5 + 5 s, with 3 s between them. */
	assert_int_equal(plan.load, 24 * SECOND + 12 * 22500000 + 11 * 3 * SECOND);
	scenario.load.cycles = 61;
	plan_make(&plan, &scenario);
	/* The first slot has one more, which ends behind the others. */
	assert_int_equal(plan.load, 13 * 22500000 + 12 * 3 * SECOND);
	scenario.load.cycles = 3;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.load, 12 * SECOND + 22500000);
}

static void open_load_takes_its_arrivals_and_the_last_cycle(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	scenario.load.ramp = scenario.load.think = (struct span){0};
	scenario.load.rate = 0.1;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.load, 590 * SECOND + 22500000);
	assert_int_equal(plan.slots_needed, 3);
	/* Two slots cannot keep up with it. */
	scenario.load.slots = 2;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.load, 30 * 22500000);
	assert_told(&scenario, "its rate keeps about 3 slots busy: arrivals will be missed");
}

static void steps_are_told_and_take_their_time(void **state)
{
	struct scenario scenario = real_host();
	struct load_step steps[] = {{.slots = 2, .cycles = 4}, {.slots = 5, .cycles = 10}};
	struct plan plan;

	(void)state;
	scenario.load.ramp = (struct span){0};
	scenario.load.steps = steps;
	scenario.load.steps_count = 2;
	scenario.load.cycles = 14;
	plan_make(&plan, &scenario);
	/* Two rounds each, of 10 + 7.5 + 5 s, with 3 s between two. */
	assert_int_equal(plan.load, 2 * (2 * 22500000 + 3 * SECOND));
	assert_told(&scenario, "  steps      1: 2 slots for 4 cycles");
	assert_told(&scenario, "2: 5 slots for 10 cycles");
	char *text = told(&scenario, true);
	assert_contains(text, "\"steps\":[{\"slots\":2,\"cycles\":4},");
	free(text);
	steps[0] = (struct load_step){.slots = 2, .time = {.least = 60 * SECOND}};
	steps[1] = (struct load_step){.slots = 5, .time = {.least = 2 * MINUTE}};
	scenario.load.ramp_down.least = 30 * SECOND;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.load, 3 * MINUTE + 30 * SECOND + 22500000);
	assert_told(&scenario, "2: 5 slots for 2m at most 14 cycles");
}

static void slots_that_end_one_by_one_take_half_of_that_time_more(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	scenario.load.ramp_down.least = 40 * SECOND;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.load, 24 * SECOND + 12 * 22500000 + 11 * 3 * SECOND + 20 * SECOND);
}

static void settling_is_longer_if_something_is_left(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.settling, 20 * MINUTE);
	assert_int_equal(plan.settling_left, 25 * MINUTE);
	assert_int_equal(plan.settling_most, 30 * MINUTE);
	assert_told(&scenario, "20m; 25m if something is left; 30m at the most");
	scenario.settle.release = (struct span){.least = 60 * MINUTE};
	assert_told(
	    &scenario, "settle.timeout is over before a leak can be proven, which takes 1h 15m");
	scenario.settle.release = (struct span){.least = 1 * SECOND};
	plan_make(&plan, &scenario);
	assert_int_equal(plan.settling_left, 20 * MINUTE);
}

static void controls_take_their_time_too(void **state)
{
	struct scenario scenario = real_host();
	struct scenario_control negative = {.cycles = 30}, positive = {0};
	struct plan plan, alone;

	(void)state;
	plan_make(&alone, &scenario);
	scenario.controls.negative = &negative;
	scenario.controls.positive = &positive;
	plan_make(&plan, &scenario);
	assert_int_equal(alone.controls, 0);
	assert_int_equal(plan.controls,
	    24 * SECOND + 6 * 22500000 + 5 * 3 * SECOND + 20 * MINUTE + alone.load + 25 * MINUTE);
	assert_int_equal(plan.total, alone.total + plan.controls);
	assert_told(&scenario, "  controls   53m 21s before it");
}

static void load_that_is_longer_than_its_limit_is_told(void **state)
{
	struct scenario scenario = real_host();

	(void)state;
	scenario.limits.duration.least = 2 * MINUTE;
	assert_told(&scenario, "limits.duration ends it after 2m");
}

static void fix_needs_twelve_leaks_before_or_three_runs(void **state)
{
	struct scenario scenario = real_host();
	struct plan plan;

	(void)state;
	scenario.load.cycles = 100;
	plan_make(&plan, &scenario);
	assert_int_equal(plan.least_before_one, 12);
	assert_int_equal(plan.least_before_three, 36);
	assert_told(&scenario, "12 of the 100 cycles or more must leak without the fix");
	assert_told(
	    &scenario, "3 runs a side (their own spread decides): 36 of their 300 cycles or more");
	scenario.load.cycles = 1;
	assert_told(&scenario, "one run a side of so few cycles shows nothing");
}

static void it_is_told_as_json_too(void **state)
{
	struct scenario scenario = real_host();
	char *text = told(&scenario, true);

	(void)state;
	assert_contains(text, "\"schema\":\"leaklab.plan/1\"");
	assert_contains(text, "{\"rate\":0.1,\"cycles\":44,");
	assert_contains(text, "\"smallest_rate\":0.05");
	assert_contains(text, "\"settling_left\":1500.0");
	free(text);
}

static void durations_are_told_in_two_units(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} durations[] = {{0, "0s"}, {250000, "250ms"}, {1500000, "1.5s"}, {12 * SECOND, "12s"},
	    {12400000, "12s"}, {59600000, "1m"}, {90 * SECOND, "1m 30s"}, {20 * MINUTE, "20m"},
	    {75 * MINUTE, "1h 15m"}, {120 * MINUTE, "2h"}, {120 * MINUTE - SECOND, "2h"},
	    {9990000, "10s"}, {INT64_C(30) * 60 * MINUTE, "30h"}};
	char text[DURATION_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		assert_string_equal(duration_format(durations[i].value, text), durations[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(chance_is_that_of_the_scenarios_cycles),
	    unit_test(smallest_rate_is_the_judges_unless_it_is_set),
	    unit_test(closed_load_takes_its_rounds),
	    unit_test(open_load_takes_its_arrivals_and_the_last_cycle),
	    unit_test(steps_are_told_and_take_their_time),
	    unit_test(slots_that_end_one_by_one_take_half_of_that_time_more),
	    unit_test(settling_is_longer_if_something_is_left),
	    unit_test(controls_take_their_time_too),
	    unit_test(load_that_is_longer_than_its_limit_is_told),
	    unit_test(fix_needs_twelve_leaks_before_or_three_runs),
	    unit_test(it_is_told_as_json_too),
	    unit_test(durations_are_told_in_two_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
