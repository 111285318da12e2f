#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/scenario/scenario.h"

#define HOST "host: {address: rds01, certificate: {ignore: true}}\n"
#define ACCOUNTS "accounts: {csv: accounts.csv}\n"
#define LEAST "name: x\n" HOST ACCOUNTS

static struct scenario *load(
    const char *text, const char *override, char **played, struct error *error)
{
	char *directory = unit_directory();
	char *path = strdup(unit_path(directory, "s.yaml"));
	char *overrides[] = {(char *) override};
	struct scenario *scenario;

	unit_write_file(path, text, strlen(text));
	scenario = scenario_load(path, overrides, override ? 1 : 0, played, error);
	free(path);
	unit_remove_directory(directory);
	return scenario;
}

static void assert_refused(const char *text, const char *place, const char *reason)
{
	struct error error;

	assert_null(load(text, NULL, NULL, &error));
	assert_int_equal(error.code, EXIT_USAGE);
	assert_contains(error.text, place);
	assert_contains(error.text, reason);
}

static void least_scenario_gets_safe_defaults(void **state)
{
	struct error error;
	struct scenario *scenario = load(LEAST, NULL, NULL, &error);

	(void)state;
	assert_non_null(scenario);
	assert_int_equal(scenario->host.security, SECURITY_NLA);
	assert_int_equal(scenario->load.slots, 1);
	assert_int_equal(scenario->load.cycles, 1);
	assert_int_equal(scenario->connect.timeout.least, 30 * SECOND);
	assert_int_equal(scenario->settle.at_least.least, 1200 * SECOND);
	assert_int_equal(scenario->logoff.method, LOGOFF_AUTO);
	scenario_destroy(scenario);
}

static void unknown_key_is_told_with_line_and_column(void **state)
{
	(void)state;
	assert_refused(LEAST "load:\n  slots: 2\n  sluts: 3\n", "s.yaml:6:3", "sluts");
	assert_refused(LEAST "lod: 1\n", "s.yaml:4:1", "lod");
}

static void mistyped_value_is_told_with_line_and_column(void **state)
{
	(void)state;
	assert_refused(LEAST "load:\n  slots: many\n", "s.yaml:5:10", "many");
	assert_refused(LEAST "load:\n  hold: 5\n", "s.yaml:5:9", "not a duration");
	assert_refused(LEAST "logoff:\n  method: sneak\n", "s.yaml:5", "sneak");
	assert_refused(LEAST "logoff:\n  method: keys\n  keys: Win+Foo\n", "s.yaml:6:9", "Win+Foo");
	assert_refused(LEAST "logon:\n  keys: Entr\n", "s.yaml:5:9", "Entr");
	assert_refused(
	    LEAST "logon: {signal: activated, keys: Enter}\n", "s.yaml:4", "never be typed");
	assert_refused(LEAST "expect:\n  verdict: MAYBE\n", "s.yaml:5:12", "MAYBE");
	assert_refused(LEAST "load: [1\n", "s.yaml:5:1", "not YAML");
	assert_refused("", "s.yaml", "empty");
}

static void certificate_must_be_spoken_of(void **state)
{
	(void)state;
	assert_refused("name: x\nhost: {address: a}\n" ACCOUNTS, "s.yaml:2:7", "certificate");
	assert_refused(
	    "name: x\nhost: {address: a, certificate: {ignore: true, tofu: f}}\n" ACCOUNTS,
	    "s.yaml:2", "only one");
}

static void accounts_need_one_password_source(void **state)
{
	(void)state;
	assert_refused("name: x\n" HOST "accounts: {users: a}\n", "s.yaml:3:11", "password source");
	assert_refused("name: x\n" HOST "accounts: {users: a, password_env: B, password_file: c}\n",
	    "s.yaml:3:11", "only one");
	assert_refused("name: x\n" HOST "accounts: {users: a, csv: b}\n", "s.yaml:3:11", "either");
}

