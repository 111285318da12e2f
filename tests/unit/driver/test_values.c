/* What becomes of a value that a scenario may not have, and of a key that there is not: a message that says what belongs there, and where. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "driver/scenario/scenario.h"

#define LEAST                                                                                      \
	"name: x\nhost: {address: rds01, certificate: {ignore: true}}\naccounts: {csv: a.csv}\n"

static struct scenario *parse(const char *text, const char *override, struct error *error)
{
	char *overrides[] = {(char *) override};

	return scenario_parse(text, "s.yaml", overrides, override ? 1 : 0, NULL, error);
}

static void assert_message(const char *text, const char *override, const char *message)
{
	struct error error;

	assert_null(parse(text, override, &error));
	assert_string_equal(error.text, message);
	assert_int_equal(error.code, EXIT_USAGE);
}

/* Behind the least scenario. */
static void assert_refused(const char *more, const char *message)
{
	char text[1024];

	strcpy(text, LEAST);
	assert_message(strcat(text, more), NULL, message);
}

static void assert_taken(const char *more)
{
	char text[1024];
	struct error error = {0};

	strcpy(text, LEAST);
	struct scenario *scenario = parse(strcat(text, more), NULL, &error);
	if (!scenario)
		fail_msg("%s was refused: %s", more, error.text);
	scenario_destroy(scenario);
}

static void number_beyond_its_range_is_refused_with_the_range(void **state)
{
	(void)state;
	assert_refused("load: {cycles: -4}\n",
	    "s.yaml:4:16: load.cycles: -4 is not a number from 1 to 1000000");
	assert_refused(
	    "load: {cycles: 0}\n", "s.yaml:4:16: load.cycles: 0 is not a number from 1 to 1000000");
	assert_refused("load: {slots: 99999999999999999999}\n",
	    "s.yaml:4:15: load.slots: 99999999999999999999 is not a number from 1 to 2000 (sessions at once, a hard cap)");
	assert_refused("load: {slots: many}\n",
	    "s.yaml:4:15: load.slots: \"many\" is not a number from 1 to 2000");
	assert_refused("load: {seed: 18446744073709551616}\n",
	    "s.yaml:4:14: load.seed: 18446744073709551616 is not a number from 0 to 18446744073709551615");
	assert_refused("limits: {failures: 0}\n",
	    "s.yaml:4:20: limits.failures: 0 is not a number from 1 to 1000000");
	assert_refused("controls: {negative: {cycles: 0}}\n",
	    "s.yaml:4:31: controls.negative.cycles: 0 is not a number from 1 to 1000000");
	assert_refused("load: {steps: [{slots: 0, for: 1m}]}\n",
	    "s.yaml:4:24: load.steps.0.slots: 0 is not a number from 1 to 2000");
	assert_refused("load: {rate: -1}\n",
	    "s.yaml:4:14: load.rate: -1 is not a number from 0.0001 to 500, or 0");
	assert_refused("load: {rate: 1e400}\n",
	    "s.yaml:4:14: load.rate: \"1e400\" is not a number from 0.0001 to 500, or 0");
	assert_refused("load: {rate: nan}\n",
	    "s.yaml:4:14: load.rate: \"nan\" is not a number from 0.0001 to 500, or 0");
	assert_refused("load: {steps: [{rate: 0, for: 1m}]}\n",
	    "s.yaml:4:23: load.steps.0.rate: 0 is not a number from 0.0001 to 500");
	assert_refused("limits: {error_rate: 50}\n",
	    "s.yaml:4:22: limits.error_rate: 50 is not a number from 0 to 1");
	assert_message("name: x\nhost: {address: a, certificate: {ignore: true}}\n"
	               "accounts: {users: a, password_fd: 0}\n",
	    NULL, "s.yaml:3:35: accounts.password_fd: 0 is not a number from 3 to 1023");
}

static void number_is_read_as_it_is_written(void **state)
{
	(void)state;
	assert_refused("load: {cycles: 010}\n",
	    "s.yaml:4:16: load.cycles: \"010\" is not a number from 1 to 1000000");
	assert_refused("load: {cycles: 0x10}\n",
	    "s.yaml:4:16: load.cycles: \"0x10\" is not a number from 1 to 1000000");
	assert_refused("load: {cycles: 4.5}\n",
	    "s.yaml:4:16: load.cycles: \"4.5\" is not a number from 1 to 1000000");
}

static void zero_is_taken_where_it_means_something(void **state)
{
	(void)state;
	assert_taken(
	    "load: {rate: 0, seed: 0, workers: 0, ramp: 0s, ramp_down: 0s, think: 0s, hold: 0s}\n"
	    "observe_every: 0\nverify_ids: 0\nlimits: {logon_time: 0s, error_rate: 0}\n"
	    "logon: {delay: 0s}\nsettle: {at_least: 0s, release: 0s, quiet: 0s}\n");
	assert_taken("load: {seed: 18446744073709551615, rate: 0.5}\n");
}

