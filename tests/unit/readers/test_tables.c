/* Tables, lists and objects of any tool: what PowerShell, WMI and wmic print, whatever shape carries it. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void luids_of_wmi_are_decimal_in_every_shape(void **state)
{
	(void)state;
	static const char expected[] = "L 3e7 - - - - 3/1/2026 8:00:00 AM\n"
	                               "L fc2f5 - - RemoteInteractive - 3/1/2026 9:14:22 AM\n";
	assert_facts("PS C:\\> Get-CimInstance Win32_LogonSession\n\n\n"
	             "AuthenticationPackage : Negotiate\nLogonId               : 999\n"
	             "LogonType             : 0\nName                  :\n"
	             "StartTime             : 3/1/2026 8:00:00 AM\nStatus                :\n\n"
	             "AuthenticationPackage : Kerberos\nLogonId               : 1032949\n"
	             "LogonType             : 10\nStartTime             : 3/1/2026 9:14:22 AM\n\n",
	    0, expected);
	assert_facts("LogonId LogonType StartTime\n------- --------- ---------\n"
	             "999             0 3/1/2026 8:00:00 AM\n"
	             "1032949        10 3/1/2026 9:14:22 AM\n",
	    0, expected);
	assert_facts(
	    "\"LogonId\",\"LogonType\",\"StartTime\"\n\"999\",\"0\",\"3/1/2026 8:00:00 AM\"\n"
	    "\"1032949\",\"10\",\"3/1/2026 9:14:22 AM\"\n",
	    0, expected);
	assert_facts(
	    "[{\"LogonId\": \"999\", \"LogonType\": 0, \"StartTime\": \"3/1/2026 8:00:00 AM\"},\n"
	    " {\"LogonId\": \"1032949\", \"LogonType\": 10,\n  \"StartTime\": \"3/1/2026 9:14:22 AM\"}]\n",
	    0, expected);
	assert_facts(
	    "LogonId  LogonType  StartTime            \n999      0          3/1/2026 8:00:00 AM  \n"
	    "1032949  10         3/1/2026 9:14:22 AM  \n",
	    0, expected);
	assert_facts(
	    "\r\r\n\r\r\nLogonId=999\r\r\nLogonType=0\r\r\nStartTime=3/1/2026 8:00:00 AM\r\r\n\r\r\n\r\r\n"
	    "LogonId=1032949\r\r\nLogonType=10\r\r\nStartTime=3/1/2026 9:14:22 AM\r\r\n\r\r\n",
	    0, expected);
}

static void times_with_a_zone_are_known(void **state)
{
	(void)state;
	static const char *const times[][2] = {
	    {"20260301091422.123456+060", "2026-03-01T08:14:22Z"},
	    {"20260301091422.123456-420", "2026-03-01T16:14:22Z"},
	    {"2026-03-01 09:14:22 +01:00", "2026-03-01T08:14:22Z"},
	    {"2026-03-01T09:14:22.1234567Z", "2026-03-01T09:14:22Z"},
	    {"/Date(1772355262000)/", "2026-03-01T08:54:22Z"},
	    {"2026-03-01 09:14:22", "2026-03-01 09:14:22"},
	    {"01.03.2026 09:14:22", "01.03.2026 09:14:22"},
	};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		char text[200], expected[200];
		snprintf(text, sizeof text, "LogonId,LogonType,StartTime\n999,3,%s\n", times[i][0]);
		snprintf(expected, sizeof expected, "L 3e7 - - Network - %s\n", times[i][1]);
		assert_facts(text, 0, expected);
	}
}

#define ACCOUNT(name) "Win32_Account (Name = \"" name "\", Domain = \"CORP\")"

static void references_name_accounts_logon_sessions_and_processes(void **state)
{
	(void)state;
	assert_facts(
	    "Antecedent : \\\\.\\root\\cimv2:Win32_Account.Domain=\"CORP\",Name=\"anna\"\n"
	    "Dependent  : \\\\.\\root\\cimv2:Win32_LogonSession.LogonId=\"1032949\"\n\n"
	    "Antecedent : \\\\RDS01\\root\\cimv2:Win32_Account.Domain=\"RDS01\",Name=\"SYSTEM\"\n"
	    "Dependent  : \\\\RDS01\\root\\cimv2:Win32_LogonSession.LogonId=\"999\"\n",
	    0, "L 3e7 - SYSTEM - - -\nL fc2f5 CORP anna - - -\n");
	assert_facts(
	    "\"Antecedent\",\"Dependent\"\n"
	    "\"Win32_LogonSession (LogonId = \"\"999\"\")\",\"Win32_Process (Handle = \"\"4\"\")\"\n"
	    "\"Win32_LogonSession (LogonId = \"\"1032949\"\")\",\"Win32_Process (Handle = \"\"4412\"\")\"\n",
	    0, "P 4 - - - of 3e7\nP 4412 - - - of fc2f5\n");
	assert_facts(
	    "[{\"Antecedent\": {\"CimClass\": \"root/cimv2:Win32_Account\", \"CimInstanceProperties\":\n"
	    "   [\"Domain = \\\"CORP\\\"\", \"Name = \\\"anna\\\"\"]},\n"
	    "  \"Dependent\": {\"CimClass\": \"root/cimv2:Win32_LogonSession\",\n"
	    "   \"CimInstanceProperties\": \"LogonId = \\\"1032949\\\"\"}, \"PSComputerName\": null}]",
	    0, "L fc2f5 CORP anna - - -\n");
}

static void a_cell_that_was_cut_is_left_over(void **state)
{
	(void)state;
	assert_facts("LogonId LogonType StartTime            AuthenticationPackage\n"
	             "------- --------- ---------            ---------------------\n"
	             "999             0 10/9/2025 8:00:00 AM Negotiate\n"
	             "381678         10 10/10/2025 3:15:54 AM Kerb...\n",
	    1, "L 3e7 - - - - 10/9/2025 8:00:00 AM\n");
	assert_facts(
	    "Antecedent                         Dependent\n"
	    "----------                         ---------\n"
	    "Win32_Account (Name = \"anna\", D... Win32_LogonSession (LogonId = \"103\")\n" ACCOUNT(
	        "b") " Win32_LogonSession (LogonId = \"10\xe2\x80\xa6\n"
	             "Win32_Account (Name = \"c\",)        Win32_LogonSession (LogonId = \"12\")\n",
	    2, "L c - c - - -\n");
	assert_facts("LogonId   : 12\nLogonType : 10\n\nLogonId   : 13...\nLogonType : 10\n", 2,
	    "L c - - RemoteInteractive - -\n");
}

static void processes_are_read_from_lists_csv_and_json(void **state)
{
	(void)state;
	assert_facts(
	    "PS C:\\> Get-Process lsass | Select-Object Name,Id,HandleCount | Format-List\n\n"
	    "Name        : lsass\nId          : 960\nHandleCount : 79396\n\n",
	    0, "P 960 lsass 79396 -\n");
	assert_facts("\r\nNode,HandleCount,Name,ProcessId,SessionId\r\nRDS01,41207,System,4,0\r\n"
	             "RDS01,312,winlogon.exe,4412,7\r\n",
	    0, "P 4 System 41207 0\nP 4412 winlogon.exe 312 7\n");
	assert_facts("\"Image Name\",\"PID\",\"Session Name\",\"Session#\",\"Mem Usage\"\n"
	             "\"winlogon.exe\",\"4412\",\"RDP-Tcp#3\",\"7\",\"9,001 K\"\n",
	    0, "P 4412 winlogon.exe - 7\n");
	assert_facts(
	    "\"Image Name\",\"PID\",\"Services\"\n\"svchost.exe\",\"1064\",\"TermService, \"\"x\"\"\"\n",
	    0, "P 1064 svchost.exe - -\n");
	assert_facts(
	    "{\"Id\": 960, \"ProcessName\": \"lsass\", \"HandleCount\": 79396, \"SI\": 0,\n"
	    " \"MainModule\": {\"FileName\": \"C:\\\\x.exe\", \"Id\": [1, 2]}}\n",
	    0, "P 960 lsass 79396 0\n");
	assert_facts(
	    "{\"value\": [{\"Id\": 4, \"Name\": \"System\", \"Handles\": 9}], \"Count\": 1}", 0,
	    "P 4 System 9 -\n");
	assert_facts("Handles\tId\tProcessName\n9\t4\tSystem\n", 0, "P 4 System 9 -\n");
	assert_facts("Handles;Id;ProcessName\n9;4;System\n", 0, "P 4 System 9 -\n");
	assert_facts(
	    "Image Name:   winlogon.exe\nPID:          4412\nSession Name: RDP-Tcp#3\nSession#:     7\n"
	    "Mem Usage:    9,001 K\n\n",
	    0, "P 4412 winlogon.exe - 7\n");
}

static void what_other_programs_save_is_read(void **state)
{
	(void)state;
	assert_facts(
	    "[{\"authentication_package\":\"Kerberos\",\"logon_domain\":\"LAB\",\"logon_id\":\"1032949\","
	    "\"logon_sid\":\"S-1-5-21-1\",\"logon_time\":\"1772355262\",\"logon_type\":\"RemoteInteractive\","
	    "\"session_id\":\"4\",\"user\":\"anna\"}]",
	    0, "L fc2f5 LAB anna RemoteInteractive 4 2026-03-01T08:54:22Z\n");
	assert_facts("[{\"handle_count\":\"79396\",\"name\":\"lsass.exe\",\"pid\":\"960\"}]", 0,
	    "P 960 lsass.exe 79396 -\n");
	assert_facts(
	    "Process\tCPU\tPrivate Bytes\tPID\tHandles\n"
	    "    System\t0.10\t196 K\t4\t41,207\n      lsass.exe\t\t8,196 K\t960\t79,396\n",
	    0, "P 4 System 41207 -\nP 960 lsass.exe 79396 -\n");
	assert_facts("\"Name\",\"PID\",\"Handles\"\n\"lsass.exe\",\"960\",\"79,396\"\n", 0,
	    "P 960 lsass.exe 79396 -\n");
}

static void sessions_are_read_as_objects(void **state)
{
	(void)state;
	assert_facts("\"USERNAME\",\"SESSIONNAME\",\"ID\",\"STATE\",\"IDLE TIME\",\"LOGON TIME\"\n"
	             "\"anna\",\"rdp-tcp#3\",\"2\",\"Active\",\".\",\"25/07/2016 07:50\"\n"
	             "\"bert\",\"\",\"4\",\"Disc\",\"14\",\"25/07/2016 08:57\"\n",
	    0, "S 2 rdp-tcp#3 - anna Active\nS 4 - - bert Disc\n");
	assert_facts(
	    "CollectionName       DomainName           UserName             HostServer                UnifiedSessionId\n"
	    "--------------       ----------           --------             ----------                ----------------\n"
	    "Farm1                CORP                 anna                 RDS01.corp.example        12\n",
	    0, "S 12 Farm1 CORP anna -\n");
	assert_facts(
	    "[{\"USERNAME\": \"anna\", \"ID\": 2, \"STATE\": \"Active\"},\n{\"USERNAME\": \"bert\", \"ID\": 3, \"STATE\": \"Disc\"}]",
	    0, "S 2 - - anna Active\nS 3 - - bert Disc\n");
}

static void logonsessions_writes_csv(void **state)
{
	(void)state;
	assert_facts(
	    "Logon Session,User Name,Auth Package,Logon Type,Session,Sid,Logon Time,Logon Server,DNS Domain,UPN\n"
	    "00000000:0004a1c7,CORP\\anna,Negotiate,RemoteInteractive,3,S-1-5-21-1,3/2/2026 9:14:22 AM,SRV1,,\n"
	    "00000000:0005b3e2,CORP\\doe, john,Kerberos,RemoteInteractive,4,S-1-5-21-2,3/2/2026 9:15:40 AM,SRV1,,\n",
	    1, "L 4a1c7 CORP anna RemoteInteractive 3 3/2/2026 9:14:22 AM\n");
}

static void a_row_of_csv_may_go_on_in_further_lines(void **state)
{
	(void)state;
	assert_facts(
	    "\"Id\",\"Name\",\"Handles\",\"Note\"\n\"4\",\"System\",\"9\",\"two\n\nlines\"\n\"8\",\"b\",\"1\",\"\"\n",
	    0, "P 4 System 9 -\nP 8 b 1 -\n");
	/* A quote that was never closed takes no other row with it. */
	assert_facts("\"Id\",\"Name\",\"Handles\"\n\"4\",\"System\",\"9\n\"8\",\"b\",\"1\"\n", 1,
	    "P 8 b 1 -\n");
}