static void caps_are_hard(void **state)
{
	(void)state;
	assert_refused(LEAST "load:\n  slots: 100000\n", "s.yaml:5:10",
	    "from 1 to 2000 (sessions at once, a hard cap)");
	assert_refused(LEAST "load:\n  cycles: 100000000\n", "s.yaml:5:11",
	    "from 1 to 1000000 (cycles a run, a hard cap)");
	assert_refused(LEAST "load:\n  rate: 5000\n", "s.yaml:5:9",
	    "to 500, or 0 (logons a second, a hard cap)");
	assert_refused(LEAST "load:\n  steps: [{slots: 3000, cycles: 1}]\n", "s.yaml:5:19",
	    "from 1 to 2000 (sessions at once, a hard cap)");
	assert_refused(LEAST
	    "load:\n  steps: [{slots: 1, cycles: 600000}, {slots: 1, cycles: 600000}]\n",
	    "s.yaml:5:10", "come to 1200000 cycles, and a run has at most 1000000 (hard cap)");
	assert_refused(LEAST "load:\n  steps: [{rate: 501, for: 1s}]\n", "s.yaml:5", "hard cap");
	assert_refused(LEAST "load:\n  workers: 65\n", "s.yaml:5", "hard cap");
	assert_refused(LEAST "limits:\n  duration: 745h\n", "s.yaml:5:13", "from 1ms to 744h");
	assert_refused(LEAST "verify_ids: 2001\n", "s.yaml:4:13", "hard cap");
}

static void sessions_that_are_left_behind_are_capped_too(void **state)
{
	struct scenario scenario = {
	    .load = {.slots = 10, .cycles = 9000}, .logoff = {.method = LOGOFF_DISCONNECT}};
	struct error error;

	(void)state;
	assert_true(scenario_check_accounts(&scenario, 2000, &error));
	assert_false(scenario_check_accounts(&scenario, 2001, &error));
	assert_contains(error.text, "2000 sessions at once (hard cap)");
	assert_int_equal(error.code, EXIT_USAGE);
	scenario.load.cycles = 100;
	assert_true(scenario_check_accounts(&scenario, 2001, &error));
	assert_false(scenario_check_accounts(&scenario, 9, &error));
	assert_contains(error.text, "only 9 accounts");
}

static void steps_make_the_load(void **state)
{
	struct error error;
	struct scenario *scenario = load(LEAST
	    "load:\n  steps:\n    - {slots: 2, cycles: 10}\n    - {slots: 8, cycles: 40}\n"
	    "    - {slots: 4, cycles: 20}\n",
	    NULL, NULL, &error);

	(void)state;
	assert_non_null(scenario);
	assert_int_equal(scenario->load.slots, 8);
	assert_int_equal(scenario->load.cycles, 70);
	scenario_destroy(scenario);
	scenario = load(LEAST
	    "load:\n  slots: 30\n  ramp: 10s\n  steps:\n    - {rate: 2, for: 10s}\n    - {rate: 5, for: 2s}\n",
	    NULL, NULL, &error);
	assert_non_null(scenario);
	assert_int_equal(scenario->load.slots, 30);
	assert_int_equal(scenario->load.cycles, 10 + 20 + 10);
	scenario_destroy(scenario);
}

static void steps_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	assert_refused(
	    LEAST "load:\n  steps:\n    - {slots: 2}\n", "s.yaml:6:7", "either for or cycles");
	assert_refused(LEAST "load:\n  steps:\n    - {slots: 2, for: 1s, cycles: 3}\n",
	    "s.yaml:6:7", "either for or cycles");
	assert_refused(
	    LEAST "load:\n  steps:\n    - {for: 2m}\n", "s.yaml:6:7", "either slots or a rate");
	assert_refused(LEAST
	    "load:\n  steps:\n    - {slots: 2, cycles: 3}\n    - {rate: 1, cycles: 3}\n",
	    "s.yaml:7:7", "all steps slots");
	assert_refused(LEAST
	    "load:\n  steps:\n    - {slots: 2, cycles: 3}\n    - {slots: 1, for: 3s}\n",
	    "s.yaml:7:7", "all have for, or all have cycles");
	assert_refused(
	    LEAST "load:\n  rate: 1\n  steps: [{rate: 2, for: 1m}]\n", "s.yaml:5:9", "remove one");
	assert_refused(LEAST "load:\n  slots: 1\n  steps: [{slots: 2, cycles: 4}]\n", "s.yaml:5:10",
	    "remove one");
	assert_refused(
	    LEAST "load:\n  steps: [{slots: 2, for: 1m}]\n", "s.yaml:5:10", "load.cycles");
}

static void ramp_down_that_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_refused(LEAST "load:\n  slots: 5\n  cycles: 9\n  ramp_down: 5s\n", "s.yaml:7:14",
	    "raise load.cycles to 10 or more");
	assert_refused(LEAST "load:\n  rate: 10\n  cycles: 99\n  ramp: 10s\n  ramp_down: 10s\n",
	    "s.yaml:6:11", "alone have 100 logons");
}

