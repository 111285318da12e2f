#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/snapshot.h"

static const char whole[] =
    "{\"schema\":\"leaklab.snapshot/1\",\"source\":\"leaklab-probe "
    "0.1.0\",\"host\":\"RDS01\",\"build\":\"10.0.20348\","
    "\"boot_time\":\"2026-11-20T06:00:00Z\",\"time\":\"2026-11-21T09:30:00Z\",\"elevated\":true,"
    "\"leak_tracking\":false,"
    "\"token_objects\":{\"total\":900,\"accounted\":850},"
    "\"sessions\":[{\"id\":2,\"name\":\"rdp-tcp#0\",\"user\":\"lab01\",\"domain\":\"LAB\","
    "\"state\":\"Active\",\"temporary_profile\":true}],"
    "\"logon_sessions\":[{\"luid\":\"00000000:000fd2f5\",\"user\":\"lab01\",\"domain\":\"LAB\","
    "\"logon_type\":"
    "\"RemoteInteractive\",\"auth_package\":\"NTLM\",\"session_id\":2,\"logon_time\":\"2026-11-"
    "21T09:29:00Z\"}],"
    "\"handles\":[{\"pid\":4,\"image\":\"System\",\"value\":4096,\"type\":\"Directory\",\"luid\":"
    "\"0:fd2f5\"}],"
    "\"processes\":[{\"pid\":4,\"image\":\"System\",\"session_id\":0,\"handle_count\":3000}],"
    "\"unavailable\":[{\"what\":\"token_ids\",\"why\":\"not asked "
    "for\"}],\"later\":{\"unknown\":1}}";

static struct snapshot *read_text(const char *text)
{
	struct error error = {0};
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), &error);
	if (!snapshot)
		print_error("%s\n", error.text);
	assert_non_null(snapshot);
	return snapshot;
}

static void assert_refused(const char *text, const char *why)
{
	struct error error = {0};
	assert_null(snapshot_from_json(text, strlen(text), &error));
	assert_contains(error.text, why);
	assert_int_equal(error.code, EXIT_USAGE);
}

static void all_fields_are_read_and_unknown_ones_ignored(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_text(whole);
	assert_string_equal(snapshot->host, "RDS01");
	assert_int_equal(snapshot->elevated, YES);
	assert_int_equal(snapshot->leak_tracking, NO);
	assert_int_equal(snapshot->token_objects_accounted, 850);
	assert_int_equal(snapshot->sessions[0].id, 2);
	assert_int_equal(snapshot->sessions[0].temporary_profile, YES);
	assert_int_equal(snapshot->logon_sessions[0].luid, 0xfd2f5);
	assert_true(snapshot->handles[0].luid != LUID_UNKNOWN);
	assert_int_equal(snapshot->handles[0].luid, 0xfd2f5);
	assert_int_equal(snapshot->processes[0].handle_count, 3000);
	assert_false(snapshot_has(snapshot, "token_ids"));
	assert_true(snapshot_has(snapshot, "handles"));
	snapshot_destroy(snapshot);
}

static void what_is_not_said_is_unknown_and_never_zero(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_text("{\"schema\":\"leaklab.snapshot/1\",\"sessions\":[{\"id\":3}],"
	              "\"handles\":[{\"luid\":null}]}");
	assert_int_equal(snapshot->time, TIMESTAMP_UNKNOWN);
	assert_int_equal(snapshot->elevated, YES_NO_UNKNOWN);
	assert_int_equal(snapshot->token_objects, NUMBER_UNKNOWN);
	assert_null(snapshot->sessions[0].user);
	assert_int_equal(snapshot->sessions[0].temporary_profile, YES_NO_UNKNOWN);
	assert_int_equal(snapshot->handles[0].pid, NUMBER_UNKNOWN);
	assert_true(snapshot->handles[0].luid == LUID_UNKNOWN);
	assert_true(snapshot_has(snapshot, "sessions"));
	assert_false(snapshot_has(snapshot, "logon_sessions"));
	assert_false(snapshot_has(snapshot, "processes"));
	snapshot_destroy(snapshot);
}

static void what_is_written_is_read_again(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_text(whole);
	char *first = snapshot_to_json(snapshot, NULL);
	struct snapshot *again = read_text(first);
	char *second = snapshot_to_json(again, NULL);
	assert_string_equal(first, second);
	assert_contains(first, "\"luid\": \"00000000:000fd2f5\"");
	free(first);
	free(second);
	snapshot_destroy(snapshot);
	snapshot_destroy(again);
}

static void a_section_out_of_sight_stays_so_through_writing(void **state)
{
	(void)state;
	struct snapshot *snapshot = snapshot_create();
	assert_true(snapshot_see_all(snapshot));
	assert_true(snapshot_see(snapshot, "handles", EXTENT_ABSENT, "not elevated"));
	char *text = snapshot_to_json(snapshot, NULL);
	struct snapshot *again = read_text(text);
	assert_false(snapshot_has(again, "handles"));
	assert_true(snapshot_has(again, "sessions"));
	assert_string_equal(snapshot_why_not_whole(again, "handles"), "not elevated");
	free(text);
	snapshot_destroy(again);
	snapshot_destroy(snapshot);
}

static void names_in_other_code_pages_do_not_spoil_the_json(void **state)
{
	(void)state;
	struct snapshot *snapshot = snapshot_create();
	snapshot->host = snapshot_string(snapshot, "M\xfcller", 6);
	char *text = snapshot_to_json(snapshot, NULL);
	assert_contains(text, "M?ller");
	free(text);
	snapshot_destroy(snapshot);
}

#define HEAD "{\"schema\":\"leaklab.snapshot/1\","

