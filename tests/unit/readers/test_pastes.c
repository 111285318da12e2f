/* What web pages, mails, trackers and scripts do to the text that people paste, and what hands do to tables. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADING " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
#define SERVICES " services                                    0  Disc\n"

/* "id name user state" of each session, one a line. */
static void assert_sessions(const char *text, int64_t left, const char *expected)
{
	char found[1000] = "";
	struct snapshot *snapshot = read_evidence(text);
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		size_t used = strlen(found);
		snprintf(found + used, sizeof found - used, "%lld %s %s %s\n",
		    (long long)session->id, session->name ? session->name : "-",
		    session->user ? session->user : "-", session->state ? session->state : "-");
	}
	if (strcmp(found, expected) != 0 || snapshot->rows_left != left)
		print_error("%s", text);
	assert_string_equal(found, expected);
	assert_int_equal(snapshot->rows_left, left);
	if (left)
		assert_int_not_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_WHOLE);
	snapshot_destroy(snapshot);
}

static void assert_token(const char *text, const char *image, int64_t pid, int64_t value)
{
	struct snapshot *snapshot = read_evidence(text);
	if (snapshot->handle_count != 1)
		print_error("%s", text);
	assert_int_equal(snapshot->handle_count, 1);
	const struct handle *handle = &snapshot->handles[0];
	assert_string_equal(handle->image, image);
	assert_int_equal(handle->pid, pid);
	assert_int_equal(handle->value, value);
	assert_int_equal(handle->luid, 0x3a001);
	assert_string_equal(handle->user, "anna");
	assert_string_equal(handle->domain, "LAB");
	assert_int_equal(snapshot->rows_left, 0);
	snapshot_destroy(snapshot);
}

#define TWO "0 services - Disc\n2 rdp-tcp#1 anna Active\n"

static void what_a_page_or_tracker_puts_around_a_table_is_no_hindrance(void **state)
{
	(void)state;
	static const char *const pastes[][2] = {
	    {"{code}\n", "{code}\n"},
	    {"{code:title=qwinsta|borderStyle=solid}\n", "{code}\n"},
	    {"{noformat}\n", "{noformat}\n"},
	    {"{noformat}", "{noformat}"},
	    {"```\n", "```\n"},
	    {"```console\n", "```"},
	    {"~~~ text\n", "~~~\n"},
	    {"[code]\n", "[/code]\n"},
	    {"[CODE=Text]", "[/CODE]"},
	    {"[quote]\n", "[/quote]\n"},
	    {"<pre>", "</pre>\n"},
	    {"<pre><code class=\"language-text\">", "</code></pre>"},
	    {"{quote}\n{color:#333333}\n", "{color}\n{quote}\n"},
	};
	for (size_t i = 0; i < sizeof pastes / sizeof *pastes; i++) {
		char text[1000];
		snprintf(text, sizeof text,
		    "%s%s%s>rdp-tcp#1         anna                      2  Active\n%s",
		    pastes[i][0], HEADING, SERVICES, pastes[i][1]);
		assert_sessions(text, 0, TWO);
		snprintf(text, sizeof text,
		    "%s%s%s>rdp-tcp#1         anna                      2  Active%s", pastes[i][0],
		    HEADING, SERVICES, pastes[i][1]);
		assert_sessions(text, 0, TWO);
	}
}

static void a_snapshot_between_fences_is_a_snapshot(void **state)
{
	(void)state;
	static const char *const fences[][2] = {{"```json\n", "\n```\n"},
	    {"{code:json}\n", "\n{code}"}, {"[code]", "[/code]"}, {"<pre>", "</pre>"},
	    {"{noformat}", "\n{noformat}\n"}};
	for (size_t i = 0; i < sizeof fences / sizeof *fences; i++) {
		char text[400];
		snprintf(text, sizeof text,
		    "%s{\"schema\":\"leaklab.snapshot/2\",\"host\":\"RDS01\"}%s", fences[i][0],
		    fences[i][1]);
		struct snapshot *snapshot = read_evidence(text);
		assert_string_equal(snapshot->host, "RDS01");
		snapshot_destroy(snapshot);
	}
}

