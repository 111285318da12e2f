/* What happens to texts on their way: they are cut, quoted, sent in another encoding, pasted twice. None of that makes facts that were not there. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
    " services                                    0  Disc\n console                                     1  Conn\n"
    ">rdp-tcp#7         anna                     41  Active\n rdp-tcp                                 65536  Listen\n",
    "\nTotal sessions\n",
    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
    ">anna                  rdp-tcp#1           2  Active          .  14.02.2026 08:12\n",
    "[0] Logon session 00000000:000003e7:\n    User name:    LAB\\RDS01$\n    Auth package: Negotiate\n"
    "    Logon type:   (none)\n    Session:      0\n    Logon time:   14.02.2026 08:00:00\n"
    "      960: lsass.exe\n\n"
    "[1] Logon session 00000000:0005f001:\n    User name:    LAB\\anna\n    Auth package: Negotiate\n"
    "    Logon type:   RemoteInteractive\n    Session:      2\n    Logon time:   14.02.2026 08:05:00\n\n",
    "lsass.exe          pid: 960    type: Token          804: LAB\\anna:3a001\n"
    "svchost.exe        pid: 3164   type: Token          1E8: LAB\\anna:3a001\n",
    "AuthenticationPackage : Negotiate\nLogonId               : 999\nLogonType             : 0\n"
    "StartTime             : 3/1/2026 8:00:00 AM\n\nAuthenticationPackage : Kerberos\n"
    "LogonId               : 1032949\nLogonType             : 10\nStartTime             : 3/1/2026 9:14:22 AM\n\n",
    "Node,HandleCount,Name,ProcessId,SessionId\nRDS01,41207,System,4,0\nRDS01,312,winlogon.exe,4412,7\n",
    "\"USERNAME\",\"SESSIONNAME\",\"ID\",\"STATE\"\n\"anna\",\"rdp-tcp#3\",\"2\",\"Active\"\n\"bert\",\"\",\"4\",\"Disc\"\n",
    "[\n {\"Id\": 4, \"Name\": \"System\", \"Handles\": 9},\n {\"Id\": 960, \"Name\": \"lsass\", \"Handles\": 7939}\n]\n",
    "TimeCreated,EventID,User,SessionID\n2026-03-04 09:10:11 +01:00,21,CORP\\anna,2\n"
    "2026-03-04 09:40:55 +01:00,23,CORP\\anna,2\n",
    "<Event><System><EventID>21</EventID><TimeCreated SystemTime='2026-03-05T11:46:09.8Z'/>\n"
    "<EventRecordID>7</EventRecordID></System><UserData><SessionID>14</SessionID></UserData></Event>\n"
    "<Event><System><EventID>4647</EventID><TimeCreated SystemTime='2026-03-05T11:46:09Z'/></System>\n"
    "<EventData><Data Name='TargetLogonId'>0xfc2f5</Data></EventData></Event>\n",
    "TimeCreated : 2026-03-05 11:46:09\nId          : 23\n"
    "Message     : Remote Desktop Services: Session logoff succeeded:\n"
    "              \n              User: CORP\\anna\n              Session ID: 14\n\n",
    "Event[0]:\n  Source: Microsoft-Windows-Security-Auditing\n  Date: 2026-03-05T11:46:09.808\n"
    "  Event ID: 4634\n  Description: \nAn account was logged off.\n\nSubject:\n\tAccount Name:\t\tanna\n"
    "\tLogon ID:\t\t0xFC2F5\n\nLogon Type:\t\t\t10\n\n",
    "Name        : lsass\nId          : 960\nHandleCount : 79396\n\n",
    "LogonId LogonType StartTime\n------- --------- ---------\n999             0 3/1/2026 8:00:00 AM\n"
    "1032949        10 3/1/2026 9:14:22 AM\n",
    "Image Name                     PID Session Name        Session#    Mem Usage\n"
    "========================= ======== ================ =========== ============\n"
    "System                           4 Services                   0        144 K\n"
    "winlogon.exe                  4412 RDP-Tcp#3                  7      9,001 K\n",
    "\"(PDH-CSV 4.0) (Pacific Daylight Time)(420)\",\"\\\\RDS01\\Process(lsass)\\Handle Count\","
    "\"\\\\RDS01\\Process(lsass)\\ID Process\",\"\\\\RDS01\\Terminal Services\\Total Sessions\"\n"
    "\"09/15/2025 09:20:56.002\",\"79396\",\"960\",\"6\"\n\"09/15/2025 09:21:56.003\",\"79412\",\"960\",\" \"\n"
    "\"09/15/2025 09:22:56.003\",\"79450\",\"960\",\"8\"\n",
    "(PDH-TSV 4.0)\t\\\\RDS01\\Process V2(lsass:960)\\Handle Count\n"
    "09/15/2025 09:20:56.002\t79396.000000\n09/15/2025 09:21:56.003\t79412.000000\n",
};
#define TEXTS (sizeof texts / sizeof *texts)

/* The facts of a text; "" if it is refused. The caller's to free(). */
static char *facts_of(const char *text, size_t length)
{
	struct error error;
	struct snapshot *snapshot = evidence_read(text, length, "a.txt", NULL, &error);
	char *facts = snapshot ? describe_evidence(snapshot) : strdup("");
	snapshot_destroy(snapshot);
	return facts;
}

