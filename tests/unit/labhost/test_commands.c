/* What the lab host makes of start programs, keys, faults and request lines. */
#include "tests/unit/unit.h"

#include "labhost/control.h"
#include "labhost/rdp.h"
#include "labhost/shell.h"

#define SECOND 1000000
#define LOGOFF_TIME (SECOND / 2)
#define STAYS (-1)

static int64_t ends(const char *command)
{
	int64_t duration;

	return shell_ends(command, LOGOFF_TIME, &duration) ? duration : STAYS;
}

static void shell_that_logs_off_ends(void **state)
{
	(void)state;
	assert_int_equal(ends("logoff"), LOGOFF_TIME);
	assert_int_equal(ends("C:\\Windows\\System32\\LOGOFF.EXE"), LOGOFF_TIME);
	assert_int_equal(ends("shutdown /l"), LOGOFF_TIME);
	assert_int_equal(ends("cmd /c logoff"), LOGOFF_TIME);
	assert_int_equal(ends("cmd.exe /C \"timeout 2 & logoff\""), 2 * SECOND + LOGOFF_TIME);
	assert_int_equal(
	    ends("cmd /c ping -n 3 127.0.0.1 && logoff && timeout 9"), 3 * SECOND + LOGOFF_TIME);
	assert_int_equal(ends("cmd /c timeout /t 0.25 /nobreak & exit"), SECOND / 4);
	assert_int_equal(ends("sleep 1"), SECOND);
}

static void shell_that_stays_does_not_end(void **state)
{
	(void)state;
	assert_int_equal(ends(""), STAYS);
	assert_int_equal(ends("notepad.exe"), STAYS);
	assert_int_equal(ends("cmd /c notepad & logoff"), STAYS);
	assert_int_equal(ends("shutdown /r"), STAYS);
	assert_int_equal(ends("timeout"), STAYS);
	assert_int_equal(ends("ping 127.0.0.1"), STAYS);
	assert_int_equal(ends("timeout -5"), STAYS);
}

static void beside_the_shell_only_logoff_ends_the_session(void **state)
{
	int64_t duration;
	(void)state;

	assert_true(shell_logs_off("logoff", LOGOFF_TIME, &duration));
	assert_false(shell_logs_off("timeout 1", LOGOFF_TIME, &duration));
	assert_false(shell_logs_off("cmd /c exit", LOGOFF_TIME, &duration));
}

static void shell_has_the_image_of_its_program(void **state)
{
	char image[64];
	(void)state;

	assert_string_equal(shell_image("", image, sizeof(image)), "explorer.exe");
	assert_string_equal(shell_image("C:\\Apps\\App.exe -x", image, sizeof(image)), "app.exe");
}

static const char *type(struct keys *keys, const char *codes)
{
	const char *entered = NULL;

	for (; *codes; codes++) {
		entered = keys_scancode(keys, (unsigned char)*codes, false, true);
		keys_scancode(keys, (unsigned char)*codes, false, false);
	}
	return entered;
}

static void open_run_box(struct keys *keys)
{
	keys_scancode(keys, 0x5b, true, true);
	keys_scancode(keys, 0x13, false, true); /* r */
	keys_scancode(keys, 0x13, false, false);
	keys_scancode(keys, 0x5b, true, false);
}

static void run_box_gives_out_what_was_typed(void **state)
{
	struct keys keys = {0};
	(void)state;

	open_run_box(&keys);
	assert_string_equal(type(&keys, "\x26\x18\x22\x18\x21\x21\x1c"), "logoff");
	assert_null(type(&keys, "\x26\x18\x22\x18\x21\x21\x1c")); /* closed by the Enter */
	open_run_box(&keys);
	assert_string_equal(type(&keys, "\x1e\x0e\x30\x1c"), "b"); /* a, backspace, b */
	open_run_box(&keys);
	assert_null(type(&keys, "\x1e\x01\x1c")); /* Escape closes it */
}

static void run_box_takes_characters_too(void **state)
{
	struct keys keys = {0};
	const char *text = "logoff";
	(void)state;

	open_run_box(&keys);
	for (; *text; text++)
		assert_null(keys_character(&keys, (unsigned char)*text, true));
	assert_string_equal(keys_character(&keys, '\r', true), "logoff");
}

static void keys_without_a_run_box_do_nothing(void **state)
{
	struct keys keys = {0};
	(void)state;

	assert_null(type(&keys, "\x26\x18\x22\x18\x21\x21\x1c"));
	assert_null(keys_scancode(&keys, 0x4f, true, true)); /* End, of Ctrl-Alt-End */
}

static void fault_comes_on_every_nth_connection(void **state)
{
	struct fault fault;
	(void)state;

	assert_true(fault_parse("hang-logoff/3", &fault));
	assert_int_equal(fault_for(&fault, 1), FAULT_NONE);
	assert_int_equal(fault_for(&fault, 3), FAULT_HANG_LOGOFF);
	assert_true(fault_parse("mute", &fault));
	assert_int_equal(fault_for(&fault, 1), FAULT_MUTE);
	assert_false(fault_parse("mute/0", &fault));
	assert_false(fault_parse("mute/", &fault));
	assert_false(fault_parse("mutes", &fault));
}

static void request_fields_are_decoded(void **state)
{
	char line[] = "QUERYTOKEN session=2 name=a%20b%25";
	struct request request;
	uint32_t session;
	(void)state;

	assert_true(request_parse(line, &request));
	assert_string_equal(request.verb, "QUERYTOKEN");
	assert_true(request_number(&request, "session", &session));
	assert_int_equal(session, 2);
	assert_string_equal(request_text(&request, "name"), "a b%");
	assert_null(request_text(&request, "other"));
}

static void bad_requests_are_refused(void **state)
{
	char lines[][32] = {
	    "", " A", "A b", "A =b", "A b=%", "A b=%0", "A b=%00", "A b=%zz", "A  b=c"};
	char negative[] = "A b=-1";
	char large[] = "A b=4294967296";
	struct request request;
	uint32_t number;
	(void)state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(request_parse(lines[i], &request));
	assert_true(request_parse(negative, &request));
	assert_false(request_number(&request, "b", &number));
	assert_true(request_parse(large, &request));
	assert_false(request_number(&request, "b", &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(shell_that_logs_off_ends),
	    unit_test(shell_that_stays_does_not_end),
	    unit_test(beside_the_shell_only_logoff_ends_the_session),
	    unit_test(shell_has_the_image_of_its_program),
	    unit_test(run_box_gives_out_what_was_typed),
	    unit_test(run_box_takes_characters_too),
	    unit_test(keys_without_a_run_box_do_nothing),
	    unit_test(fault_comes_on_every_nth_connection),
	    unit_test(request_fields_are_decoded),
	    unit_test(bad_requests_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
