/* Events of Windows' logs: XML, CSV, lists and wevtutil's text, by their fields or by their English messages. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LSM "Microsoft-Windows-TerminalServices-LocalSessionManager"

static void add_number(FILE *out, const char *name, int64_t number)
{
	if (number != NUMBER_UNKNOWN)
		fprintf(out, " %s%lld", name, (long long)number);
}

static void add_text(FILE *out, const char *name, const char *text)
{
	if (text)
		fprintf(out, " %s%s", name, text);
}

static void describe(FILE *out, const struct log_event *event)
{
	char time[TIMESTAMP_TEXT];
	if (event->number == NUMBER_UNKNOWN)
		fputs("gap", out);
	else
		fprintf(out, "%lld", (long long)event->number);
	if (event->logged != TIMESTAMP_UNKNOWN)
		fprintf(out, " %.19sZ", timestamp_format(event->logged, time));
	if (event->logged_local != TIMESTAMP_UNKNOWN)
		fprintf(out, " %.19s", timestamp_format(event->logged_local, time));
	if (event->logged_text)
		fprintf(out, " \"%s\"", event->logged_text);
	add_number(out, "#", event->record);
	add_number(out, "session ", event->session_id);
	add_number(out, "by ", event->by_session);
	add_number(out, "reason ", event->reason);
	add_text(out, "", event->domain);
	add_text(out, "", event->user);
	if (event->luid != LUID_UNKNOWN)
		fprintf(out, " %llx", (unsigned long long)event->luid);
	if (event->linked_luid != LUID_UNKNOWN)
		fprintf(out, " linked %llx", (unsigned long long)event->linked_luid);
	add_text(out, "", event->logon_type);
	add_text(out, "by ", event->logon_process);
	fputc('\n', out);
}

static void assert_events(const char *text, int64_t left, const char *expected)
{
	char *found = NULL;
	size_t size;
	struct snapshot *snapshot = read_evidence(text);
	FILE *out = open_memstream(&found, &size);
	for (size_t i = 0; i < snapshot->log_event_count; i++)
		describe(out, &snapshot->log_events[i]);
	fclose(out);
	assert_described(snapshot, text, left, found, expected);
}

#define XML(provider, id, record, data)                                                                          \
	"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='" provider \
	"'/><EventID>" id "</EventID><TimeCreated SystemTime='2026-03-05T11:46:09.8088735Z'/>"                   \
	"<EventRecordID>" record "</EventRecordID><Channel>x</Channel>"                                          \
	"<Computer>RDSH01.corp.example</Computer></System>" data "</Event>\n"
#define XML_LSM(id, record, data)                                                                  \
	XML(LSM, id, record, "<UserData><EventXML xmlns='Event_NS'>" data "</EventXML></UserData>")
#define XML_SECURITY(id, record, data)                                                             \
	XML("Microsoft-Windows-Security-Auditing", id, record, "<EventData>" data "</EventData>")

static void xml_of_sessions_has_ids_users_and_utc(void **state)
{
	(void)state;
	assert_events(
	    XML_LSM("21", "101",
	        "<User>CORP\\anna</User><SessionID>4</SessionID><Address>192.0.2.1</Address>")
	        XML_LSM("39", "102", "<TargetSession>4</TargetSession><Source>2</Source>")
	            XML_LSM("40", "103", "<Session>4</Session><Reason>12</Reason>")
	                XML_LSM("23", "104", "<User>CORP\\anna</User><SessionID>4</SessionID>"),
	    0,
	    "21 2026-03-05T11:46:09Z #101 session 4 CORP anna\n"
	    "39 2026-03-05T11:46:09Z #102 session 4 by 2\n"
	    "40 2026-03-05T11:46:09Z #103 session 4 reason 12\n"
	    "23 2026-03-05T11:46:09Z #104 session 4 CORP anna\n");
}

static void xml_of_logons_has_luids(void **state)
{
	(void)state;
	assert_events(
	    XML_SECURITY("4624", "7",
	        "<Data Name='TargetUserName'>anna</Data><Data Name='TargetDomainName'>CORP</Data>"
	        "<Data Name='TargetLogonId'>0x00000000000fc2f5</Data><Data Name='LogonType'>10</Data>"
	        "<Data Name='LogonProcessName'>User32 </Data>"
	        "<Data Name='TargetLinkedLogonId'>0xfc2f8</Data>") XML_SECURITY("4647", "8",
	        "<Data Name='TargetUserName'>anna</Data><Data Name='TargetLogonId'>0xfc2f5</Data>")
	        XML_SECURITY("4634", "9",
	            "<Data Name='TargetLogonId'>0xfc2f5</Data><Data Name='LogonType'>10</Data>"),
	    0,
	    "4624 2026-03-05T11:46:09Z #7 CORP anna fc2f5 linked fc2f8 RemoteInteractive by User32\n"
	    "4647 2026-03-05T11:46:09Z #8 anna fc2f5\n"
	    "4634 2026-03-05T11:46:09Z #9 fc2f5 RemoteInteractive\n");
}

static void an_event_without_its_session_or_luid_leaves_a_gap(void **state)
{
	(void)state;
	assert_events(XML_LSM("21", "1", "<SessionID>4</SessionID>")
	                  XML_LSM("23", "2", "<SessionID>four</SessionID>") XML_LSM(
	                      "23", "3", "<SessionID></SessionID>") XML_SECURITY("4634", "4",
	                      /* decimal, as PowerShell's values are: the base is not guessed */
	                      "<Data Name='TargetLogonId'>1032949</Data>")
	                      XML_LSM("24", "5", "<SessionID>4</SessionID>"),
	    3, "21 2026-03-05T11:46:09Z #1 session 4\ngap\n24 2026-03-05T11:46:09Z #5 session 4\n");
}

