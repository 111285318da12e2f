/* A list of logon sessions that was cut anywhere: what is missing from it proves nothing. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

#define USERS 4
enum style { LOGONSESSIONS, WITH_PROCESSES, KLIST };

#define PROMPT "\nC:\\Tools>\n"

struct logon {
	unsigned luid;
	const char *account, *type;
	int session;
};

static const struct logon of_system[] = {
    {0x3e7, "LAB\\RDS01$", "(none)", 0},
    {0x3e5, "NT AUTHORITY\\LOCAL SERVICE", "Service", 0},
    {0xaaaa, "Window Manager\\DWM-1", "Interactive", 1},
    {0xfd2f5, "LAB\\admin", "RemoteInteractive", 3},
};
#define SYSTEM_LOGONS (sizeof of_system / sizeof of_system[0])

static const struct logon of_users[USERS] = {
    {0x200000, "LAB\\user00", "RemoteInteractive", 14},
    {0x201000, "LAB\\user01", "RemoteInteractive", 15},
    {0x202000, "LAB\\user02", "RemoteInteractive", 16},
    {0x203000, "LAB\\user03", "RemoteInteractive", 17},
};

static void print_logon(FILE *out, size_t number, const struct logon *logon, enum style style)
{
	if (style == KLIST) {
		fprintf(out, "[%zu] Session %d 0:0x%x %s Kerberos:%s\n", number, logon->session,
		    logon->luid, logon->account, logon->type);
		return;
	}
	fprintf(out,
	    "[%zu] Logon session 00000000:%08x:\n    User name:    %s\n    Auth package: Negotiate\n"
	    "    Logon type:   %s\n    Session:      %d\n    Sid:          S-1-5-21-1-2-3-1111\n"
	    "    Logon time:   2/14/2026 8:12:07 AM\n    Logon server: DC01\n"
	    "    DNS Domain:   LAB.TEST\n    UPN:          %s\n%s\n",
	    number, logon->luid, logon->account, logon->type, logon->session, logon->account,
	    style == WITH_PROCESSES ? "     4888: explorer.exe\n     4900: conhost.exe\n" : "");
}

/* Returns where the list of logon sessions, which is behind that of sessions, begins. */
static size_t print_moment(
    char **text, size_t with_session, size_t with_logon, enum style style, const char *end)
{
	size_t length = 0;
	FILE *out = open_memstream(text, &length);
	fputs(" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	      " services                                    0  Disc\n"
	      " console                                     1  Conn\n"
	      " rdp-tcp#1         admin                     3  Active\n",
	    out);
	for (size_t i = 0; i < with_session; i++)
		fprintf(out, " rdp-tcp#%zu         user%02zu                   %d  Active\n", i + 2,
		    i, of_users[i].session);
	fputs(" rdp-tcp                                 65536  Listen\n\n", out);
	size_t lists = (size_t)ftell(out);
	if (style != KLIST)
		fputs("LogonSessions v1.41 - Lists logon session information\n\n", out);
	for (size_t i = 0; i < SYSTEM_LOGONS; i++)
		print_logon(out, i, &of_system[i], style);
	for (size_t i = 0; i < with_logon; i++)
		print_logon(out, SYSTEM_LOGONS + i, &of_users[i], style);
	fputs(end, out);
	fclose(out);
	return lists;
}

static enum exit_code compare(const char *before, const char *after)
{
	struct snapshot *then = read_evidence(before), *now = read_evidence(after);
	/* klist tells no logon times, by which boots are told apart. */
	then->boot_time = now->boot_time = 1;
	/* Nor does any text show all handles. */
	snapshot_sight(now, SECTION_HANDLES)->extent = EXTENT_WHOLE;
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = INT64_C(25) * 60 * 1000000};
	struct comparison *comparison =
	    compare_snapshots((struct snapshot *[]){then, now}, 2, &terms, NULL);
	assert_non_null(comparison);
	enum exit_code verdict = comparison->verdict;
	comparison_destroy(comparison);
	snapshot_destroy(then);
	snapshot_destroy(now);
	return verdict;
}