static void a_table_has_any_number_of_columns(void **state)
{
	(void)state;
	static char text[200000];
	size_t used = (size_t)snprintf(text, sizeof text, "Id,Name");
	for (int i = 0; i < 5000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, ",column %d", i);
	used += (size_t)snprintf(text + used, sizeof text - used, ",Handles\n4,System");
	for (int i = 0; i < 5000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, ",%d", i);
	snprintf(text + used, sizeof text - used, ",9\n");
	assert_facts(text, 0, "P 4 System 9 -\n");
}

static void several_outputs_in_one_paste_are_one_moment(void **state)
{
	(void)state;
	assert_facts(
	    "PS C:\\> Get-CimInstance Win32_LogonSession | fl LogonId,LogonType\n\n"
	    "LogonId   : 999\nLogonType : 0\n\nLogonId   : 1032949\nLogonType : 10\n\n"
	    "PS C:\\> Get-CimInstance Win32_LoggedOnUser | ConvertTo-Json\n"
	    "{\n  \"Antecedent\": \"Win32_Account (Name = \\\"anna\\\", Domain = \\\"CORP\\\")\",\n"
	    "  \"Dependent\": \"Win32_LogonSession (LogonId = \\\"1032949\\\")\"\n}\n"
	    "PS C:\\> qwinsta\n"
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    ">rdp-tcp#1         anna                      2  Active\n",
	    0,
	    "S 0 services - - Disc\nS 2 rdp-tcp#1 - anna Active\n"
	    "L 3e7 - - - - -\nL fc2f5 CORP anna RemoteInteractive - -\n");
}