static void escapes_of_web_pages_are_what_they_stand_for(void **state)
{
	(void)state;
	static const char *const rows[] = {
	    "&gt;rdp-tcp#1         anna                      2  Active",
	    "&#62;rdp-tcp#1         anna                      2  Active",
	    "&#x3E;rdp-tcp#1         anna                      2  Active",
	    "&amp;gt;rdp-tcp#1         anna                      2  Active",
	    "&gt;rdp-tcp#1&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;anna                      2  Active",
	    "&nbsp;rdp-tcp#1         anna                      2  Active<br>",
	    "\xc2\xa0rdp-tcp#1  \xc2\xa0\xc2\xa0     anna       \xe2\x80\xaf              2  Active<br />"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[1000];
		snprintf(text, sizeof text, HEADING SERVICES "%s\n", rows[i]);
		assert_sessions(text, 0, TWO);
	}
	assert_sessions(HEADING SERVICES
	    " rdp-tcp#1         J&ouml;rg                      2  Active\n",
	    0, "0 services - Disc\n2 rdp-tcp#1 Jörg Active\n");
	assert_sessions(HEADING SERVICES
	    " rdp-tcp#1         R&amp;D                       2  Active\n",
	    0, "0 services - Disc\n2 rdp-tcp#1 R&D Active\n");
	assert_sessions(HEADING SERVICES " rdp-tcp#1         an&foo;na                2  Active\n",
	    1, "0 services - Disc\n");
	assert_token(
	    "agent.exe&nbsp;&nbsp;&nbsp; pid: 3320 &nbsp; type: Token &nbsp;&nbsp; 2A8: LAB\\anna:3a001\n",
	    "agent.exe", 3320, 0x2a8);
	struct snapshot *snapshot = read_evidence(
	    "C:\\&gt;handle64 -a -p 4100\n  1F4: Process       &lt;Non-existent Process&gt;(3200)\n");
	assert_int_equal(snapshot->handle_count, 1);
	assert_int_equal(snapshot->handles[0].pid, 4100);
	assert_int_equal(snapshot->handles[0].target_pid, 3200);
	snapshot_destroy(snapshot);
}

/* As scripts and bug reports hold them. */
static void rows_in_quotes_are_rows(void **state)
{
	(void)state;
	static const char *const quotes[][2] = {{"\"", "\""}, {"'", "'"}, {"    \"", "\","},
	    {"\"", "\\n\""}, {"\"", "\" +"}, {"`", "`"}, {"\"", "\\r\\n\" \\"},
	    {"\xe2\x80\x9c", "\xe2\x80\x9d"}};
	for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
		char text[1000];
		const char *open = quotes[i][0], *close = quotes[i][1];
		snprintf(text, sizeof text,
		    "%s SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE%s\n"
		    "%s services                                    0  Disc%s\n"
		    "%s>rdp-tcp#1         anna                      2  Active%s\n",
		    open, close, open, close, open, close);
		assert_sessions(text, 0, TWO);
	}
	assert_sessions(
	    "\" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n" SERVICES
	    ">rdp-tcp#1         anna                      2  Active\"\n",
	    0, TWO);
	assert_token(
	    "\"agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\"\n",
	    "agent.exe", 3320, 0x2a8);
	assert_token(
	    "  \"agent.exe          pid: 3320   type: Token          2A8: LAB\\\\anna:3a001\",\n",
	    "agent.exe", 3320, 0x2a8);
	/* Within a statement. */
	assert_sessions(HEADING SERVICES
	    "x=\"console                                   1  Conn\"\n",
	    1, "0 services - Disc\n");
	assert_sessions(HEADING SERVICES "x+=console                                   1  Conn;\n",
	    1, "0 services - Disc\n");
}

static void rows_that_lost_their_first_blanks_are_understood_or_left_over(void **state)
{
	(void)state;
	assert_sessions(
	    "SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    "services                                    0  Disc\n"
	    ">rdp-tcp#1         anna                      2  Active\n"
	    "bert                      3  Disc\n"
	    "4  Conn\n"
	    "rdp-tcp                                 65536  Listen\n",
	    0,
	    "0 services - Disc\n2 rdp-tcp#1 anna Active\n3 - bert Disc\n4 - - Conn\n65536 rdp-tcp - Listen\n");
	assert_sessions(HEADING "bert                      3  Disc\n" SERVICES, 0,
	    "0 services - Disc\n3 - bert Disc\n");
	/* Of which column it is cannot be told. */
	assert_sessions(HEADING SERVICES "bert          3  Disc\n", 1, "0 services - Disc\n");
}

