#include "tests/unit/unit.h"

#include "common/duration.h"
#include "driver/distress.h"

static char text[256];

static void note_logon(struct distress *distress, int64_t seconds)
{
	const struct cycle cycle = {.result = CYCLE_RUNNING,
	    .scheduled = 0,
	    .started = 1000 * SECOND, /* it waited for a slot */
	    .logged_on = (1000 + seconds) * SECOND};

	distress_note(distress, &cycle);
}

static void note_end(struct distress *distress, enum cycle_result result)
{
	const struct cycle cycle = {.result = result, .logged_on = TIMESTAMP_UNKNOWN};

	distress_note(distress, &cycle);
}

static void slow_median_of_the_last_logons_is_distress(void **state)
{
	const struct scenario_limits limits = {.logon_time = {.least = 30 * SECOND}};
	struct distress distress = {0};

	(void)state;
	for (int i = 0; i < 30; i++)
		note_logon(&distress, 2);
	for (int i = 0; i < 9; i++) {
		note_logon(&distress, 90);
		assert_false(distress_shows(&distress, &limits, text, sizeof(text)));
	}
	note_logon(&distress, 90);
	assert_true(distress_shows(&distress, &limits, text, sizeof(text)));
	assert_contains(text, "half of the last 20 logons took longer than 46 s");
	assert_contains(text, "limits.logon_time allows 30 s");
}

static void few_logons_are_no_distress(void **state)
{
	const struct scenario_limits limits = {.logon_time = {.least = SECOND}, .error_rate = 0.1};
	struct distress distress = {0};

	(void)state;
	for (int i = 0; i < 19; i++) {
		note_logon(&distress, 50);
		note_end(&distress, CYCLE_FAILED);
	}
	assert_false(distress_shows(&distress, &limits, text, sizeof(text)));
}

static void share_of_failed_cycles_is_distress(void **state)
{
	const struct scenario_limits limits = {.error_rate = 0.5};
	struct distress distress = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		note_end(&distress, i % 2 ? CYCLE_FAILED : CYCLE_LOGGED_OFF);
	assert_true(distress_shows(&distress, &limits, text, sizeof(text)));
	assert_contains(text, "10 of the last 20 cycles failed");
	/* They recover. */
	note_end(&distress, CYCLE_LOGGED_OFF);
	note_end(&distress, CYCLE_LOGGED_OFF);
	assert_false(distress_shows(&distress, &limits, text, sizeof(text)));
}

static void nothing_is_distress_without_limits(void **state)
{
	const struct scenario_limits limits = {0};
	struct distress distress = {0};

	(void)state;
	for (int i = 0; i < 40; i++) {
		note_logon(&distress, 500);
		note_end(&distress, CYCLE_LOST);
	}
	assert_false(distress_shows(&distress, &limits, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(slow_median_of_the_last_logons_is_distress),
	    unit_test(few_logons_are_no_distress),
	    unit_test(share_of_failed_cycles_is_distress),
	    unit_test(nothing_is_distress_without_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
