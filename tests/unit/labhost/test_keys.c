/* What a session of the lab host makes of its user's keys. */
#include "tests/unit/unit.h"

#include "labhost/screen.h"

#define CONTROL 0x1d
#define ALT 0x38
#define R 0x13
#define S 0x1f
#define ENTER "\x1c"
#define LOGOFF "\x26\x18\x22\x18\x21\x21"
/* Extended. */
#define UP 0x48
#define DOWN 0x50
#define DELETE 0x53
#define WINDOWS 0x5b

struct session {
	struct keyboard keyboard;
	struct screen screen;
	bool has_no_shell;
};

static enum screen_outcome press(struct session *session, unsigned code, bool extended, bool down)
{
	struct stroke stroke;

	return keyboard_scancode(&session->keyboard, code, extended, down, &stroke)
	           ? screen_type(&session->screen, &stroke, !session->has_no_shell)
	           : SCREEN_STAYS;
}

/* The keys of the main block, one after the other; what came of the last. */
static enum screen_outcome type(struct session *session, const char *codes)
{
	enum screen_outcome outcome = SCREEN_STAYS;

	for (; *codes; codes++) {
		outcome = press(session, (unsigned char)*codes, false, true);
		press(session, (unsigned char)*codes, false, false);
	}
	return outcome;
}

static void open_run_box(struct session *session)
{
	press(session, WINDOWS, true, true);
	type(session, (const char[]){R, 0});
	press(session, WINDOWS, true, false);
}

static void open_security_screen(struct session *session)
{
	press(session, CONTROL, false, true);
	press(session, ALT, false, true);
	press(session, DELETE, true, true);
	press(session, ALT, false, false);
	press(session, CONTROL, false, false);
}

static void run_box_gives_out_what_was_typed(void **state)
{
	struct session session = {0};
	(void)state;

	open_run_box(&session);
	assert_int_equal(type(&session, LOGOFF ENTER), SCREEN_COMMAND);
	assert_string_equal(session.screen.text, "logoff");
	assert_int_equal(type(&session, LOGOFF ENTER), SCREEN_STAYS); /* closed by the Enter */
	open_run_box(&session);
	assert_int_equal(
	    type(&session, "\x1e\x0e\x30" ENTER), SCREEN_COMMAND); /* a, backspace, b */
	assert_string_equal(session.screen.text, "b");
	open_run_box(&session);
	assert_int_equal(type(&session, "\x1e\x01" ENTER), SCREEN_STAYS); /* Escape closes it */
}

static void run_box_takes_characters_too(void **state)
{
	struct session session = {0};
	struct stroke stroke;
	(void)state;

	open_run_box(&session);
	for (const char *text = "logoff"; *text; text++) {
		assert_true(
		    keyboard_character(&session.keyboard, (unsigned char)*text, true, &stroke));
		assert_int_equal(screen_type(&session.screen, &stroke, true), SCREEN_STAYS);
	}
	assert_true(keyboard_character(&session.keyboard, '\r', true, &stroke));
	assert_int_equal(screen_type(&session.screen, &stroke, true), SCREEN_COMMAND);
	assert_string_equal(session.screen.text, "logoff");
}

static void keys_without_a_run_box_do_nothing(void **state)
{
	struct session session = {0};
	(void)state;

	assert_int_equal(type(&session, LOGOFF ENTER), SCREEN_STAYS);
	assert_int_equal(
	    press(&session, 0x4f, true, true), SCREEN_STAYS); /* End, of Ctrl-Alt-End */
}

static void session_without_a_shell_has_no_run_box(void **state)
{
	struct session session = {.has_no_shell = true};
	(void)state;

	open_run_box(&session);
	assert_int_equal(type(&session, LOGOFF ENTER), SCREEN_STAYS);
}

static void second_option_of_the_security_screen_signs_out(void **state)
{
	struct session session = {.has_no_shell = true};
	(void)state;

	open_security_screen(&session);
	assert_int_equal(press(&session, DOWN, true, true), SCREEN_STAYS);
	assert_int_equal(type(&session, ENTER), SCREEN_SIGN_OUT);
	open_security_screen(&session);
	press(&session, DOWN, true, true);
	press(&session, DOWN, true, true);
	press(&session, UP, true, true);
	assert_int_equal(type(&session, ENTER), SCREEN_SIGN_OUT);
}

static void alt_s_signs_out_on_the_security_screen_alone(void **state)
{
	struct session session = {0};
	(void)state;

	press(&session, ALT, false, true);
	assert_int_equal(press(&session, S, false, true), SCREEN_STAYS);
	open_security_screen(&session);
	assert_int_equal(press(&session, S, false, true), SCREEN_STAYS);
	press(&session, ALT, false, true);
	assert_int_equal(press(&session, S, false, true), SCREEN_SIGN_OUT);
}

static void other_keys_leave_the_security_screen_or_do_nothing(void **state)
{
	struct session session = {0};
	(void)state;

	open_security_screen(&session);
	assert_int_equal(type(&session, ENTER), SCREEN_STAYS); /* Lock */
	open_security_screen(&session);
	assert_int_equal(type(&session, "\x01"), SCREEN_STAYS); /* Esc */
	press(&session, DOWN, true, true);
	assert_int_equal(type(&session, ENTER), SCREEN_STAYS);
	open_security_screen(&session);
	open_run_box(&session); /* not above it */
	assert_int_equal(type(&session, LOGOFF), SCREEN_STAYS);
	for (int i = 0; i < 9; i++)
		press(&session, DOWN, true, true);
	assert_int_equal(type(&session, ENTER), SCREEN_STAYS); /* Task Manager, the last */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(run_box_gives_out_what_was_typed),
	    unit_test(run_box_takes_characters_too),
	    unit_test(keys_without_a_run_box_do_nothing),
	    unit_test(session_without_a_shell_has_no_run_box),
	    unit_test(second_option_of_the_security_screen_signs_out),
	    unit_test(alt_s_signs_out_on_the_security_screen_alone),
	    unit_test(other_keys_leave_the_security_screen_or_do_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