static void wrong_values_are_named_by_their_path(void **state)
{
	(void)state;
	assert_refused(HEAD "\"handles\":[{},{},{},{\"luid\":\"xyz\"}]}",
	    "handles[3].luid: \"xyz\" should be a LUID");
	assert_refused(HEAD "\"sessions\":[{\"id\":\"two\"}]}",
	    "sessions[0].id: \"two\" should be a non-negative");
	assert_refused(HEAD "\"sessions\":[{}]}", "sessions[0].id: missing");
	assert_refused(HEAD "\"processes\":[{\"pid\":-4}]}",
	    "processes[0].pid: an integer, should be a non-negative");
	assert_refused(
	    HEAD "\"logon_sessions\":[{\"luid\":\"1\"},{}]}", "logon_sessions[1].luid: missing");
	assert_refused(HEAD "\"logon_sessions\":[{\"luid\":\"1\",\"logon_time\":\"noon\"}]}",
	    "logon_sessions[0].logon_time");
	assert_refused(HEAD "\"handles\":7}", "handles: an integer, should be an array");
	assert_refused(HEAD "\"handles\":[7]}", "handles[0]: an integer, should be an object");
	assert_refused(HEAD "\"elevated\":\"yes\"}", "elevated: \"yes\" should be true or false");
	assert_refused(HEAD "\"token_objects\":3}", "token_objects: an integer");
	assert_refused(HEAD "\"unavailable\":[{\"why\":\"x\"}]}", "unavailable[0].what: missing");
}

static void syntax_errors_have_line_and_column(void **state)
{
	(void)state;
	assert_refused("{\"schema\":\n  nonsense}", "line 2, column");
	assert_refused("[1]", "not an object");
}

static void other_schemas_are_refused_with_a_remedy(void **state)
{
	(void)state;
	assert_refused("{}", "no \"schema\": \"leaklab.snapshot/2\"");
	assert_refused("{\"schema\":\"leaklab.snapshot/3\"}", "same release");
	assert_refused("{\"schema\":\"leaklab.snapshot/10\"}", "same release");
	assert_refused("{\"schema\":\"leaklab.verdict/1\"}", "not a snapshot");
	snapshot_destroy(read_text("{\"schema\":\"leaklab.snapshot/1.3\"}"));
}

static void luids_are_read_in_all_the_ways_tools_print_them(void **state)
{
	(void)state;
	static const char *const good[] = {
	    "00000000:000fd2f5", "0:0xfd2f5", "0x0:0xfd2f5", "fd2f5", "0xFD2F5"};
	static const char *const bad[] = {"", ":", "1:", "0:0:0", "123456789", "12g", "0x", " 1",
	    "ffffffff:ffffffff" /* that is the unknown one */};
	uint64_t luid = 0;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(luid_parse(good[i], &luid));
		assert_int_equal(luid, 0xfd2f5);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(luid_parse(bad[i], &luid));
	char text[LUID_TEXT];
	assert_true(luid_parse("12:ffffffff", &luid));
	assert_string_equal(luid_format(luid, text), "00000012:ffffffff");
}

static void what_is_in_no_session_has_no_session_id(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_text(
	    "{\"schema\":\"leaklab.snapshot/2\","
	    "\"logon_sessions\":[{\"luid\":\"1\",\"session_id\":4294967295},"
	    "{\"luid\":\"2\",\"session_id\":2147483647}],"
	    "\"handles\":[{\"pid\":4,\"session_id\":4294967295}],"
	    "\"processes\":[{\"pid\":4,\"session_id\":4294967295,\"handle_count\":4294967295}]}");
	assert_int_equal(snapshot->logon_sessions[0].session_id, NUMBER_UNKNOWN);
	assert_int_equal(snapshot->logon_sessions[1].session_id, INT32_MAX);
	assert_int_equal(snapshot->handles[0].session_id, NUMBER_UNKNOWN);
	assert_int_equal(snapshot->processes[0].session_id, NUMBER_UNKNOWN);
	assert_int_equal(snapshot->processes[0].handle_count, UINT32_MAX);
	snapshot_destroy(snapshot);
}

static void text_that_is_cut_ends_with_a_whole_character(void **state)
{
	char host[601];
	(void)state;
	for (size_t start = 0; start < 3; start++) {
		struct snapshot *snapshot = snapshot_create(), *again;
		for (size_t i = 0; i < sizeof host - 1; i++)
			host[i] = "\xef\xbf\xbd"[i % 3];
		host[sizeof host - 1] = '\0';
		assert_true(snapshot_add_contradiction(snapshot,
		    start == 0   ? "%s"
		    : start == 1 ? "a%s"
		                 : "ab%s",
		    host));
		char *json = snapshot_to_json(snapshot, NULL);
		again = snapshot_from_json(json, strlen(json), NULL);
		assert_non_null(again);
		assert_string_equal(
		    again->contradictions[0].text, snapshot->contradictions[0].text);
		free(json);
		snapshot_destroy(again);
		snapshot_destroy(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(text_that_is_cut_ends_with_a_whole_character),
	    unit_test(all_fields_are_read_and_unknown_ones_ignored),
	    unit_test(what_is_not_said_is_unknown_and_never_zero),
	    unit_test(what_is_written_is_read_again),
	    unit_test(a_section_out_of_sight_stays_so_through_writing),
	    unit_test(names_in_other_code_pages_do_not_spoil_the_json),
	    unit_test(wrong_values_are_named_by_their_path),
	    unit_test(syntax_errors_have_line_and_column),
	    unit_test(other_schemas_are_refused_with_a_remedy),
	    unit_test(luids_are_read_in_all_the_ways_tools_print_them),
	    unit_test(what_is_in_no_session_has_no_session_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