static void duration_beyond_its_range_is_refused_with_the_range(void **state)
{
	(void)state;
	assert_refused("connect: {timeout: 0s}\n",
	    "s.yaml:4:20: connect.timeout: \"0s\" is not a duration from 1ms to 744h; write it like 250ms, 1.5s or 10m");
	assert_refused("settle: {quiet: 745h}\n",
	    "s.yaml:4:17: settle.quiet: \"745h\" is not a duration from 0s to 744h; write it like 250ms, 1.5s or 10m");
	assert_refused("stage: [{name: a, command: b, timeout: 0s}]\n",
	    "s.yaml:4:40: stage.0.timeout: \"0s\" is not a duration from 1ms to 744h; write it like 250ms, 1.5s or 10m");
	assert_refused("load: {steps: [{slots: 1, for: 0s}], cycles: 4}\n",
	    "s.yaml:4:32: load.steps.0.for: \"0s\" is not a duration from 1ms to 744h; write it like 250ms, 1.5s or 10m");
	assert_refused("limits: {duration: 0s}\n",
	    "s.yaml:4:20: limits.duration: \"0s\" is not a duration from 1ms to 744h; write it like 250ms, 1.5s or 10m");
	assert_refused("load: {hold: 1000h}\n",
	    "s.yaml:4:14: load.hold: \"1000h\" is not a duration from 0s to 744h; write it like 1.5s, 1s..5s, exponential "
	    "mean 10s, or lognormal mean 10s sd 3s most 60s (normal likewise; most is longer than the mean)");
}

static void word_that_is_none_is_refused_with_those_there_are(void **state)
{
	(void)state;
	assert_refused("load: {until: decide}\n",
	    "s.yaml:4:15: load.until: \"decide\" is none of cycles, decided (did you mean decided?)");
	assert_refused("logoff: {method: sneak}\n",
	    "s.yaml:4:18: logoff.method: \"sneak\" is none of auto, shell-exit, keys, command, disconnect, drop");
	assert_refused("expect: {verdict: CLEEN}\n",
	    "s.yaml:4:19: expect.verdict: \"CLEEN\" should be CLEAN, LEAK or INCONCLUSIVE (did you mean CLEAN?)");
	assert_message(
	    "name: x\nhost: {address: a, certificate: {ignore: maybe}}\naccounts: {csv: a}\n", NULL,
	    "s.yaml:2:42: host.certificate.ignore: \"maybe\" is neither true nor false");
	assert_message(
	    "name: x\nhost: {address: a, certificate: {ignore: off}}\naccounts: {csv: a}\n", NULL,
	    "s.yaml:2:42: host.certificate.ignore: \"off\" is neither true nor false");
}

static void value_of_a_wrong_kind_is_refused_with_what_belongs_there(void **state)
{
	(void)state;
	assert_refused("load: {cycles: [4]}\n",
	    "s.yaml:4:16: load.cycles: is a list, where a number from 1 to 1000000 belongs");
	assert_refused(
	    "logoff: {shell: {a: b}}\n", "s.yaml:4:17: logoff.shell: is a map, where text belongs");
	assert_refused("load: fast\n",
	    "s.yaml:4:7: load: is text, where a map belongs (of slots, cycles, rate ...)");
	assert_refused("load:\nverify_ids: 2\n",
	    "s.yaml:4:6: load: is empty, where a map belongs (of slots, cycles, rate ...)");
	assert_refused("stage: {name: lab, command: b}\n",
	    "s.yaml:4:8: stage: is a map, where a list belongs; its entries begin with -");
	assert_refused("stage: [lab]\n",
	    "s.yaml:4:9: stage.0: is text, where a map belongs (of name, command, no_ready ...)");
	assert_refused("load: {until: [cycles]}\n",
	    "s.yaml:4:15: load.until: is a list, where one of cycles, decided belongs");
	assert_refused(
	    "verify_ids: ~\n", "s.yaml:4:13: verify_ids: is empty (~); leave the key out");
	assert_refused("expect: {culprit: null}\n",
	    "s.yaml:4:19: expect.culprit: is empty (null); leave the key out");
	assert_refused("load: null\n",
	    "s.yaml:4:7: load: is empty, where a map belongs (of slots, cycles, rate ...)");
	assert_taken("expect: {culprit: 'null'}\n");
	assert_refused("host: x\n", "s.yaml:4:1: host is there twice, first in line 2");
	assert_message("- name: x\n", NULL,
	    "s.yaml:1:1: is a list, where a scenario belongs: a map of name, host, accounts and more");
	assert_refused("logoff: {shell: ''}\n",
	    "s.yaml:4:17: logoff.shell: is empty; leave the key out, or give it text");
	assert_refused("description: ''\n"
	               "stage: [{command: b}]\n",
	    "s.yaml:5:9: stage.0.name is missing");
	assert_message("name: x\nhost: {address: a, certificate: {ignore: true}}\n", NULL,
	    "s.yaml:1:1: accounts is missing");
	assert_refused(
	    "load: {steps: []}\nstage: ["
	    "{name: a, command: b}, {name: a, command: b}, {name: a, command: b}, {name: a, command: b}, "
	    "{name: a, command: b}, {name: a, command: b}, {name: a, command: b}, {name: a, command: b}, "
	    "{name: a, command: b}, {name: a, command: b}, {name: a, command: b}, {name: a, command: b}, "
	    "{name: a, command: b}, {name: a, command: b}, {name: a, command: b}, {name: a, command: b}, "
	    "{name: a, command: b}]\n",
	    "s.yaml:5:8: stage: has 17 entries, at most 16 belong there");
}