static void what_is_like_a_list_between_rows_of_another_tool_is_left_over(void **state)
{
	(void)state;
	static const char *const lines[] = {"Name : x", "LogonId=5", "[",
	    "{ \"a\":", "Note : see below", "<Event", "Id,Name,Count"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char text[500];
		snprintf(text, sizeof text,
		    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
		    " services                                    0  Disc\n%s\n\n"
		    ">rdp-tcp#1         anna                      2  Active\n",
		    lines[i]);
		struct snapshot *snapshot = read_evidence(text);
		if (snapshot->rows_left == 0 ||
		    snapshot_extent(snapshot, SECTION_SESSIONS) == EXTENT_WHOLE)
			print_error("%s", text);
		assert_int_not_equal(snapshot->rows_left, 0);
		assert_int_not_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_WHOLE);
		snapshot_destroy(snapshot);
	}
}

static void what_ends_in_the_middle_is_not_whole(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    "[{\"Id\": 4, \"Name\": \"System\", \"Handles\": 9}, {\"Id\": 8, \"Na",
	    "\"Id\",\"Name\",\"Handles\"\n\"4\",\"System\",\"9\"\n\"8\",\"b",
	    "Id : 4\nName : System\nHandles : 9\n\nId : 8\nName : b\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct snapshot *snapshot = read_evidence(texts[i]);
		if (snapshot_extent(snapshot, SECTION_PROCESSES) != EXTENT_CUT_OFF)
			print_error("%s\n", texts[i]);
		assert_int_equal(snapshot_extent(snapshot, SECTION_PROCESSES), EXTENT_CUT_OFF);
		assert_int_equal(snapshot->process_count, 1);
		snapshot_destroy(snapshot);
	}
}

