#include "tests/unit/unit.h"

#include "common/duration.h"
#include "common/timestamp.h"
#include "driver/rdp/shell.h"

static void shell_lasts_as_the_cycles_own_hold_in_whole_seconds(void **state)
{
	static const struct {
		int64_t hold;
		const char *command;
		int64_t life;
	} cases[] = {
	    {0, "cmd.exe /c ping -n 2 127.0.0.1", SECOND},
	    {SECOND, "cmd.exe /c ping -n 2 127.0.0.1", SECOND},
	    {SECOND + 1, "cmd.exe /c ping -n 3 127.0.0.1", 2 * SECOND},
	    {3600 * SECOND, "cmd.exe /c ping -n 3601 127.0.0.1", 3600 * SECOND},
	};
	const struct setup setup = {.logoff = LOGOFF_SHELL_EXIT};
	char command[SHELL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct order order = {.hold = cases[i].hold};
		shell_command(&setup, &order, command);
		assert_string_equal(command, cases[i].command);
		assert_int_equal(shell_life(&setup, &order), cases[i].life);
	}
}

static void shell_of_the_scenario_ends_when_it_does(void **state)
{
	const struct setup setup = {.logoff = LOGOFF_SHELL_EXIT, .shell = "logoff"};
	const struct order order = {.hold = 5 * SECOND};
	char command[SHELL_TEXT];

	(void)state;
	shell_command(&setup, &order, command);
	assert_string_equal(command, "logoff");
	assert_int_equal(shell_life(&setup, &order), NUMBER_UNKNOWN);
}

static void other_methods_keep_the_desktop(void **state)
{
	const struct setup setup = {.logoff = LOGOFF_KEYS};
	const struct order order = {.hold = 5 * SECOND};
	char command[SHELL_TEXT];

	(void)state;
	shell_command(&setup, &order, command);
	assert_string_equal(command, "");
	assert_int_equal(shell_life(&setup, &order), NUMBER_UNKNOWN);
}

static void logoff_is_what_a_session_takes_beyond_its_shell(void **state)
{
	int64_t hold, logoff;

	(void)state;
	shell_share(2 * SECOND, 5 * SECOND, &hold, &logoff);
	assert_int_equal(hold, 2 * SECOND);
	assert_int_equal(logoff, 3 * SECOND);
	/* It ended before its shell should have: nobody knows why. */
	shell_share(2 * SECOND, SECOND, &hold, &logoff);
	assert_int_equal(hold, SECOND);
	assert_int_equal(logoff, NUMBER_UNKNOWN);
	shell_share(NUMBER_UNKNOWN, 5 * SECOND, &hold, &logoff);
	assert_int_equal(hold, 5 * SECOND);
	assert_int_equal(logoff, NUMBER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(shell_lasts_as_the_cycles_own_hold_in_whole_seconds),
	    unit_test(shell_of_the_scenario_ends_when_it_does),
	    unit_test(other_methods_keep_the_desktop),
	    unit_test(logoff_is_what_a_session_takes_beyond_its_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
