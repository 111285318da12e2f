/* What the lab host makes of start programs, faults, policies and request lines. */
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
	    ends("cmd /c ping -n 3 127.0.0.1 && logoff && timeout 9"), 2 * SECOND + LOGOFF_TIME);
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

static void broker_sends_on_every_nth_logon(void **state)
{
	char plain[] = "host", third[] = "host/3", none[] = "/3", zero[] = "host/0";
	struct redirect redirect;
	(void)state;

	assert_true(redirect_parse(plain, &redirect));
	assert_int_equal(redirect.every, 1);
	assert_true(redirect_parse(third, &redirect));
	assert_string_equal(redirect.host, "host");
	assert_int_equal(redirect.every, 3);
	assert_false(redirect_parse(none, &redirect));
	assert_false(redirect_parse(zero, &redirect));
}

static void policies_add_up(void **state)
{
	struct policies policies = {0};
	(void)state;

	assert_true(policy_parse("shell-refused", &policies));
	assert_true(policy_parse("slow-profile", &policies));
	assert_true(policy_parse("session-limit=2", &policies));
	assert_int_equal(policies.start_program, START_PROGRAM_REFUSED);
	assert_int_equal(policies.slow_profile, 5 * SECOND);
	assert_int_equal(policies.session_limit, 2);
	assert_true(policy_parse("slow-profile=0.5", &policies));
	assert_int_equal(policies.slow_profile, SECOND / 2);
	assert_false(policies.prompt_password || policies.legal_notice || policies.no_run ||
	             policies.logon_denied);
}

static void temporary_profile_is_its_accounts_or_everybodys(void **state)
{
	struct policies policies = {0};
	(void)state;

	assert_false(policy_temporary_profile(&policies, "lab01"));
	assert_true(policy_parse("temporary-profile=LAB01", &policies));
	assert_true(policy_temporary_profile(&policies, "lab01"));
	assert_false(policy_temporary_profile(&policies, "lab02"));
	assert_true(policy_parse("temporary-profile", &policies));
	assert_true(policy_temporary_profile(&policies, "lab02"));
}

static void wrong_policies_are_refused(void **state)
{
	static const char *const wrong[] = {"", "shell", "no-run=1", "session-limit",
	    "session-limit=0", "session-limit=-1", "session-limit=1x",
	    "slow-profile=", "slow-profile=0", "slow-profile=x",
	    "password-expired=", "logon-denied=lab01", "temporary-profile="};
	struct policies policies;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(policy_parse(wrong[i], &policies));
}

static void password_policy_concerns_its_account_or_all(void **state)
{
	struct policies policies = {0};
	(void)state;

	assert_int_equal(policy_password_status(&policies, "lab01"), 0);
	assert_true(policy_parse("password-expired=LAB01", &policies));
	assert_int_equal(policy_password_status(&policies, "lab01"), 0xc0000071);
	assert_int_equal(policy_password_status(&policies, "lab02"), 0);
	assert_true(policy_parse("must-change-password", &policies));
	assert_int_equal(policy_password_status(&policies, "lab02"), 0xc0000224);
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
	    unit_test(fault_comes_on_every_nth_connection),
	    unit_test(broker_sends_on_every_nth_logon),
	    unit_test(policies_add_up),
	    unit_test(temporary_profile_is_its_accounts_or_everybodys),
	    unit_test(wrong_policies_are_refused),
	    unit_test(password_policy_concerns_its_account_or_all),
	    unit_test(request_fields_are_decoded),
	    unit_test(bad_requests_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