static void other_events_are_known_by_their_time_alone(void **state)
{
	(void)state;
	assert_events(XML("Microsoft-Windows-Kernel-General", "12", "1", "")
	                  XML("Other", "21", "2", "<EventData><Data>anything</Data></EventData>"),
	    0, "12 2026-03-05T11:46:09Z #1\n21 2026-03-05T11:46:09Z #2\n");
}

static void csv_of_fields_has_sessions(void **state)
{
	(void)state;
	assert_events(
	    "#TYPE System.Management.Automation.PSCustomObject\n"
	    "\"TimeCreated\",\"Session\",\"Reason\",\"EventID\",\"User\",\"SessionID\",\"Address\"\n"
	    "\"2025-03-04 09:10:11 +01:00\",,,\"21\",\"CORP\\anna\",\"2\",\"192.0.2.21\"\n"
	    "\"2025-03-04 09:40:55 +01:00\",\"2\",\"12\",\"40\",,,\n",
	    0,
	    "21 2025-03-04T08:10:11Z session 2 CORP anna\n40 2025-03-04T08:40:55Z session 2 reason 12\n");
}

#define LOGGED_ON                                                                                  \
	"Remote Desktop Services: Session logon succeeded:\n\nUser: CORP\\anna\nSession ID: 4\n"   \
	"Source Network Address: 192.0.2.1"
#define LOGGED_OFF                                                                                 \
	"Remote Desktop Services: Session logoff succeeded:\n\nUser: CORP\\anna\nSession ID: 4"
#define CSV_HEADING "\"Message\",\"Id\",\"RecordId\",\"ProviderName\",\"TimeCreated\"\n"

static void messages_in_english_are_read(void **state)
{
	(void)state;
	assert_events(CSV_HEADING
	    "\"" LOGGED_ON "\",\"21\",\"5\",\"" LSM "\",\"2026-03-15 11:46:09\"\n"
	    "\"Session 4 has been disconnected, reason code 12\",\"40\",\"6\",\"" LSM
	    "\",\"2026-03-15 11:46:10\"\n"
	    "\"Session 4 has been disconnected by session 2\",\"39\",\"7\",\"" LSM
	    "\",\"2026-03-15 11:46:11\"\n"
	    "\"Anything at all, with \"\"quotes\"\"\nin two lines\",\"21\",\"8\",\"Other\",\"2026-03-15 11:46:12\"\n",
	    0,
	    "21 2026-03-15T11:46:09 #5 session 4 CORP anna\n"
	    "40 2026-03-15T11:46:10 #6 session 4 reason 12\n"
	    "39 2026-03-15T11:46:11 #7 session 4 by 2\n"
	    "21 2026-03-15T11:46:12 #8\n");
}

static void event_viewers_csv_has_a_column_more_than_its_heading(void **state)
{
	(void)state;
	assert_events("Level,Date and Time,Source,Event ID,Task Category\n"
	              "Information,3/15/2026 11:46:09 AM," LSM ",21,None,\"" LOGGED_ON "\"\n"
	              "Information,3/15/2026 11:47:09 AM," LSM
	              ",40,None,\"Session 4 has been disconnected, reason code 12\"\n"
	              "Information,3/15/2026 11:48:09 AM,Other,1,None,A word\n",
	    0,
	    "21 2026-03-15T11:46:09 session 4 CORP anna\n40 2026-03-15T11:47:09 session 4 reason 12\n"
	    "1 2026-03-15T11:48:09\n");
}

