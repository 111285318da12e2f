#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void logon_sessions_are_read(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("C:\\>logonsessions -p\r\n\r\n"
	              "LogonSessions v1.41 - Lists logon session information\r\n"
	              "Copyright (C) 2004-2020 Mark Russinovich\r\n"
	              "Sysinternals - www.sysinternals.com\r\n\r\n"
	              "[0] Logon session 00000000:000003e7:\r\n"
	              "    User name:    \r\n"
	              "    Auth package: NTLM\r\n"
	              "    Logon type:   (none)\r\n"
	              "    Session:      0\r\n"
	              "    Sid:          S-1-5-18\r\n"
	              "    Logon time:   19/01/2025 9:19:04\r\n"
	              "    Logon server:\r\n"
	              "    DNS Domain:\r\n"
	              "    UPN:\r\n\r\n"
	              "[1] Logon session 00000001:000fd2f5:\r\n"
	              "    User name:    LAB\\anna\r\n"
	              "    Auth package: Kerberos\r\n"
	              "    Logon type:   RemoteInteractive\r\n"
	              "    Session:      152\r\n"
	              "    UPN:          anna@lab.example\r\n"
	              "     4888: agent.exe\r\n",
	        17);
	assert_int_equal(snapshot->logon_session_count, 2);
	const struct logon_session *logon = &snapshot->logon_sessions[1];
	assert_int_equal(logon->luid, UINT64_C(0x1000fd2f5));
	assert_string_equal(logon->user, "anna");
	assert_string_equal(logon->domain, "LAB");
	assert_string_equal(logon->auth_package, "Kerberos");
	assert_string_equal(logon->logon_type, "RemoteInteractive");
	assert_int_equal(logon->session_id, 152);
	assert_null(snapshot->logon_sessions[0].user);
	assert_null(snapshot->logon_sessions[0].logon_type);
	assert_string_equal(snapshot->logon_sessions[0].logon_time_text, "19/01/2025 9:19:04");
	assert_int_equal(snapshot->process_count, 1);
	assert_int_equal(snapshot->processes[0].pid, 4888);
	assert_int_equal(snapshot->processes[0].session_id, 152);
	snapshot_destroy(snapshot);
}

static void assert_end(const char *behind, const char *name)
{
	char text[400];
	struct error error;
	snprintf(text, sizeof text, "[0] Logon session 00000000:000003e7:\n    Session:      0%s",
	    behind);
	struct snapshot *snapshot = read_evidence(text);
	char *json = snapshot_to_json(snapshot, &error);
	assert_non_null(json);
	struct snapshot *again = snapshot_from_json(json, strlen(json), &error);
	assert_non_null(again);
	const enum list_end end = snapshot_sight_of(again, SECTION_LOGON_SESSIONS)->end;
	assert_int_equal(end, snapshot_sight_of(snapshot, SECTION_LOGON_SESSIONS)->end);
	const char *found = list_end_words[end];
	assert_string_equal(found ? found : "", name);
	free(json);
	snapshot_destroy(again);
	snapshot_destroy(snapshot);
}

static void what_stands_behind_a_list_is_told(void **state)
{
	(void)state;
	assert_end("", "open");
	assert_end("\r\n", "line");
	assert_end("\n \n", "blank");
	assert_end("\n   ", "open");
	assert_end("\n\nC:\\Tools>\n", "prompt");
	assert_end(
	    "\n\nC:\\Tools>qwinsta\n SESSIONNAME  USERNAME  ID  STATE\n services     0  Disc\n",
	    "");
}

static void records_that_lack_something_tell_that_rows_are_missing(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool cut;
	} cases[] = {
	    {"[1] Logon session 00000000:00001111:\n    Session:      1\n    UPN: a\n", false},
	    {"[2] Logon session 00000000:00002222:\n    Session:      1\n", true},
	    {"[3] Logon session 00000000:00002222:\n    Session:      1\n    UPN: a\n", true},
	    {"    Session:      2\n", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[400];
		snprintf(text, sizeof text,
		    "[0] Logon session 00000000:000003e7:\n    Session:      0\n    UPN:\n%s",
		    cases[i].text);
		struct snapshot *snapshot = read_evidence(text);
		assert_int_equal(
		    snapshot_extent(snapshot, SECTION_LOGON_SESSIONS) == EXTENT_CUT_OFF,
		    cases[i].cut);
		assert_int_equal(snapshot->logon_sessions[0].session_id, 0);
		snapshot_destroy(snapshot);
	}
}

