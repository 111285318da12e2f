#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_session(const struct snapshot *snapshot, size_t at, int64_t id, const char *name,
    const char *user, const char *state)
{
	assert_true(at < snapshot->session_count);
	const struct session *session = &snapshot->sessions[at];
	assert_int_equal(session->id, id);
	assert_string_equal(session->name ? session->name : "", name);
	assert_string_equal(session->user ? session->user : "", user);
	assert_string_equal(session->state ? session->state : "", state);
}

static const char old_layout[] =
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\r\n"
    " services                                    0  Disc\r\n"
    " console                                     1  Conn\r\n"
    "                   anna                      2  Disc\r\n"
    ">rdp-tcp#1         bert                    152  Active\r\n"
    " 31c5ce94259d4...                        65536  Listen\r\n"
    " rdp-tcp                                 65537  Listen\r\n";

static void old_layout_is_read(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(old_layout, 6);
	assert_session(snapshot, 0, 0, "services", "", "Disc");
	assert_session(snapshot, 2, 2, "", "anna", "Disc");
	assert_session(snapshot, 3, 152, "rdp-tcp#1", "bert", "Active");
	assert_true(snapshot_has(snapshot, "sessions"));
	assert_false(snapshot_has(snapshot, "logon_sessions"));
	snapshot_destroy(snapshot);
}

static void listeners_are_no_sessions(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(old_layout, 6);
	int sessions = 0;
	for (size_t i = 0; i < snapshot->session_count; i++)
		sessions += !session_is_listener(&snapshot->sessions[i]);
	assert_int_equal(sessions, 4);
	snapshot_destroy(snapshot);
}

static void wide_layout_is_read(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    " SESSIONNAME               USERNAME                 ID  STATE   TYPE        DEVICE \n"
	    " services                                            0  Disc                        \n"
	    ">                          anna                      1  Disc\n"
	    " rdp-sxs251016000          bert                      2  Active\n"
	    " rdp-tcp                                         65538  Listen\n",
	    4);
	assert_session(snapshot, 1, 1, "", "anna", "Disc");
	assert_session(snapshot, 2, 2, "rdp-sxs251016000", "bert", "Active");
	snapshot_destroy(snapshot);
}

static void headings_and_states_of_other_languages_are_read(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    " NOMBRE DE SESIÓN  NOMBRE DE USUARIO        ID  ESTADO    TIPO   DISPOSITIVO\n"
	    " services                                    0  Desc\n"
	    " rdp-tcp#80        anna                      5  Activo\n"
	    " rdp-tcp                                 65536  Escuchar\n",
	    3);
	assert_session(snapshot, 0, 0, "services", "", "Disc");
	assert_session(snapshot, 1, 5, "rdp-tcp#80", "anna", "Active");
	assert_session(snapshot, 2, 65536, "rdp-tcp", "", "Listen");
	snapshot_destroy(snapshot);
	snapshot = read_rows(
	    " СЕАНС             ПОЛЬЗОВАТЕЛЬ             ID  СТАТУС  ТИП         УСТР-ВО\n"
	    ">rdp-tcp#21        ivan                      3  Активно\n",
	    1);
	assert_session(snapshot, 0, 3, "rdp-tcp#21", "ivan", "Active");
	snapshot_destroy(snapshot);
	/* Chinese hosts print headings of the old width above rows of the new one. */
	snapshot =
	    read_rows(" 会话名               用户名                 ID  状态   类型        设备\n"
	              " services                                            0  断开\n"
	              ">rdp-tcp#0                 anna                      1  运行中\n",
	        2);
	assert_session(snapshot, 1, 1, "rdp-tcp#0", "anna", "Active");
	snapshot_destroy(snapshot);
}

static void unknown_states_are_kept(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows(" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	              " console           anna                      1  Aktywn.\n",
	        1);
	assert_session(snapshot, 0, 1, "console", "anna", "Aktywn.");
	snapshot_destroy(snapshot);
}