static void a_label_before_the_heading_is_no_column(void **state)
{
	(void)state;
	static const char *const labels[] = {
	    "RDS01: ", "RDS01   ", "Output:  ", "2026-02-03 10:11:12  "};
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		char text[1000];
		/* Before the heading alone, and before every row. */
		snprintf(text, sizeof text,
		    "%s%s%s>rdp-tcp#1         anna                      2  Active\n", labels[i],
		    HEADING, SERVICES);
		assert_sessions(text, 0, TWO);
		snprintf(text, sizeof text,
		    "%s%s%s%s%s>rdp-tcp#1         anna                      2  Active\n", labels[i],
		    HEADING, labels[i], SERVICES, labels[i]);
		assert_sessions(text, 0, TWO);
	}
	/* A time of its own before each row, and something else before one. */
	assert_sessions(
	    "10:11:12   SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    "10:11:12   console                                     1  Conn\n"
	    "[10:11]    services                                    0  Disc\n"
	    "10:11:14   rdp-tcp#1         anna                      2  Active\n",
	    1, "1 console - Conn\n2 rdp-tcp#1 anna Active\n");
}

static void what_stands_behind_a_row_is_another_row_or_left_over(void **state)
{
	(void)state;
	static const char *const rows[] = {
	    " console                                     1  Conn rdp-tcp#1         anna                      2  Active\n",
	    " console                                     1  Conn                         rdp-tcp#1         anna                      2  Active\n",
	    " console                                     1  Conn console\n",
	    " console                                     1  Connconsole\n",
	    " console                                     1  Conn    and that is all\n",
	    " console                                     1  Conn    4\n",
	    " console                                     1  Conn,\n",
	    " console                                     1  5\n",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[1000];
		snprintf(text, sizeof text, HEADING SERVICES "%s", rows[i]);
		assert_sessions(text, 1, "0 services - Disc\n");
	}
	assert_sessions(HEADING SERVICES
	    " rdp-tcp#1         anna                      2  Active  rdpwd       tcpip\n"
	    " console                                     3  Conn    wdcon\n",
	    0, TWO "3 console - Conn\n");
}

static void a_row_of_a_table_in_a_comment_is_no_comment(void **state)
{
	(void)state;
	assert_sessions("#" HEADING "#" SERVICES
	                "# some words\n#x=console                                   1  Conn\n",
	    1, "0 services - Disc\n");
}

static void a_user_may_be_called_like_a_state(void **state)
{
	(void)state;
	assert_sessions(HEADING SERVICES " rdp-tcp#1         Active                    2  Disc\n"
	                                 " rdp-tcp#2         7 Disc                    3  Active\n"
	                                 "                   Listen                    4  Disc\n"
	                                 " rdp-tcp#3         12                        5  Active\n",
	    0,
	    "0 services - Disc\n2 rdp-tcp#1 Active Disc\n3 rdp-tcp#2 7 Disc Active\n4 - Listen Disc\n5 rdp-tcp#3 12 Active\n");
	/* Where the IDs do not stand below their heading: either number may be the ID. */
	assert_sessions(
	    HEADING SERVICES " rdp-tcp#2    7  Disc     3  Active\n", 1, "0 services - Disc\n");
}

static void quser_with_single_blanks_is_understood_or_left_over(void **state)
{
	(void)state;
	assert_sessions("USERNAME SESSIONNAME ID STATE IDLE TIME LOGON TIME\n"
	                "user.one ica-cgp#0 2 Active 24692+13:29 25/07/2016 07:50\n"
	                ">user.two ica-cgp#1 3 Active . 25/07/2016 08:33\n"
	                "user.three 4 Disc 14 25/07/2016 08:57\n"
	                "anna smith 5 Disc 14 25/07/2016 08:57\n",
	    1, "2 ica-cgp#0 user.one Active\n3 ica-cgp#1 user.two Active\n4 - user.three Disc\n");
	assert_sessions(
	    "SESSIONNAME USERNAME ID STATE TYPE DEVICE\nservices 0 Disc\n>rdp-tcp#1 anna 2 Active\n"
	    "bert 3 Disc\nconsole 1 Conn\nrdp-tcp 65536 Listen\n",
	    1,
	    "0 services - Disc\n1 console - Conn\n2 rdp-tcp#1 anna Active\n65536 rdp-tcp - Listen\n");
}