/* Cuts AFTER at each third byte of its list of logon sessions. Where nothing stands behind the list, a text that was cut between
 * two records may be, byte for byte, what a host without a leak prints: `healthy`. */
static void never(enum exit_code verdict, size_t sessions_left, enum style style, const char *end)
{
	char *before, *after, *healthy;
	print_moment(&before, USERS, USERS, style, end);
	print_moment(&healthy, 0, 0, style, end);
	size_t lists = print_moment(&after, sessions_left, USERS, style, end);
	if (sessions_left == 0)
		assert_int_equal(compare(before, after), EXIT_LEAK);
	assert_int_equal(compare(before, healthy), EXIT_CLEAN);
	for (size_t length = strlen(after); length > lists + 60; length -= 3) {
		after[length] = '\0';
		enum exit_code found = compare(before, after);
		if (found == verdict && strcmp(after, healthy) != 0)
			fail_msg("%d from what ends in: %s", found, after + length - 50);
	}
	free(before);
	free(after);
	free(healthy);
}

static char *after_lines(char *at, size_t lines)
{
	for (; lines && *at; lines--)
		at = strchr(at, '\n') + 1;
	return at;
}

/* Leaves so many lines out of AFTER's list of logon sessions, at each place: fewer than those of all users. */
static void never_clean_without(size_t lines, size_t sessions_left, enum style style)
{
	char *before, *after;
	print_moment(&before, USERS, USERS, style, PROMPT);
	size_t lists = print_moment(&after, sessions_left, USERS, style, PROMPT);
	for (char *from = after_lines(after + lists, 2); *from; from = after_lines(from, 1)) {
		char *part;
		assert_true(asprintf(&part, "%.*s%s", (int)(from - after), after,
		                after_lines(from, lines)) > 0);
		if (compare(before, part) == EXIT_CLEAN)
			fail_msg("clean without %zu lines from: %.60s", lines, from);
		free(part);
	}
	free(before);
	free(after);
}

static void where_lines_are_left_out_nothing_is_clean(void **state)
{
	(void)state;
	for (size_t lines = 1; lines <= (USERS - 1) * 11; lines += 4) {
		never_clean_without(lines, 0, LOGONSESSIONS);
		never_clean_without(lines, USERS, LOGONSESSIONS);
	}
	for (size_t lines = 1; lines < USERS; lines++) {
		never_clean_without(lines, 0, KLIST);
		never_clean_without(lines, USERS, KLIST);
	}
}

static void a_leak_is_not_clean_where_the_list_is_cut(void **state)
{
	(void)state;
	never(EXIT_CLEAN, 0, LOGONSESSIONS, "");
	never(EXIT_CLEAN, 0, WITH_PROCESSES, "");
	never(EXIT_CLEAN, 0, KLIST, "\n");
}

static void a_leak_is_not_clean_where_a_prompt_is_cut_off_too(void **state)
{
	(void)state;
	never(EXIT_CLEAN, 0, LOGONSESSIONS, PROMPT);
	never(EXIT_CLEAN, 0, WITH_PROCESSES, PROMPT);
	never(EXIT_CLEAN, 0, KLIST, PROMPT);
}

static void users_who_stayed_are_no_leak_where_the_list_is_cut(void **state)
{
	(void)state;
	never(EXIT_LEAK, USERS, LOGONSESSIONS, "");
	never(EXIT_LEAK, USERS, WITH_PROCESSES, PROMPT);
	never(EXIT_LEAK, USERS, KLIST, "\n");
}

static void users_who_stayed_did_not_log_off_where_the_list_is_cut(void **state)
{
	(void)state;
	never(EXIT_CLEAN, USERS, LOGONSESSIONS, "");
	never(EXIT_CLEAN, USERS, WITH_PROCESSES, PROMPT);
	never(EXIT_CLEAN, USERS, KLIST, "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(where_lines_are_left_out_nothing_is_clean),
	    unit_test(a_leak_is_not_clean_where_the_list_is_cut),
	    unit_test(a_leak_is_not_clean_where_a_prompt_is_cut_off_too),
	    unit_test(users_who_stayed_are_no_leak_where_the_list_is_cut),
	    unit_test(users_who_stayed_did_not_log_off_where_the_list_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