static void klist_sessions_are_read(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("Current LogonId is 0:0x3e7\n"
	              "[0] Session 1 0:0x1a2b3c LAB\\anna Negotiate:RemoteInteractive\n"
	              "[1] Session 0 0:0x3e5 NT AUTHORITY\\LOCAL SERVICE Negotiate:Service\n"
	              "[2] Session 0 0:0xa0b0 \\ NTLM:(0)\n",
	        3);
	assert_int_equal(snapshot->logon_session_count, 3);
	assert_string_equal(snapshot->logon_sessions[0].user, "LOCAL SERVICE");
	assert_null(snapshot->logon_sessions[1].user);
	assert_int_equal(snapshot->logon_sessions[2].luid, 0x1a2b3c);
	assert_string_equal(snapshot->logon_sessions[2].logon_type, "RemoteInteractive");
	snapshot_destroy(snapshot);
}

static void logon_sessions_of_which_klist_may_say_no_more_are_there(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("Current LogonId is 0:0x3e7\n"
	              "[0] Session 1 0:0x1a2b3c LAB\\anna Negotiate:RemoteInteractive\n"
	              "[1] Error calling API LsaGetLogonSessionData on LogonId (0:11943): 0x5\n"
	              "[2] Session 0 0:0x3e7 LAB\\RDS01$ Negotiate:(0)\n",
	        3);
	assert_int_equal(snapshot->logon_session_count, 3);
	assert_int_equal(snapshot->logon_sessions[1].luid, 0x11943);
	assert_null(snapshot->logon_sessions[1].user);
	assert_int_not_equal(snapshot_extent(snapshot, SECTION_LOGON_SESSIONS), EXTENT_CUT_OFF);
	snapshot_destroy(snapshot);
}

/* The heading of the second record is missing: its lines are left over, and the third one is read. */
static void a_record_without_heading_takes_no_other_with_it(void **state)
{
	(void)state;
	static const char text[] = "[0] Logon session 00000000:00001111:\n"
	                           "    User name:    LAB\\anna\n    Session:      2\n"
	                           "    User name:    LAB\\bert\n    Session:      3\n"
	                           "[2] Logon session 00000000:00003333:\n"
	                           "    User name:    LAB\\carl\n    Session:      4\n";
	struct snapshot *snapshot = evidence_read(text, sizeof text - 1, "text", NULL, NULL);
	assert_non_null(snapshot);
	assert_int_equal(snapshot->logon_session_count, 2);
	assert_string_equal(snapshot->logon_sessions[0].user, "anna");
	assert_string_equal(snapshot->logon_sessions[1].user, "carl");
	assert_int_equal(snapshot->logon_sessions[1].session_id, 4);
	assert_int_equal(snapshot_extent(snapshot, SECTION_LOGON_SESSIONS), EXTENT_CUT_OFF);
	snapshot_destroy(snapshot);
}

static void processes_are_read_in_all_tables(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    "PS C:\\> tasklist /v\n\n"
	    "Image Name                     PID Session Name        Session#    Mem Usage Status          User Name                                              CPU Time Window Title\n"
	    "========================= ======== ================ =========== ============ =============== ================================================== ============ ============\n"
	    "System Idle Process              0 Services                   0          4 K Unknown         NT AUTHORITY\\SYSTEM                                   202:51:56 N/A\n",
	    1);
	assert_string_equal(snapshot->processes[0].image, "System Idle Process");
	assert_int_equal(snapshot->processes[0].session_id, 0);
	assert_string_equal(snapshot->processes[0].user, "NT AUTHORITY\\SYSTEM");
	snapshot_destroy(snapshot);
	snapshot =
	    read_rows("Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id   SI ProcessName\n"
	              "-------  ------    -----      -----     ------     --   -- -----------\n"
	              "895      28        1868       5332                 808   0 csrss\n"
	              "2751     133       80328      147768    153,56     10972 1 Agent One\n",
	        2);
	assert_int_equal(snapshot->processes[0].handle_count, 895);
	assert_int_equal(snapshot->processes[1].pid, 10972);
	assert_string_equal(snapshot->processes[1].image, "Agent One");
	snapshot_destroy(snapshot);
	snapshot =
	    read_rows("Handles      WS(K)   CPU(s)     Id UserName               ProcessName\n"
	              "-------      -----   ------     -- --------               -----------\n"
	              "    710      84100     0.75   6396 LAB\\anna               powershell\n",
	        1);
	assert_int_equal(snapshot->processes[0].handle_count, 710);
	assert_string_equal(snapshot->processes[0].user, "LAB\\anna");
	assert_string_equal(snapshot->processes[0].image, "powershell");
	snapshot_destroy(snapshot);
}