static void tabs_and_no_break_spaces_are_blanks(void **state)
{
	(void)state;
	static const char *const rows[] = {
	    "agent.exe\tpid: 3320\ttype: Token\t2A8: LAB\\anna:3a001\n",
	    "agent.exe pid: 3320 type: Token 2A8: LAB\\anna:3a001\n",
	    "agent.exe pid: 3320 type: Token LAB\\svc 2A8: LAB\\anna:3a001\n",
	    "agent.exe pid: 3320 LAB\\svc\n 2A8: Token LAB\\anna:3a001\n",
	    "agent.exe\t\tpid:\t3320\ttype:\tToken\t2A8:\tLAB\\anna:3a001\n",
	    "agent.exe          pid: 3320   type: Token\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0 2A8: LAB\\anna:3a001\n",
	    "agent.exe\xc2\xa0pid:\xc2\xa0"
	    "3320\xc2\xa0type:\xc2\xa0Token\xc2\xa0"
	    "2A8:\xc2\xa0LAB\\anna:3a001\n",
	    "agent.exe\tpid: 3320\ttype: Token\tLAB\\svc\t2A8: LAB\\anna:3a001\n",
	    "C:\\>handle -a -p 3320\nagent.exe pid: 3320 LAB\\svc\n\t2A8: Token\tLAB\\anna:3a001\n",
	    "C:\\>handle\t-a\t-p\t3320\nagent.exe pid: 3320 LAB\\svc\n  2A8:\xc2\xa0Token\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0LAB\\anna:3a001\n",
	    "> agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\n",
	    "> > agent.exe pid: 3320 LAB\\svc\n> >   2A8: Token          LAB\\anna:3a001\n",
	    "# agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\n",
	    "\xe2\x80\x8b"
	    "agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\n",
	    "\xef\xbb\xbf"
	    "agent.exe          pid: 3320   type: Token\xe3\x80\x80         2A8: LAB\\anna:3a001\n",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_token(rows[i], "agent.exe", 3320, 0x2a8);
	assert_sessions(
	    "SESSIONNAME\tUSERNAME\tID\tSTATE\tTYPE\tDEVICE\nservices\t\t0\tDisc\n>rdp-tcp#1\tanna\t2\tActive\n"
	    "\tbert of the accounting department\t3\tDisc\t\t\nconsole\t\t4\tConn\twdcon\n"
	    "rdp-tcp\t\t65536\tListen\n",
	    0,
	    TWO
	    "3 - bert of the accounting department Disc\n4 console - Conn\n65536 rdp-tcp - Listen\n");
	/* Made of blanks, by eights. */
	assert_sessions(
	    " SESSIONNAME\t   USERNAME\t\t    ID\tSTATE   TYPE\t    DEVICE\n services\t\t\t\t     0  Disc\n"
	    ">rdp-tcp#1\t   anna\t\t\t     2\tActive\n\t\t   bert\t\t\t     3\tDisc\n",
	    0, TWO "3 - bert Disc\n");
}

static void a_row_of_handle_that_is_glued_to_another_is_left_over(void **state)
{
	(void)state;
	static const char *const glued[] = {
	    "agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001"
	    "other.exe          pid: 3324   type: Token          2AC: LAB\\anna:3a001\n",
	    "agent.exe          pid: 3320   type: File           2A8: C:\\a b "
	    "other.exe          pid: 3324   type: Token          2AC: LAB\\anna:3a001\n",
	    "Nthandle v5.0\nagent.exe pid: 3320 LAB\\svc  2A8: Token         LAB\\anna:3a001\n",
	    "Nthandle v5.0\nagent.exe pid: 3320 LAB\\svc\n  2A8: Token         LAB\\anna:3a001  2AC: Token         LAB\\anna:3a001\n",
	    "Nthandle v5.0\nagent.exe pid: 3320 LAB\\svc\n  2A8: File          C:\\a  2AC: Token         LAB\\anna:3a001\n",
	    "Nthandle v5.0\nagent.exe pid: 3320 LAB\\svc\n  2A8: Token         LAB\\anna:3a001other.exe pid: 3324 LAB\\svc\n",
	    "srv: agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\n",
	    "Nthandle v5.0\n------------------agent.exe pid: 3320 LAB\\svc\n  2A8: Key           HKLM\n",
	};
	for (size_t i = 0; i < sizeof glued / sizeof *glued; i++) {
		char text[1000];
		snprintf(text, sizeof text,
		    "System             pid: 4      type: Token          D88: LAB\\anna:3a001\n%s",
		    glued[i]);
		struct snapshot *snapshot = read_evidence(text);
		if (snapshot->rows_left == 0)
			print_error("%s", text);
		assert_true(snapshot->rows_left > 0);
		assert_int_equal(snapshot->handle_count, 1);
		assert_int_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_CUT_OFF);
		snapshot_destroy(snapshot);
	}
}