static void damaged_and_indented_copies_are_read(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("> qwinsta /server:rds01\n"
	              "SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	              "console                                     0  Conn    wdcon\n"
	              "rdp-tcp#42        anna                      2  Active  rdpwd\n",
	        2);
	assert_session(snapshot, 1, 2, "rdp-tcp#42", "anna", "Active");
	assert_string_equal(snapshot->host, "rds01");
	snapshot_destroy(snapshot);
	snapshot = read_rows(
	    "   # sessions of a server\n"
	    "#  SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE \n"
	    "#  services                                    0  Disc                        \n"
	    "# >rdp-tcp#0         anna                      2  Active  rdpwd               \n"
	    "#                    bert                      3  Disc                        \n",
	    3);
	assert_session(snapshot, 1, 2, "rdp-tcp#0", "anna", "Active");
	assert_session(snapshot, 2, 3, "", "bert", "Disc");
	snapshot_destroy(snapshot);
	/* IDs below the start of their heading, as in documents that were typed. */
	snapshot = read_rows("C:\\>query session\n"
	                     "    SESSIONNAME     USERNAME        ID STATE    TYPE    DEVICE\n"
	                     "    console         anna            0 active    wdcon\n"
	                     "    >rdp-tcp#1      carla           1 active    wdtshare\n"
	                     "                                    4 idle\n",
	    3);
	assert_session(snapshot, 1, 1, "rdp-tcp#1", "carla", "Active");
	assert_session(snapshot, 2, 4, "", "", "Idle");
	snapshot_destroy(snapshot);
}

static void quser_is_read(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    "USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
	    ">anna                  console             1  Active      none   7/13/2018 11:26 AM\n"
	    " bert smith                                3  Disc     11+04:12  2022-03-31 5:09 PM\n",
	    2);
	assert_session(snapshot, 0, 1, "console", "anna", "Active");
	assert_session(snapshot, 1, 3, "", "bert smith", "Disc");
	snapshot_destroy(snapshot);
	snapshot = read_rows(
	    " UTILISATEUR           SESSION            ID  ÉTAT    TEMPS INACT TEMPS SESSION\n"
	    ">anna                  rdp-tcp#1           2  Actif           2  20/09/2026 12:27\n",
	    1);
	assert_session(snapshot, 0, 2, "rdp-tcp#1", "anna", "Active");
	snapshot_destroy(snapshot);
}

static void two_outputs_in_one_file_are_merged(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    "C:\\>qwinsta\n"
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    ">rdp-tcp#16        anna                      1  Active\n"
	    "                   bert                      4  Disc\n"
	    "---\n"
	    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
	    ">anna                  rdp-tcp#16          1  Active          1  7/16/2026 4:24 PM\n"
	    " bert                                      4  Disc            1  7/16/2026 4:24 PM\n",
	    5);
	assert_int_equal(snapshot->session_count, 3);
	assert_string_equal(snapshot->source, "qwinsta, quser");
	assert_int_equal(snapshot->contradiction_total, 0);
	snapshot_destroy(snapshot);
}

static void two_lists_of_two_moments_contradict_each_other(void **state)
{
	(void)state;
	static const char heading[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n";
	char text[1000];
	snprintf(text, sizeof text, "%s rdp-tcp#1         anna                      3  Active\n%s",
	    heading, heading);
	struct snapshot *snapshot = read_rows(text, 3);
	assert_int_equal(snapshot->contradiction_total, 1);
	assert_contains(snapshot->contradictions[0].text, "session 3 is in one list of sessions");
	snapshot_destroy(snapshot);
	snprintf(text, sizeof text, "%s\n%s", heading, heading);
	snapshot = read_rows(text, 2);
	assert_int_equal(snapshot->contradiction_total, 0);
	snapshot_destroy(snapshot);
}

static void a_list_without_session_0_is_not_whole(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows(" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	              " rdp-tcp#1         anna                      3  Active\n",
	        1);
	assert_int_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_CUT_OFF);
	assert_false(snapshot_has(snapshot, "some sessions"));
	snapshot_destroy(snapshot);
}