static void unknown_key_is_told_with_the_closest_of_any_level(void **state)
{
	(void)state;
	assert_refused("load: {cycels: 3}\n",
	    "s.yaml:4:8: unknown key load.cycels (did you mean load.cycles?)");
	assert_refused("hold: 7s\n", "s.yaml:4:1: unknown key hold (did you mean load.hold?)");
	assert_refused("cycles: 7\n", "s.yaml:4:1: unknown key cycles (did you mean load.cycles?)");
	assert_refused("laod: {cycles: 7}\n", "s.yaml:4:1: unknown key laod (did you mean load?)");
	assert_refused("load.cycles: 7\n",
	    "s.yaml:4:1: unknown key load.cycles: write cycles into the map load");
	assert_refused("stage: [{name: a, comand: b}]\n",
	    "s.yaml:4:19: unknown key stage.0.comand (did you mean stage.0.command?)");
	assert_refused("load: {address: b}\n",
	    "s.yaml:4:8: unknown key load.address (did you mean host.address?)");
	assert_refused(
	    "zzzzz: 1\n", "s.yaml:4:1: unknown key zzzzz (leaklab check --help lists the keys)");
	assert_refused(
	    "load: {[a]: 1}\n", "s.yaml:4:8: load: has a list for a key, where text belongs");
}

static void what_comes_from_set_is_told_as_such_and_all_else_by_its_place_in_the_file(void **state)
{
	(void)state;
	assert_message(
	    LEAST, "load.cycles=-4", "--set load.cycles=-4: -4 is not a number from 1 to 1000000");
	assert_message(LEAST, "load.cycels=4",
	    "--set load.cycels=4: unknown key load.cycels (did you mean load.cycles?)");
	assert_message(
	    LEAST, "cycles=4", "--set cycles=4: unknown key cycles (did you mean load.cycles?)");
	assert_message(
	    LEAST, "a.b.c=4", "--set a.b.c=4: unknown key a (leaklab check --help lists the keys)");
	assert_message("# a\n# comment\n" LEAST "load:\n\n    cycles: x\n", "load.slots=2",
	    "s.yaml:8:13: load.cycles: \"x\" is not a number from 1 to 1000000");
	assert_message(LEAST "load: {until: decided}\n", "load.until=decide",
	    "--set load.until=decide: \"decide\" is none of cycles, decided (did you mean decided?)");
	assert_message(LEAST, "settle.poll=5",
	    "--set settle.poll=5: \"5\" is not a duration from 1ms to 744h; write it like 250ms, 1.5s or 10m");
	assert_message(LEAST, "controls.positive.cycles=5",
	    "--set controls.positive.cycles=5: controls.positive: say at which rate it leaks: rate: 0.1");
	assert_message(LEAST "\n\nload:\n  slots: 5\n  ramp_down: 2s\n", "load.cycles=6",
	    "s.yaml:8:14: load.ramp_down: slots end one by one where each has several cycles: raise load.cycles to 10 or more, "
	    "or use load.ramp");
	assert_message(LEAST, "load=5",
	    "--set load=5: is text, where a map belongs (of slots, cycles, rate ...)");
	assert_message(LEAST, "name.x=5", "--set name.x=5: name is text, and has no x");
	assert_message(LEAST "stage: [{name: a, command: b}]\n", "stage.1.command=5",
	    "--set stage.1.command=5: stage has 1 entry, counted from 0");
	assert_message(
	    LEAST, "load..x=5", "--set load..x=5: write it as key=value, e.g. load.cycles=10");
	assert_message(LEAST, "name=\xff",
	    "--set name=\xff: has bytes that are no UTF-8, or control characters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(number_beyond_its_range_is_refused_with_the_range),
	    unit_test(number_is_read_as_it_is_written),
	    unit_test(zero_is_taken_where_it_means_something),
	    unit_test(duration_beyond_its_range_is_refused_with_the_range),
	    unit_test(word_that_is_none_is_refused_with_those_there_are),
	    unit_test(value_of_a_wrong_kind_is_refused_with_what_belongs_there),
	    unit_test(unknown_key_is_told_with_the_closest_of_any_level),
	    unit_test(what_comes_from_set_is_told_as_such_and_all_else_by_its_place_in_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