static void an_event_that_is_cut_in_its_first_tag_is_left_over(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence("Id,Name,Handles\n4,System,9\n<Event xmlns='ht");
	assert_int_equal(snapshot->process_count, 1);
	assert_int_not_equal(snapshot->rows_left, 0);
	snapshot_destroy(snapshot);
}

static void rows_of_several_hosts_are_a_sample_each(void **state)
{
	(void)state;
	static const char text[] =
	    "Node,HandleCount,Name,ProcessId\nRDS01,1,a,4\nRDS02,2,a,4\nRDS01,3,b,8\n";
	struct error error = {0};
	struct moments moments;
	assert_true(evidence_read_moments(text, strlen(text), "a.txt", &moments, NULL, &error));
	assert_int_equal(moments.count, 2);
	assert_string_equal(moments.items[0].snapshot->host, "RDS01");
	assert_int_equal(moments.items[0].snapshot->process_count, 2);
	assert_string_equal(moments.items[1].snapshot->host, "RDS02");
	assert_int_equal(moments.items[1].snapshot->process_count, 1);
	assert_true(moments_choose(&moments, "rds02", &error));
	assert_int_equal(moments.count, 1);
	assert_false(moments_choose(&moments, "rds03", &error));
	assert_contains(error.text, "no output of host rds03: it is of RDS02");
	moments_deinit(&moments);
}

static void a_list_without_the_systems_processes_shows_not_all(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence("Antecedent,Dependent\n"
	                                          "\"Win32_LogonSession (LogonId = \"\"999\"\")\","
	                                          "\"Win32_Process (Handle = \"\"4\"\")\"\n");
	assert_int_equal(snapshot_extent(snapshot, SECTION_PROCESSES), EXTENT_PARTIAL);
	snapshot_destroy(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(luids_of_wmi_are_decimal_in_every_shape),
	    unit_test(times_with_a_zone_are_known),
	    unit_test(references_name_accounts_logon_sessions_and_processes),
	    unit_test(a_cell_that_was_cut_is_left_over),
	    unit_test(processes_are_read_from_lists_csv_and_json),
	    unit_test(what_other_programs_save_is_read),
	    unit_test(sessions_are_read_as_objects),
	    unit_test(logonsessions_writes_csv),
	    unit_test(a_row_of_csv_may_go_on_in_further_lines),
	    unit_test(a_table_has_any_number_of_columns),
	    unit_test(several_outputs_in_one_paste_are_one_moment),
	    unit_test(what_is_like_a_list_between_rows_of_another_tool_is_left_over),
	    unit_test(what_ends_in_the_middle_is_not_whole),
	    unit_test(an_event_that_is_cut_in_its_first_tag_is_left_over),
	    unit_test(rows_of_several_hosts_are_a_sample_each),
	    unit_test(a_list_without_the_systems_processes_shows_not_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