static void a_row_that_is_not_understood_may_be_a_session(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " rdp-tcp#1         anna            99999999999  Active\n");
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_CUT_OFF);
	snapshot_destroy(snapshot);
	snapshot = read_evidence(
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " rdp-tcp                                 65536  Listen\n\nThanks\n");
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_not_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_CUT_OFF);
	snapshot_destroy(snapshot);
}

static void errors_make_sessions_unavailable(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows("Error 0x000006BA enumerating sessionnames\n"
	                                      "Error [1722]:The RPC server is unavailable.\n",
	    2);
	assert_false(snapshot_has(snapshot, "sessions"));
	assert_contains(snapshot_why_not_whole(snapshot, SECTION_SESSIONS), "0x000006BA");
	snapshot_destroy(snapshot);
	snapshot = read_rows("qwinsta.exe : No session exists for *\n"
	                     "    + CategoryInfo          : NotSpecified: (:String) []\n",
	    1);
	assert_false(snapshot_has(snapshot, "sessions"));
	snapshot_destroy(snapshot);
}

static void impossible_rows_are_left_over_line_by_line(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console           anna               99999999999  Active\n"
	    " rdp-tcp#1         bert\n"
	    "what is this\n");
	assert_int_equal(snapshot->rows, 4);
	assert_int_equal(snapshot->rows_left, 3);
	assert_int_equal(snapshot->session_count, 1);
	assert_int_equal(snapshot->unread[0].line, 3);
	assert_contains(snapshot->unread[0].text, "99999999999");
	assert_string_equal(snapshot->unread[2].text, "what is this");
	assert_string_equal(snapshot->unread[2].origin, "a.txt");
	snapshot_destroy(snapshot);
}

static void code_pages_are_told_by_their_headings(void **state)
{
	(void)state;
	/* "GERÄT" and "Abhör." in CP850, then in CP1252; "Bjørn" has no meaning in CP437. */
	struct snapshot *snapshot = read_rows(
	    " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GER\x8eT\r\n"
	    " console           J\x94rg                      1  Aktiv\r\n"
	    " rdp-tcp                                 65536  Abh\x94r.\r\n",
	    2);
	assert_session(snapshot, 0, 1, "console", "Jörg", "Active");
	assert_session(snapshot, 1, 65536, "rdp-tcp", "", "Listen");
	assert_int_equal(snapshot->replaced, 0);
	snapshot_destroy(snapshot);
	snapshot = read_rows(
	    " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GER\xc4T\r\n"
	    " console           J\xf6rg                      1  Aktiv\r\n",
	    1);
	assert_session(snapshot, 0, 1, "console", "Jörg", "Active");
	snapshot_destroy(snapshot);
}

static void unknown_bytes_are_replaced_and_counted(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows(" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	              " console           J\xffrg                      1  Active\n",
	        1);
	assert_session(snapshot, 0, 1, "console", "J\xef\xbf\xbdrg", "Active");
	assert_int_equal(snapshot->replaced, 1);
	snapshot_destroy(snapshot);
}

static void utf16_is_read(void **state)
{
	(void)state;
	char wide[2 + 2 * sizeof old_layout] = "\xff\xfe";
	for (size_t i = 0; i + 1 < sizeof old_layout; i++)
		wide[2 + 2 * i] = old_layout[i];
	struct snapshot *snapshot = read_bytes(wide, 2 * sizeof old_layout);
	assert_int_equal(snapshot->session_count, 6);
	snapshot_destroy(snapshot);
}

static void a_heading_alone_shows_no_sessions(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GERÄT\n", 0);
	assert_false(snapshot_has(snapshot, "sessions"));
	snapshot_destroy(snapshot);
}

static void every_cut_is_survived(void **state)
{
	(void)state;
	for (size_t length = 1; length < sizeof old_layout; length++) {
		char *exact = malloc(length);
		memcpy(exact, old_layout, length);
		struct error error;
		struct snapshot *snapshot = evidence_read(exact, length, "cut", NULL, &error);
		if (snapshot)
			assert_true(snapshot->session_count <= 6);
		else
			assert_int_equal(error.code, EXIT_USAGE);
		snapshot_destroy(snapshot);
		free(exact);
	}
}