static void users_who_contradict_each_other_are_noted(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("[0] Session 1 0:0x1a2b3c LAB\\anna Negotiate:Interactive\n"
	              "[1] Session 2 0:0x1a2b3c LAB\\bert Negotiate:Interactive\n",
	        2);
	assert_int_equal(snapshot->logon_session_count, 1);
	assert_int_equal(snapshot->contradiction_total, 2);
	assert_contains(snapshot->contradictions[0].text, "anna");
	assert_contains(snapshot->contradictions[0].text, "bert");
	snapshot_destroy(snapshot);
}

static void no_line_is_dropped_before_a_banner(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    "[0] Session 1 0:0x1a2b3c LAB\\anna Negotiate:Interactive\n"
	    "[1] Session 2 0:0x1a2b\n"
	    "Nthandle v5.0 - Handle viewer\n"
	    "agent.exe          pid: 3628   type: Token          68C: LAB\\anna:1a2b3c\n");
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot->unread[0].line, 2);
	snapshot_destroy(snapshot);
}

static void what_is_quoted_is_read_without_its_marks(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("> LogonSessions v1.41 - Lists logon session information\n"
	              "> Copyright (C) 2004-2020 Mark Russinovich\n>\n> \n"
	              "> [0] Logon session 00000000:000003e7:\n>     Session:      0\n>\n",
	        2);
	assert_int_equal(snapshot->logon_sessions[0].luid, 0x3e7);
	snapshot_destroy(snapshot);
}

static void a_logon_session_may_be_in_no_session(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("[0] Logon session 00000000:000003e7:\n    Session:      4294967295\n", 2);
	assert_int_equal(snapshot->logon_sessions[0].session_id, NUMBER_UNKNOWN);
	snapshot_destroy(snapshot);
}

static void what_was_read_survives_as_json(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\nnoise\n"
	    "C:\\>handle -a 1a2b3c\n"
	    "agent.exe          pid: 3628   type: Token          68C: LAB\\anna:1a2b3c\n");
	char *json = snapshot_to_json(snapshot, NULL);
	assert_contains(json, "\"rows_left\": 1");
	struct snapshot *again = read_evidence(json);
	assert_int_equal(snapshot_extent(again, SECTION_HANDLES), EXTENT_PARTIAL);
	assert_int_equal(snapshot_sight_of(again, SECTION_HANDLES)->searched[0].luid, 0x1a2b3c);
	assert_int_equal(again->handle_count, 1);
	snapshot_destroy(again);
	snapshot_destroy(snapshot);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(logon_sessions_are_read),
	    unit_test(what_stands_behind_a_list_is_told),
	    unit_test(records_that_lack_something_tell_that_rows_are_missing),
	    unit_test(klist_sessions_are_read),
	    unit_test(logon_sessions_of_which_klist_may_say_no_more_are_there),
	    unit_test(a_record_without_heading_takes_no_other_with_it),
	    unit_test(processes_are_read_in_all_tables),
	    unit_test(users_who_contradict_each_other_are_noted),
	    unit_test(no_line_is_dropped_before_a_banner),
	    unit_test(what_is_quoted_is_read_without_its_marks),
	    unit_test(a_logon_session_may_be_in_no_session),
	    unit_test(what_was_read_survives_as_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