/* Of a list the message goes on below itself, with blank lines in it. */
static void lists_of_events_are_read(void **state)
{
	(void)state;
	assert_events("PS C:\\> Get-WinEvent -LogName " LSM
	              "/Operational | fl TimeCreated,Id,Message\n\n\n"
	              "TimeCreated : 3/15/2026 11:46:09 AM\n"
	              "Id          : 21\n"
	              "Message     : Remote Desktop Services: Session logon succeeded:\n"
	              "              \n"
	              "              User: CORP\\anna\n"
	              "              Session ID: 4\n"
	              "\n"
	              "TimeCreated : 3/15/2026 11:40:09 PM\n"
	              "Id          : 40\n"
	              "Message     : Session 4 has been disconnected, reason code 12\n\n\n"
	              "PS C:\\> qwinsta\n",
	    0,
	    "21 2026-03-15T11:46:09 session 4 CORP anna\n40 2026-03-15T23:40:09 session 4 reason 12\n");
	assert_events(
	    "[{\"Id\": 23, \"TimeCreated\": \"\\/Date(1772355262000)\\/\",\n"
	    "  \"Message\": \"Remote Desktop Services: Session logoff succeeded:\\r\\n\\r\\n"
	    "User: CORP\\\\anna\\r\\nSession ID: 4\"}]",
	    0, "23 2026-03-01T08:54:22Z session 4 CORP anna\n");
}

#define WEVTUTIL(source, id, message)                                                              \
	"Event[0]:\n  Log Name: x\n  Source: " source                                              \
	"\n  Date: 2026-03-05T11:46:09.808\n  Event ID: " id                                       \
	"\n  Task: N/A\n  Computer: RDSH01.corp.example\n  Description: \n" message "\n\n"

static void text_of_wevtutil_is_read(void **state)
{
	(void)state;
	assert_events(
	    "C:\\>wevtutil qe Security /f:text\n" WEVTUTIL(LSM, "23", LOGGED_OFF) WEVTUTIL(
	        "Microsoft-Windows-Security-Auditing", "4624",
	        "An account was successfully logged on.\n\nSubject:\n\tAccount Name:\t\tRDSH01$\n"
	        "\tLogon ID:\t\t0x3E7\n\nLogon Type:\t\t\t10\n\nNew Logon:\n\tAccount Name:\t\tanna\n"
	        "\tAccount Domain:\t\tCORP\n\tLogon ID:\t\t0xFC2F5\n\nProcess Information:\n"
	        "\tProcess ID:\t\t0x4\n") WEVTUTIL("Microsoft-Windows-Security-Auditing", "4647",
	        "User initiated logoff:\n\nSubject:\n\tAccount Name:\t\tanna\n\tLogon ID:\t\t0xFC2F5\n") "C:\\>qwinsta\n",
	    0,
	    "23 2026-03-05T11:46:09 session 4 CORP anna\n"
	    "4624 2026-03-05T11:46:09 CORP anna fc2f5 RemoteInteractive\n"
	    "4647 2026-03-05T11:46:09 anna fc2f5\n");
}

static void fields_copied_out_of_an_event_are_a_logon(void **state)
{
	(void)state;
	assert_events("LogonType                 2   (Interactive)\n"
	              "LogonProcessName          seclogo          (Secondary Logon service)\n"
	              "AuthenticationPackageName Negotiate\n"
	              "TargetUserName            SandboxOffline\n"
	              "TargetLogonId             0x1a2b3c\n",
	    0, "4624 SandboxOffline 1a2b3c Interactive by seclogo\n");
}

static void messages_in_other_languages_are_left_over_with_advice(void **state)
{
	(void)state;
	static const char german[] =
	    "\"Remotedesktopdienste: Die Sitzungsabmeldung war erfolgreich:\n\nBenutzer: CORP\\anna\n"
	    "Sitzungs-ID: 4\",\"23\",\"6\",\"" LSM "\",\"2026-03-15 11:50:09\"\n";
	char text[1000];
	struct error error;
	snprintf(text, sizeof text,
	    CSV_HEADING "\"" LOGGED_ON "\",\"21\",\"5\",\"" LSM "\",\"2026-03-15 11:46:09\"\n%s",
	    german);
	struct snapshot *snapshot = read_evidence(text);
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot_extent(snapshot, SECTION_EVENTS), EXTENT_CUT_OFF);
	assert_contains(snapshot_why_not_whole(snapshot, SECTION_EVENTS), "wevtutil qe LOG /f:xml");
	snapshot_destroy(snapshot);
	snprintf(text, sizeof text, CSV_HEADING "%s", german);
	assert_null(evidence_read(text, strlen(text), "a.csv", NULL, &error));
	assert_contains(error.text, "wevtutil qe LOG /f:xml");
	static const char foreign[] = "Event[0]:\n  Protokollname: Security\n  Quelle: x\n"
	                              "  Datum: 2026-03-05T11:46:09.808\n  Ereignis-ID: 4624\n";
	assert_null(evidence_read(foreign, strlen(foreign), "a.txt", NULL, &error));
	assert_contains(error.text, "wevtutil qe LOG /f:xml");
}

