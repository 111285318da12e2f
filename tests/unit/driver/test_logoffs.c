/* Whether a host ends sessions, by how cycles end. */
#include "tests/unit/unit.h"

#include "common/duration.h"
#include "driver/logoffs.h"

static char text[CAUSE_TEXT + 200];

static void note(struct logoffs *logoffs, enum cycle_result result, const char *code)
{
	const struct cycle cycle = {.result = result,
	    .failed_phase = code ? phase_names[PHASE_LOGOFF] : NULL,
	    .code = code};

	logoffs_note(logoffs, &cycle, NULL);
}

static bool fails(const struct logoffs *logoffs)
{
	const struct scenario scenario = {.logoff = {.timeout = {.least = 60 * SECOND}}};

	return logoffs_fail(logoffs, &scenario, text, sizeof(text));
}

static void until_a_session_has_ended_it_is_doubtful_that_any_does(void **state)
{
	struct logoffs logoffs = {.untried = true};

	(void)state;
	assert_true(logoffs_are_doubtful(&logoffs));
	note(&logoffs, CYCLE_FAILED, NULL);
	note(&logoffs, CYCLE_LOST, NULL);
	assert_true(logoffs_are_doubtful(&logoffs));
	note(&logoffs, CYCLE_LOGGED_OFF, NULL);
	assert_false(logoffs_are_doubtful(&logoffs));
	note(&logoffs, CYCLE_UNPROVEN, "TIMEOUT");
	assert_false(logoffs_are_doubtful(&logoffs));
}

static void known_to_end_they_are_doubtful_once_the_first_does_not(void **state)
{
	struct logoffs logoffs = {0};

	(void)state;
	assert_false(logoffs_are_doubtful(&logoffs));
	note(&logoffs, CYCLE_UNPROVEN, "TIMEOUT");
	assert_true(logoffs_are_doubtful(&logoffs));
}

static void end_without_error_info_is_an_end_where_the_host_sends_none(void **state)
{
	struct logoffs logoffs = {.untried = true};

	(void)state;
	note(&logoffs, CYCLE_UNPROVEN, "NO_PROOF");
	assert_false(logoffs_are_doubtful(&logoffs));
}

static void three_sessions_that_stay_are_enough_whatever_keeps_them(void **state)
{
	static const char *const codes[] = {"TIMEOUT", "COMMAND", "ERRINFO_IDLE_TIMEOUT"};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct logoffs logoffs = {0};

		for (int session = 1; session <= 3; session++) {
			assert_false(fails(&logoffs));
			note(&logoffs, CYCLE_UNPROVEN, codes[i]);
		}
		assert_true(fails(&logoffs));
		assert_contains(text, i == 0 ? "3 sessions did not end within 1m, and none has"
		                             : "3 sessions did not end, and none has");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(until_a_session_has_ended_it_is_doubtful_that_any_does),
	    unit_test(known_to_end_they_are_doubtful_once_the_first_does_not),
	    unit_test(end_without_error_info_is_an_end_where_the_host_sends_none),
	    unit_test(three_sessions_that_stay_are_enough_whatever_keeps_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
