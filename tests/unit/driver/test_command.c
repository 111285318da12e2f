#include "tests/unit/unit.h"

#include <signal.h>
#include <string.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "driver/programs/command.h"
#include "evidence/snapshot.h"

static void finish(struct command *command)
{
	struct pollfd fds[COMMAND_FDS];

	while (!command_finished(command)) {
		poll(fds, command_fill(command, fds), 1000);
		command_serve(command);
	}
}

static void output_messages_and_status_are_kept_apart(void **state)
{
	const struct variable variables[] = {{"LEAKLAB_TEST", "here"}};
	struct error error;
	struct command *command = command_start(
	    "echo out $LEAKLAB_TEST; echo err >&2; exit 7", variables, 1, 4096, &error);
	size_t length;
	bool truncated;

	(void)state;
	assert_non_null(command);
	finish(command);
	assert_string_equal(command_output(command, &length, &truncated), "out here\n");
	assert_int_equal(length, 9);
	assert_false(truncated);
	assert_string_equal(command_messages(command), "err\n");
	assert_int_equal(command_status(command), 7);
	command_destroy(command);
}

static void output_beyond_the_limit_is_dropped_and_that_is_told(void **state)
{
	struct error error;
	struct command *command =
	    command_start("head -c 300000 /dev/zero | tr '\\0' x", NULL, 0, 10000, &error);
	size_t length;
	bool truncated;

	(void)state;
	finish(command);
	command_output(command, &length, &truncated);
	assert_true(truncated);
	assert_true(length >= 10000 && length < 300000);
	command_destroy(command);
}

static void command_that_takes_too_long_is_ended_with_all_its_children(void **state)
{
	struct error error;
	const int64_t start = timestamp_monotonic();

	(void)state;
	assert_false(command_run("sleep 30 & sleep 30", NULL, 0, SECOND / 5, &error));
	assert_contains(error.text, "did not end within");
	assert_true(timestamp_monotonic() - start < 10 * SECOND);
}

static void child_that_keeps_the_standard_error_open_is_not_waited_for(void **state)
{
	struct error error;
	struct command *command = command_start(
	    "echo seen; echo warned >&2; sleep 30 >/dev/null & exit 0", NULL, 0, 10000, &error);
	const int64_t start = timestamp_monotonic();
	size_t length;
	bool truncated;

	(void)state;
	finish(command);
	assert_true(timestamp_monotonic() - start < 10 * SECOND);
	assert_string_equal(command_output(command, &length, &truncated), "seen\n");
	assert_string_equal(command_messages(command), "warned\n");
	command_destroy(command);
}

static void failing_command_is_told_with_its_first_message(void **state)
{
	struct error error;

	(void)state;
	assert_false(command_run("echo no such session >&2; exit 3", NULL, 0, 10 * SECOND, &error));
	assert_contains(error.text, "status 3");
	assert_contains(error.text, "no such session");
	assert_true(command_run("true", NULL, 0, 10 * SECOND, &error));
}

static void end_by_a_signal_is_128_and_its_number(void **state)
{
	struct error error;
	struct command *command = command_start("kill -9 $$", NULL, 0, 100, &error);

	(void)state;
	finish(command);
	assert_int_equal(command_status(command), 128 + SIGKILL);
	command_destroy(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(output_messages_and_status_are_kept_apart),
	    unit_test(output_beyond_the_limit_is_dropped_and_that_is_told),
	    unit_test(command_that_takes_too_long_is_ended_with_all_its_children),
	    unit_test(child_that_keeps_the_standard_error_open_is_not_waited_for),
	    unit_test(failing_command_is_told_with_its_first_message),
	    unit_test(end_by_a_signal_is_128_and_its_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