/* Of the host, of the program, and of the tables. */
static void a_row_that_is_glued_to_a_frame_is_left_over(void **state)
{
	(void)state;
	static const char *const glued[] = {
	    "Sysinternals - www.sysinternals.com",
	    "Copyright (C) 1997-2022 Mark Russinovich",
	    "Nthandle v5.0 - Handle viewer",
	    "------------------------------------------------------------------------------",
	    "Process,PID,Type,Handle,Name",
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE",
	};
	for (size_t i = 0; i < sizeof glued / sizeof *glued; i++) {
		char text[1000];
		snprintf(text, sizeof text,
		    "System             pid: 4      type: Token          D88: LAB\\anna:3a001\n%s"
		    "agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\n",
		    glued[i]);
		struct snapshot *snapshot = read_evidence(text);
		if (snapshot->rows_left != 1 || snapshot->handle_count != 1)
			print_error("%s", text);
		assert_int_equal(snapshot->rows_left, 1);
		assert_int_equal(snapshot->handle_count, 1);
		snapshot_destroy(snapshot);
	}
	assert_sessions(HEADING SERVICES
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE"
	    " console                                     1  Conn\n",
	    1, "0 services - Disc\n");
	assert_sessions(HEADING SERVICES " console                                     1  Conn"
	                                 "qwinsta exited on rds01 with error code 0.\n",
	    1, "0 services - Disc\n");
	struct snapshot *snapshot = read_evidence(
	    "[0] Session 0 0:0x3e7 LAB\\RDS01$ Negotiate:(0)\n"
	    "Current LogonId is 0:0x3e7[0] Session 1 0:0x1a2b3c LAB\\anna Negotiate:Network\n");
	assert_int_equal(snapshot->rows_left, 1);
	snapshot_destroy(snapshot);
}

static void a_list_of_which_lines_are_left_out_is_not_whole(void **state)
{
	(void)state;
	static const char *const marks[] = {
	    "<SNIP>", "...", "[...]", "\xe2\x80\xa6", "(snip)", "&hellip;"};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		char text[1000];
		snprintf(text, sizeof text,
		    HEADING SERVICES "%s\n rdp-tcp                                 65536  Listen\n",
		    marks[i]);
		struct snapshot *snapshot = read_rows(text, 2);
		assert_int_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_CUT_OFF);
		snapshot_destroy(snapshot);
	}
}

static void records_of_logon_sessions_that_are_glued_are_left_over(void **state)
{
	(void)state;
	static const char *const glued[] = {
	    "[1] Logon session 00000000:00001111:    User name:    LAB\\bert\n    Session:      4\n",
	    "[1] Logon session 00000000:00001111:\n    User name:    LAB\\bert    Auth package: NTLM\n    Session:      0\n",
	    "    UPN:          [1] Logon session 00000000:00001111:\n    User name:    LAB\\bert\n",
	};
	for (size_t i = 0; i < sizeof glued / sizeof *glued; i++) {
		char text[1000];
		snprintf(text, sizeof text,
		    "[0] Logon session 00000000:000003e7:\n    User name:    LAB\\RDS01$\n    Session:      0\n%s",
		    glued[i]);
		struct snapshot *snapshot = read_evidence(text);
		assert_true(snapshot->rows_left > 0);
		assert_string_equal(snapshot->logon_sessions[0].user, "RDS01$");
		assert_int_equal(snapshot->logon_sessions[0].session_id, 0);
		assert_int_equal(snapshot_extent(snapshot, SECTION_LOGON_SESSIONS), EXTENT_CUT_OFF);
		snapshot_destroy(snapshot);
	}
	struct snapshot *snapshot = read_evidence(
	    "[0] Session 0 0:0x3e7 LAB\\RDS01$ Negotiate:(0)\n"
	    "[1] Session 1 0:0x1a2b3c LAB\\anna Negotiate:Network[2] Session 2 0:0x1a2b3d LAB\\bert Negotiate:Network\n");
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot->logon_session_count, 1);
	snapshot_destroy(snapshot);
}