/* Of a row that was cut a value may be missing; it is never another one. */
static bool is_part_of(const char *line, size_t length, const char *whole)
{
	size_t i = 0;
	while (i < length && *whole && *whole != '\n') {
		if (line[i] == *whole) {
			i++;
			whole++;
			continue;
		}
		if (line[i] != '-')
			break;
		i++;
		while (*whole && (*whole != ' ' || i == length) && *whole != '\n')
			whole++;
	}
	/* Of the last row of handle, whose name ends with it, digits of the LUID may be missing: people paste without the line's end. */
	return i == length && (length == 0 || line[0] == 'H' || *whole == '\n');
}

static bool has_line(const char *facts, const char *line, size_t length)
{
	for (const char *at = facts; *at; at += strcspn(at, "\n") + 1) {
		if (is_part_of(line, length, at))
			return true;
		if (!strchr(at, '\n'))
			break;
	}
	return false;
}

/* Every fact of the one is one of the other. */
static void assert_no_new(const char *text, const char *facts, const char *of)
{
	for (const char *at = facts; *at; at += strcspn(at, "\n") + 1) {
		const size_t length = strcspn(at, "\n");
		if (!has_line(of, at, length)) {
			print_error("%s---- new: %.*s\n", text, (int)length, at);
			fail();
		}
	}
}

static void a_text_that_is_cut_tells_nothing_new(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		char *whole = facts_of(texts[i], strlen(texts[i]));
		for (size_t length = 1; length < strlen(texts[i]); length++) {
			char *facts = facts_of(texts[i], length);
			char *shown = strndup(texts[i], length);
			assert_no_new(shown, facts, whole);
			free(shown);
			free(facts);
		}
		free(whole);
	}
}

static void lines_that_are_left_out_tell_nothing_new(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		char *whole = facts_of(texts[i], strlen(texts[i]));
		for (const char *line = texts[i]; *line; line += strcspn(line, "\n") + 1) {
			char text[2000];
			snprintf(text, sizeof text, "%.*s%s", (int)(line - texts[i]), texts[i],
			    line + strcspn(line, "\n") + 1);
			char *facts = facts_of(text, strlen(text));
			/* Where the line between two records is gone, they are left over, or apart. */
			assert_no_new(text, facts, whole);
			free(facts);
		}
		free(whole);
	}
}