static void a_table_that_breaks_off_is_told(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " console                                     1  Conn\n"
	    " rdp-tcp#1         bert                    152  Acti");
	assert_int_equal(snapshot->rows, 2);
	assert_int_equal(snapshot->rows_left, 1);
	assert_contains(snapshot->unread[0].text, "seems to be cut short");
	assert_contains(snapshot->unread[0].text, "bert");
	assert_int_equal(snapshot->unread[0].line, 3);
	assert_int_equal(snapshot->session_count, 2);
	snapshot_destroy(snapshot);
	snapshot = read_evidence(
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " console                                     1  Conn\n"
	    " rdp-tcp#1         bert                    152");
	assert_int_equal(snapshot->session_count, 1);
	assert_int_equal(snapshot->rows_left, 1);
	snapshot_destroy(snapshot);
}

static void a_row_that_breaks_off_is_told(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " console                                     1  Conn\n"
	    " rdp-tcp#1         be");
	assert_int_equal(snapshot->rows, 2);
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_CUT_OFF);
	assert_contains(snapshot->unread[0].text, "seems to be cut short:");
	snapshot_destroy(snapshot);
}

static void a_whole_table_needs_no_last_newline(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows(" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	              " console                                     1  Kon\n"
	              " rdp-tcp#1         bert                    152  Kon",
	        2);
	snapshot_destroy(snapshot);
}

static void a_record_that_breaks_off_is_told(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_evidence("[0] Logon session 00000000:000003e7:\n    Session:      0\n"
	                  "    Logon time:   9/9/2020 6:07:57 AM\n\n"
	                  "[1] Logon session 00000000:00001111:\n    User name:    LAB\\bert\n"
	                  "    Session:      1");
	assert_int_equal(snapshot->rows_left, 1);
	assert_contains(snapshot->unread[0].text, "seems to be cut short:");
	assert_int_equal(snapshot->logon_session_count, 2);
	assert_int_equal(snapshot->logon_sessions[1].session_id, NUMBER_UNKNOWN);
	snapshot_destroy(snapshot);
	snapshot = read_evidence("[0] Logon session 00000000:000003e7:\n    Session:      0\n"
	                         "    Logon time:   9/9/2020 6:07:57 AM");
	assert_int_equal(snapshot->rows_left, 0);
	snapshot_destroy(snapshot);
}

static void colours_of_a_terminal_are_no_hindrance(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    "\033]0;rds01: qwinsta\a\033[1;32m SESSIONNAME       USERNAME                 ID  STATE   "
	    "TYPE        DEVICE\033[0m\r\n"
	    "\033]8;;https://lab.example\033\\ console           \033[31m        \033[K                 "
	    "1  Conn\033(B\033[m\r\n",
	    1);
	assert_session(snapshot, 0, 1, "console", "", "Conn");
	snapshot_destroy(snapshot);
	struct error error = {0};
	assert_null(evidence_read("\033\001[m", 4, "a.txt", NULL, &error));
	assert_contains(error.text, "binary data");
	assert_null(evidence_read("\033[31", 4, "a.txt", NULL, &error));
}

