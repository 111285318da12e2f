/* What the driver makes of how a cycle ended: the cause's name stays, and says what to do. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "driver/preflight/causes.h"

static struct cycle failed(enum phase phase, const char *code)
{
	return (struct cycle){.result = phase == PHASE_LOGOFF ? CYCLE_UNPROVEN : CYCLE_FAILED,
	    .failed_phase = phase_names[phase],
	    .code = code,
	    .session_id = NUMBER_UNKNOWN};
}

static const char *id(const struct cycle *cycle, const struct scenario *scenario)
{
	const struct cause *cause = cause_of(cycle, scenario);

	return cause ? cause->id : "";
}

static void code_tells_the_cause(void **state)
{
	static const struct {
		enum phase phase;
		const char *code, *id;
	} known[] = {
	    {PHASE_TCP, "ERRCONNECT_DNS_NAME_NOT_FOUND", "name-unknown"},
	    {PHASE_TCP, "ERRCONNECT_CONNECT_FAILED", "connection-refused"},
	    {PHASE_TCP, "TIMEOUT", "no-answer"},
	    {PHASE_TLS, "CERTIFICATE", "certificate"},
	    {PHASE_NLA, "ERRCONNECT_LOGON_FAILURE", "password-wrong"},
	    {PHASE_NLA, "ERRCONNECT_ACCOUNT_LOCKED_OUT", "account-locked"},
	    {PHASE_NLA, "ERRCONNECT_PASSWORD_EXPIRED", "password-expired"},
	    {PHASE_NLA, "ERRCONNECT_PASSWORD_MUST_CHANGE", "password-must-change"},
	    {PHASE_ACTIVATED, "TIMEOUT", "licence-timeout"},
	    {PHASE_ACTIVATED, "ERRCONNECT_ACTIVATION_TIMEOUT", "licence-timeout"},
	    {PHASE_ACTIVATED, "ERRINFO_LICENSE_NO_LICENSE_SERVER", "licence-refused"},
	    {PHASE_LOGON, "ERRINFO_SERVER_DENIED_CONNECTION", "session-limit"},
	    {PHASE_LOGON, "ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES", "logon-denied"},
	    {PHASE_LOGON, "TIMEOUT", "no-logon-signal"},
	    {PHASE_LOGOFF, "ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION", "displaced"},
	    {PHASE_LOGOFF, "COMMAND", "command-failed"},
	    {PHASE_LOGOFF, "NO_PROOF", ""},
	};
	const struct scenario scenario = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct cycle cycle = failed(known[i].phase, known[i].code);
		assert_string_equal(id(&cycle, &scenario), known[i].id);
	}
}

static void session_that_stays_is_told_by_the_way_in_which_it_was_to_end(void **state)
{
	static const char *const ids[] = {[LOGOFF_AUTO] = "session-not-ended",
	    [LOGOFF_SHELL_EXIT] = "shell-refused-or-ignored",
	    [LOGOFF_KEYS] = "keys-without-effect",
	    [LOGOFF_COMMAND] = "command-without-effect"};
	const struct cycle cycle = failed(PHASE_LOGOFF, "TIMEOUT");
	(void)state;

	for (size_t method = 0; method < sizeof(ids) / sizeof(ids[0]); method++) {
		const struct scenario scenario = {.logoff.method = (enum logoff_method)method};
		assert_string_equal(id(&cycle, &scenario), ids[method]);
	}
}

static void dialog_without_nla_may_be_a_refused_password(void **state)
{
	const struct scenario tls = {.host.security = SECURITY_TLS};
	const struct scenario painted = {
	    .host.security = SECURITY_TLS, .logon.signal = SIGNAL_PAINT};
	struct cycle cycle = failed(PHASE_LOGON, "TIMEOUT");
	(void)state;

	assert_string_equal(id(&cycle, &tls), "logon-dialog");
	cycle = failed(PHASE_LOGOFF, "TIMEOUT");
	assert_string_equal(id(&cycle, &painted), "logon-dialog");
	cycle.session_id = 2; /* somebody is logged on */
	assert_string_equal(id(&cycle, &painted), "session-not-ended");
}

static void another_host_is_to_blame_for_what_it_does_after_a_redirection(void **state)
{
	const struct scenario scenario = {0};
	struct cycle cycle = failed(PHASE_LOGON, "ERRCONNECT_CONNECT_FAILED");
	(void)state;

	cycle.served_by = "rds02";
	assert_string_equal(id(&cycle, &scenario), "redirected");
	cycle.code = "ERRCONNECT_ACCOUNT_LOCKED_OUT"; /* is so on each of them */
	assert_string_equal(id(&cycle, &scenario), "account-locked");
}

static void cycle_that_went_well_has_no_cause(void **state)
{
	const struct scenario scenario = {0};
	struct cycle cycle = failed(PHASE_LOGOFF, "TIMEOUT");
	(void)state;

	cycle.result = CYCLE_LOGGED_OFF;
	assert_string_equal(id(&cycle, &scenario), "");
}

static void change_on_the_host_comes_with_its_undo_and_whom_to_ask(void **state)
{
	char text[CAUSE_TEXT];
	(void)state;

	cause_tell(cause_by_id("shell-refused-or-ignored"), text, sizeof(text));
	assert_non_null(
	    strstr(text, "reg add \"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal "
	                 "Services\" /v fAllowUnlistedRemotePrograms /t REG_DWORD /d 1 /f"));
	assert_non_null(strstr(text, "reg delete "));
	assert_non_null(strstr(text, "owns the GPO must agree"));
	cause_tell(cause_by_id("account-locked"), text, sizeof(text));
	assert_null(strstr(text, "GPO"));
	assert_null(cause_by_id("no-such-cause"));
}

static void no_cause_is_cut_where_it_is_told(void **state)
{
	static const char *const longest[] = {"shell-refused-or-ignored", "no-logon-signal"};
	char text[2 * CAUSE_TEXT];
	(void)state;

	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		cause_tell(cause_by_id(longest[i]), text, sizeof(text));
		assert_in_range(strlen(text), 1, CAUSE_TEXT - 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(code_tells_the_cause),
	    unit_test(session_that_stays_is_told_by_the_way_in_which_it_was_to_end),
	    unit_test(dialog_without_nla_may_be_a_refused_password),
	    unit_test(another_host_is_to_blame_for_what_it_does_after_a_redirection),
	    unit_test(cycle_that_went_well_has_no_cause),
	    unit_test(change_on_the_host_comes_with_its_undo_and_whom_to_ask),
	    unit_test(no_cause_is_cut_where_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