static void distributions_and_ranges_are_for_hold_and_think(void **state)
{
	(void)state;
	assert_refused(
	    LEAST "load:\n  hold: gamma mean 3s\n", "s.yaml:5:9", "lognormal mean 10s sd 3s");
	assert_refused(
	    LEAST "load:\n  ramp: 1s..2s\n", "s.yaml:5:9", "only load.hold and load.think");
	assert_refused(LEAST "load:\n  arrivals: poisson\n", "s.yaml:5:13", "with a rate only");
}

static void limits_that_never_hold_are_refused(void **state)
{
	(void)state;
	assert_refused(LEAST "limits:\n  logon_time: 90s\n", "s.yaml:5:15", "must be shorter");
	assert_refused(LEAST "limits:\n  error_rate: 50\n", "s.yaml:5:15", "from 0 to 1");
}

/* Nobody but the shell knows when it ends. */
static void shell_of_a_scenario_goes_without_hold_and_without_a_time_to_log_off(void **state)
{
	struct error error;
	struct scenario *scenario =
	    load(LEAST "logoff: {method: shell-exit, shell: logoff}\nexpect: {p95: {hold: 9s}}\n",
	        NULL, NULL, &error);

	(void)state;
	assert_non_null(scenario);
	scenario_destroy(scenario);
	assert_refused(LEAST "load: {hold: 0s}\nlogoff: {method: shell-exit, shell: logoff}\n",
	    "s.yaml:4:14",
	    "load.hold: has no effect, as logoff.shell ends when it does: remove one");
	assert_refused(LEAST
	    "logoff: {method: shell-exit, shell: logoff}\nexpect: {p90: {logoff: 9s}}\n",
	    "s.yaml:5:24", "expect.p90.logoff: cannot be known");
	scenario =
	    load(LEAST "load: {hold: 9s}\nexpect: {p90: {logoff: 9s}}\n", NULL, NULL, &error);
	assert_non_null(scenario);
	scenario_destroy(scenario);
}

static void set_changes_a_value_and_the_text_that_is_kept(void **state)
{
	struct error error;
	char *text = NULL;
	struct scenario *scenario =
	    load(LEAST "load: {slots: 2}\n", "load.cycles=12", &text, &error);

	(void)state;
	assert_non_null(scenario);
	assert_int_equal(scenario->load.slots, 2);
	assert_int_equal(scenario->load.cycles, 12);
	assert_contains(text, "cycles: 12");
	free(text);
	scenario_destroy(scenario);
}

static void set_reaches_into_lists_and_makes_new_parts(void **state)
{
	struct error error;
	struct scenario *scenario = load(LEAST "stage:\n  - {name: lab, command: one}\n",
	    "stage.0.command=two words", NULL, &error);

	(void)state;
	assert_non_null(scenario);
	assert_string_equal(scenario->stage[0].command, "two words");
	scenario_destroy(scenario);
	scenario = load(LEAST, "settle.poll=7s", NULL, &error);
	assert_non_null(scenario);
	assert_int_equal(scenario->settle.poll.least, 7 * SECOND);
	scenario_destroy(scenario);
}

static void set_of_what_is_not_there_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "load", "=1", "name.x=1", "stage.3.command=x", "load..x=1"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(
		    load(LEAST "stage:\n  - {name: lab, command: one}\n", wrong[i], NULL, &error));
		assert_int_equal(error.code, EXIT_USAGE);
		assert_contains(error.text, "--set");
	}
}

static void missing_file_is_named(void **state)
{
	struct error error;

	(void)state;
	assert_null(scenario_load("/nonexistent/s.yaml", NULL, 0, NULL, &error));
	assert_contains(error.text, "/nonexistent/s.yaml");
	assert_int_equal(error.code, EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(least_scenario_gets_safe_defaults),
	    unit_test(unknown_key_is_told_with_line_and_column),
	    unit_test(mistyped_value_is_told_with_line_and_column),
	    unit_test(certificate_must_be_spoken_of),
	    unit_test(accounts_need_one_password_source),
	    unit_test(caps_are_hard),
	    unit_test(sessions_that_are_left_behind_are_capped_too),
	    unit_test(steps_make_the_load),
	    unit_test(steps_that_make_no_sense_are_refused),
	    unit_test(ramp_down_that_cannot_be_is_refused),
	    unit_test(distributions_and_ranges_are_for_hold_and_think),
	    unit_test(limits_that_never_hold_are_refused),
	    unit_test(shell_of_a_scenario_goes_without_hold_and_without_a_time_to_log_off),
	    unit_test(set_changes_a_value_and_the_text_that_is_kept),
	    unit_test(set_reaches_into_lists_and_makes_new_parts),
	    unit_test(set_of_what_is_not_there_is_refused),
	    unit_test(missing_file_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