static void qwinsta_makes_quser_whole(void **state)
{
	(void)state;
	struct snapshot *quser = read_rows(
	    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
	    " bert                  rdp-tcp#1         152  Active          .  9/9/2020 7:00 AM\n",
	    1);
	struct snapshot *qwinsta = read_rows(old_layout, 6);
	assert_int_equal(snapshot_extent(quser, SECTION_SESSIONS), EXTENT_PARTIAL);
	assert_int_equal(snapshot_extent(qwinsta, SECTION_SESSIONS), EXTENT_WHOLE);
	char *json = snapshot_to_json(quser, NULL);
	struct snapshot *again = read_evidence(json);
	assert_int_equal(snapshot_extent(again, SECTION_SESSIONS), EXTENT_PARTIAL);
	assert_true(snapshot_merge(qwinsta, quser, true, NULL));
	assert_int_equal(snapshot_extent(qwinsta, SECTION_SESSIONS), EXTENT_WHOLE);
	assert_true(snapshot_merge(again, quser, true, NULL));
	assert_int_equal(snapshot_extent(again, SECTION_SESSIONS), EXTENT_PARTIAL);
	assert_true(snapshot_merge(again, qwinsta, true, NULL));
	assert_int_equal(snapshot_extent(again, SECTION_SESSIONS), EXTENT_WHOLE);
	snapshot_destroy(quser);
	snapshot_destroy(qwinsta);
	snapshot_destroy(again);
	free(json);
}

static const char healthy[] =
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
    " services                                    0  Disc\n"
    " rdp-tcp#1         bert                      4  Active\n"
    " rdp-tcp                                 65536  Listen\n";

static void assert_extent_after(
    const char *prompt, const char *section, const char *text, enum extent extent, const char *why)
{
	char all[4096];
	snprintf(all, sizeof all, "%s\n%s", prompt, text);
	struct snapshot *snapshot = read_evidence(all);
	if (snapshot_extent(snapshot, section) != extent)
		print_error("%s\n", prompt);
	assert_int_equal(snapshot_extent(snapshot, section), extent);
	if (why) {
		assert_contains(snapshot_why_not_whole(snapshot, section), why);
		assert_int_equal(snapshot_sight_of(snapshot, section)->line, 1);
	}
	snapshot_destroy(snapshot);
}

static void a_list_that_was_asked_for_by_name_is_not_of_all(void **state)
{
	(void)state;
	static const char *const of_one[] = {"C:\\>qwinsta anna", "C:\\>query session rdp-tcp#3",
	    "PS C:\\> query.exe user bert /server:rds01", "C:\\>quser 2>nul anna",
	    "PS C:\\> quser \"anna\"", "C:\\>psexec \\\\rds01 -s quser anna",
	    "C:\\>klist & qwinsta 3", "C:\\>cmd /c \"quser anna\""};
	static const char *const of_all[] = {"C:\\>qwinsta", "C:\\>query session",
	    "C:\\>qwinsta /server:rds01 /v", "C:\\>query session > all.txt", "C:\\>qwinsta 2>&1",
	    "C:\\>psexec \\\\rds01 -s qwinsta", "C:\\>cls & qwinsta & hostname anna",
	    "C:\\>qwinsta || ver", "C:\\>tasklist | findstr quser", "C:\\>qwinsta *",
	    "C:\\>query process anna", "C:\\>cmd /c \"qwinsta\""};
	for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++)
		assert_extent_after(of_one[i], SECTION_SESSIONS, healthy, EXTENT_CUT_OFF,
		    "it was asked for one only, by \"");
	for (size_t i = 0; i < sizeof of_all / sizeof *of_all; i++)
		assert_extent_after(of_all[i], SECTION_SESSIONS, healthy, EXTENT_WHOLE, NULL);
}

static void a_list_that_went_through_a_filter_is_not_of_all(void **state)
{
	(void)state;
	static const char quser[] =
	    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
	    " bert                  rdp-tcp#1           4  Active          .  2/14/2026 9:00 AM\n";
	static const char logons[] = "[0] Logon session 00000000:000003e7:\n    Session:      0\n";
	static const char handles[] =
	    "------------------------------------------------------------------------------\n"
	    "System pid: 4 \\<unable to open process>\n"
	    "   84: Directory      \\Sessions\\0\\DosDevices\\00000000-002f0101\n"
	    "------------------------------------------------------------------------------\n"
	    "lsass.exe pid: 812 NT AUTHORITY\\SYSTEM\n"
	    "  904: Token          LAB\\bert:2f0101\n";
	static const char why[] = "it went through a filter";
	assert_extent_after(
	    "C:\\>query user | findstr /i bert", SECTION_SESSIONS, quser, EXTENT_CUT_OFF, why);
	assert_extent_after("C:\\>qwinsta|more", SECTION_SESSIONS, healthy, EXTENT_CUT_OFF, why);
	assert_extent_after("PS C:\\> logonsessions64 -p | sls x", SECTION_LOGON_SESSIONS, logons,
	    EXTENT_CUT_OFF, why);
	assert_extent_after(
	    "C:\\>handle -a | findstr Token", SECTION_HANDLES, handles, EXTENT_CUT_OFF, why);
	assert_extent_after("C:\\>handle -a", SECTION_HANDLES, handles, EXTENT_WHOLE, NULL);
	assert_extent_after(
	    "C:\\>echo y | handle -a", SECTION_HANDLES, handles, EXTENT_WHOLE, NULL);
	assert_extent_after("C:\\>quser", SECTION_SESSIONS, quser, EXTENT_PARTIAL, NULL);
}