#define PROCESSES                                                                                  \
	"Handles    Id   SI UserName           ProcessName\n-------    --   -- --------           -----------\n"
#define TASKS                                                                                      \
	"Image Name                     PID Session Name        Session#    Mem Usage\n"           \
	"========================= ======== ================ =========== ============\n"

static void cells_that_cross_their_rule_or_are_cut_are_left_over(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows(PROCESSES "    312  4412    7 NT AUTHORITY\\SYST winlogon\n"
	                        "    313  4416    7 LAB\\svc of agents agent of ours\n",
	        2);
	assert_string_equal(snapshot->processes[0].user, "NT AUTHORITY\\SYST");
	assert_string_equal(snapshot->processes[1].user, "LAB\\svc of agents");
	assert_string_equal(snapshot->processes[1].image, "agent of ours");
	snapshot_destroy(snapshot);
	static const char *const bad[] = {
	    PROCESSES "%s    312  4412    7 NT AUTHORITY\\SYS... winlogon\n",
	    PROCESSES "%s    312  4412    7 NT AUTHORITY\\SYS\xe2\x80\xa6 winlogon\n",
	    PROCESSES "%s    312  4412    7 LAB\\anna           winlog...\n",
	    PROCESSES "%s    312  4412...  7 LAB\\anna           winlogon\n",
	    PROCESSES "%s    312  4412    7 LAB\\somebodywithaverylongname winlogon\n",
	    PROCESSES
	    "%s    312  4412    7 LAB\\anna           winlogon     313  4416    7 LAB\\anna\n",
	    TASKS
	    "%swinlogon.exe                  4412 RDP-Tcp#3                  7      9,001 Kother.exe        4416 Console  1\n",
	    TASKS
	    "%swinlogon.exe                  4412RDP-Tcp#3                   7      9,001 K\n",
	    TASKS
	    "%swinlog...                     4412 RDP-Tcp#3                  7      9,001 K\n",
	    "Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id  SI ProcessName\n"
	    "-------  ------    -----      -----     ------     --  -- -----------\n%s"
	    "    312      20     1000       2000       1.00   4412   7 winlog...\n",
	    "Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id  SI ProcessName\n"
	    "-------  ------    -----      -----     ------     --  -- -----------\n%s"
	    "    312      20     1000       2000       1.00   4412   7 winlogon    313      20     1000 2000 1.00 4416 7 other\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[1000];
		snprintf(text, sizeof text, bad[i], "");
		struct error error = {0};
		snapshot = evidence_read(text, strlen(text), "a.txt", NULL, &error);
		if (snapshot && snapshot->process_count)
			print_error("%s", text);
		assert_true(
		    !snapshot || (snapshot->process_count == 0 && snapshot->rows_left == 1));
		snapshot_destroy(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(what_a_page_or_tracker_puts_around_a_table_is_no_hindrance),
	    unit_test(a_snapshot_between_fences_is_a_snapshot),
	    unit_test(escapes_of_web_pages_are_what_they_stand_for),
	    unit_test(rows_in_quotes_are_rows),
	    unit_test(rows_that_lost_their_first_blanks_are_understood_or_left_over),
	    unit_test(a_label_before_the_heading_is_no_column),
	    unit_test(what_stands_behind_a_row_is_another_row_or_left_over),
	    unit_test(a_row_of_a_table_in_a_comment_is_no_comment),
	    unit_test(a_user_may_be_called_like_a_state),
	    unit_test(quser_with_single_blanks_is_understood_or_left_over),
	    unit_test(tabs_and_no_break_spaces_are_blanks),
	    unit_test(a_row_of_handle_that_is_glued_to_another_is_left_over),
	    unit_test(a_row_that_is_glued_to_a_frame_is_left_over),
	    unit_test(a_list_of_which_lines_are_left_out_is_not_whole),
	    unit_test(records_of_logon_sessions_that_are_glued_are_left_over),
	    unit_test(cells_that_cross_their_rule_or_are_cut_are_left_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