static void assert_times(
    const char *a, const char *b, const char *expected_a, const char *expected_b)
{
	char text[300], expected[200];
	snprintf(text, sizeof text, "EventID,TimeCreated,SessionID\n21,%s,2\n23,%s,2\n", a, b);
	snprintf(expected, sizeof expected, "21 %s session 2\n23 %s session 2\n", expected_a,
	    expected_b);
	assert_events(text, 0, expected);
}

static void day_and_month_are_known_only_where_the_whole_log_tells(void **state)
{
	(void)state;
	assert_times("3/5/2026 11:46:09 AM", "3/13/2026 12:46:09 AM", "2026-03-05T11:46:09",
	    "2026-03-13T00:46:09");
	assert_times("05.03.2026 11:46:09", "13.03.2026 11:46:09", "2026-03-05T11:46:09",
	    "2026-03-13T11:46:09");
	assert_times("3/5/2026 11:46:09", "3/12/2026 11:46:09", "\"3/5/2026 11:46:09\"",
	    "\"3/12/2026 11:46:09\"");
	/* Of one number the order is no matter; two orders in one log contradict each other. */
	assert_times("3/3/2026 11:46:09", "3/12/2026 11:46:09", "2026-03-03T11:46:09",
	    "\"3/12/2026 11:46:09\"");
	assert_times("3/13/2026 11:46:09", "13/3/2026 11:46:09", "\"3/13/2026 11:46:09\"",
	    "\"13/3/2026 11:46:09\"");
	assert_times("2026-03-05 11:46", "2026/03/05 11:47:01", "2026-03-05T11:46:00",
	    "2026-03-05T11:47:01");
	assert_times("yesterday", "3/5/26 11:46", "\"yesterday\"", "\"3/5/26 11:46\"");
}

static void logs_of_two_hosts_are_a_sample_each(void **state)
{
	(void)state;
	static const char text[] =
	    "EventID,TimeCreated,SessionID,MachineName\n"
	    "21,2026-03-05 11:46:09Z,2,RDS01\n21,2026-03-05 11:46:10Z,2,RDS02\n";
	struct error error;
	struct moments moments;
	assert_true(evidence_read_moments(text, strlen(text), "a.csv", &moments, NULL, &error));
	assert_int_equal(moments.count, 2);
	assert_int_equal(moments.items[0].snapshot->log_event_count, 1);
	assert_string_equal(moments.items[1].snapshot->log_events[0].host, "RDS02");
	moments_deinit(&moments);
}

/* Each byte changed or cut away: what is read has no event that the text had not. */
static void mutations_make_no_event_better(void **state)
{
	(void)state;
	static const char whole[] =
	    XML_LSM("21", "101", "<User>CORP\\anna</User><SessionID>4</SessionID>")
	        XML_LSM("23", "102", "<SessionID>4</SessionID>");
	for (size_t i = 0; i < sizeof whole - 1; i++) {
		char text[sizeof whole];
		struct error error;
		memcpy(text, whole, sizeof whole);
		text[i] = (char)(i % 3 ? '\x01' : '<');
		struct snapshot *snapshot =
		    evidence_read(text, i % 2 ? i + 1 : sizeof whole - 1, "a.xml", NULL, &error);
		for (size_t j = 0; snapshot && j < snapshot->log_event_count; j++) {
			const struct log_event *event = &snapshot->log_events[j];
			assert_true(event->session_id == NUMBER_UNKNOWN || event->session_id == 4);
			assert_true(event->number != 21 || !event->log ||
			            !strstr(event->log, "Local") || event->session_id == 4);
		}
		snapshot_destroy(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(xml_of_sessions_has_ids_users_and_utc),
	    unit_test(xml_of_logons_has_luids),
	    unit_test(an_event_without_its_session_or_luid_leaves_a_gap),
	    unit_test(other_events_are_known_by_their_time_alone),
	    unit_test(csv_of_fields_has_sessions),
	    unit_test(messages_in_english_are_read),
	    unit_test(event_viewers_csv_has_a_column_more_than_its_heading),
	    unit_test(lists_of_events_are_read),
	    unit_test(text_of_wevtutil_is_read),
	    unit_test(fields_copied_out_of_an_event_are_a_logon),
	    unit_test(messages_in_other_languages_are_left_over_with_advice),
	    unit_test(day_and_month_are_known_only_where_the_whole_log_tells),
	    unit_test(logs_of_two_hosts_are_a_sample_each),
	    unit_test(mutations_make_no_event_better),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