/* The table with a line of noise before its row `at`, and a blank line behind that. */
static void put_noise(char *out, size_t size, const char *table, int at, const char *noise)
{
	const char *split = table;
	for (int i = 0; i < at; i++)
		split = strchr(split, '\n') + 1;
	snprintf(out, size, "%.*s%s%s", (int)(split - table), table, noise, split);
}

static void noise_in_a_list_may_have_been_a_row_wherever_it_stands(void **state)
{
	(void)state;
	static const char *const noises[] = {"client_loop: send disconnect\n",
	    "client_loop: send disconnect\n\n", "the 17th connection was reset by 4 peers\n",
	    "error 17 of connection\n\n"};
	char text[2048];
	int rows = 0;
	for (const char *at = old_layout; (at = strchr(at, '\n')); at++)
		rows++;
	for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
		for (int at = 0; at < rows; at++) {
			put_noise(text, sizeof text, old_layout, at, noises[i]);
			struct snapshot *snapshot = read_evidence(text);
			if (snapshot_whole(snapshot, SECTION_SESSIONS))
				print_error("%s", text);
			assert_false(snapshot_whole(snapshot, SECTION_SESSIONS));
			snapshot_destroy(snapshot);
		}
	}
	for (int i = 0; i < 2; i++) {
		put_noise(text, sizeof text, old_layout, rows, noises[i]);
		struct snapshot *snapshot = read_evidence(text);
		assert_true(snapshot_whole(snapshot, SECTION_SESSIONS));
		snapshot_destroy(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(old_layout_is_read),
	    unit_test(listeners_are_no_sessions),
	    unit_test(wide_layout_is_read),
	    unit_test(headings_and_states_of_other_languages_are_read),
	    unit_test(unknown_states_are_kept),
	    unit_test(damaged_and_indented_copies_are_read),
	    unit_test(quser_is_read),
	    unit_test(two_outputs_in_one_file_are_merged),
	    unit_test(two_lists_of_two_moments_contradict_each_other),
	    unit_test(a_list_without_session_0_is_not_whole),
	    unit_test(a_row_that_is_not_understood_may_be_a_session),
	    unit_test(errors_make_sessions_unavailable),
	    unit_test(impossible_rows_are_left_over_line_by_line),
	    unit_test(code_pages_are_told_by_their_headings),
	    unit_test(unknown_bytes_are_replaced_and_counted),
	    unit_test(utf16_is_read),
	    unit_test(a_heading_alone_shows_no_sessions),
	    unit_test(every_cut_is_survived),
	    unit_test(a_table_that_breaks_off_is_told),
	    unit_test(a_row_that_breaks_off_is_told),
	    unit_test(a_whole_table_needs_no_last_newline),
	    unit_test(a_record_that_breaks_off_is_told),
	    unit_test(colours_of_a_terminal_are_no_hindrance),
	    unit_test(qwinsta_makes_quser_whole),
	    unit_test(a_list_that_was_asked_for_by_name_is_not_of_all),
	    unit_test(a_list_that_went_through_a_filter_is_not_of_all),
	    unit_test(noise_in_a_list_may_have_been_a_row_wherever_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