/* Each line with something before and behind it. */
static void put_around(
    char *out, size_t size, const char *text, const char *before, const char *behind)
{
	size_t used = 0;
	for (const char *line = text; *line && used < size; line += strcspn(line, "\n") + 1)
		used += (size_t)snprintf(out + used, size - used, "%s%.*s%s\n", before,
		    (int)strcspn(line, "\n"), line, behind);
}

static void what_a_mail_or_an_editor_does_to_lines_changes_no_fact(void **state)
{
	(void)state;
	static const char *const around[][2] = {{"", "\r"}, {"> ", ""}, {"    ", ""}, {"", "   "}};
	for (size_t i = 0; i < TEXTS; i++) {
		char *whole = facts_of(texts[i], strlen(texts[i]));
		for (size_t j = 0; j < sizeof around / sizeof *around; j++) {
			char text[4000];
			put_around(text, sizeof text, texts[i], around[j][0], around[j][1]);
			char *facts = facts_of(text, strlen(text));
			assert_no_new(text, facts, whole);
			if (j == 0 && strcmp(facts, whole) != 0)
				print_error("%s", text);
			if (j == 0)
				assert_string_equal(facts, whole);
			free(facts);
		}
		free(whole);
	}
}

static void in_utf16_it_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		const size_t length = strlen(texts[i]);
		char *wide = calloc(2, length + 1), *whole = facts_of(texts[i], length);
		memcpy(wide, "\xff\xfe", 2);
		for (size_t j = 0; j < length; j++)
			wide[2 + 2 * j] = texts[i][j];
		char *facts = facts_of(wide, 2 * length + 2);
		assert_string_equal(facts, whole);
		free(facts);
		free(whole);
		free(wide);
	}
}

/* What is left over is quoted, also where the text ends in the middle of it; and comes back from JSON as it went. */
static void bytes_that_are_no_text_come_back_from_json_as_they_were_shown(void **state)
{
	(void)state;
	struct error error;
	for (size_t i = 0; i < TEXTS; i++) {
		const size_t length = strlen(texts[i]);
		for (size_t round = 0; round < 2 * length; round++) {
			const size_t at = round / 2;
			const size_t end = at + strcspn(texts[i] + at, "\n");
			char text[2000] = "[0] Logon session 00000000:000003e7:\n";
			char *copy = text + strlen(text);
			memcpy(copy, texts[i], end);
			copy[at] = round % 2 ? '\xff' : '"';
			memset(copy + end, '\xff', 80);
			struct snapshot *snapshot = evidence_read(
			    text, (size_t)(copy - text) + end + 80, "a.txt", NULL, &error);
			char *json = snapshot ? snapshot_to_json(snapshot, &error) : NULL;
			struct snapshot *again =
			    json ? snapshot_from_json(json, strlen(json), &error) : NULL;
			if (snapshot && (!again || !record_same(&snapshot_record, snapshot, again)))
				print_error("text %zu, from byte %zu on\n", i, at);
			assert_true(
			    !snapshot || (again && record_same(&snapshot_record, snapshot, again)));
			snapshot_destroy(again);
			free(json);
			snapshot_destroy(snapshot);
		}
	}
}

static void pasted_twice_it_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		char text[4000];
		char *whole = facts_of(texts[i], strlen(texts[i]));
		snprintf(text, sizeof text, "%s%s", texts[i], texts[i]);
		char *facts = facts_of(text, strlen(text));
		if (strcmp(facts, whole) != 0)
			print_error("%s", text);
		assert_string_equal(facts, whole);
		free(facts);
		free(whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_text_that_is_cut_tells_nothing_new),
	    unit_test(lines_that_are_left_out_tell_nothing_new),
	    unit_test(what_a_mail_or_an_editor_does_to_lines_changes_no_fact),
	    unit_test(in_utf16_it_is_the_same),
	    unit_test(bytes_that_are_no_text_come_back_from_json_as_they_were_shown),
	    unit_test(pasted_twice_it_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
