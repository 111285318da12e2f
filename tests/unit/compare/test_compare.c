#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

static const char sessions_of_two[] =
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
    " services                                    0  Disc\n"
    " console                                     1  Conn\n"
    " rdp-tcp#1         bert                      2  Active\n"
    " rdp-tcp#2         anna                      4  Active\n";
static const char sessions_of_one[] =
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
    " services                                    0  Disc\n"
    " console                                     1  Conn\n"
    " rdp-tcp#1         bert                      2  Active\n";
static const char system_logon[] = "[0] Session 0 0:0x3e7 LAB\\RDS01$ Negotiate:(0)\n";
static const char booted[] = "[0] Logon session 00000000:000003e7:\n"
                             "    Session:      0\n"
                             "    Logon time:   9/9/2020 6:07:57 AM\n";
static const char users_of_one[] =
    " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
    " bert                  rdp-tcp#1           2  Active          .  9/9/2020 7:00 AM\n";
static const char bert[] = "[1] Session 2 0:0x1111 LAB\\bert Kerberos:RemoteInteractive\n";
static const char anna[] = "[2] Session 4 0:0x2222 LAB\\anna Kerberos:RemoteInteractive\n";

struct pair {
	struct snapshot *before, *after;
	struct comparison *comparison;
};

/* Since whoever is gone logged off; NUMBER_UNKNOWN: nobody says. */
#define LONG_AGO (INT64_C(25) * 60 * 1000000)
static int64_t after_logoff = LONG_AGO;

/* Whether all handles were seen, of which there are none. */
static bool see_handles;

static struct pair compare(const char *before, const char *after)
{
	struct pair pair = {.before = read_evidence(before), .after = read_evidence(after)};
	if (see_handles)
		snapshot_sight(pair.after, SECTION_HANDLES)->extent = EXTENT_WHOLE;
	see_handles = false;
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = after_logoff};
	pair.comparison =
	    compare_snapshots((struct snapshot *[]){pair.before, pair.after}, 2, &terms, NULL);
	assert_non_null(pair.comparison);
	return pair;
}

static void done(struct pair *pair)
{
	comparison_destroy(pair->comparison);
	snapshot_destroy(pair->before);
	snapshot_destroy(pair->after);
}

/* One text, in which logon sessions have the numbers that the tools give them. */
static char *joined(const char *const *parts)
{
	char *text = NULL;
	size_t length = 0, number = 0;
	FILE *out = open_memstream(&text, &length);
	for (; *parts; parts++) {
		for (const char *line = *parts; *line;) {
			size_t digits = *line == '[' ? strspn(line + 1, "0123456789") : 0;
			if (digits) {
				fprintf(out, "[%zu", number++);
				line += 1 + digits;
			}
			size_t rest = strcspn(line, "\n");
			rest += line[rest] == '\n';
			fwrite(line, 1, rest, out);
			line += rest;
		}
	}
	fclose(out);
	return text;
}
#define JOIN(...) joined((const char *const[]){__VA_ARGS__, NULL})

static char *printed(const struct comparison *comparison)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	comparison_print_text(comparison, out);
	assert_true(comparison_print_json(comparison, out, NULL));
	fclose(out);
	return text;
}

static void assert_says(const struct comparison *comparison, const char *part)
{
	char *text = printed(comparison);
	/* Lines are broken at blanks; the JSON behind them is not. */
	assert_contains(text, part);
	free(text);
}

static void a_logon_session_that_outlives_its_session_is_a_leak(void **state)
{
	(void)state;
	char *before = JOIN(sessions_of_two, system_logon, bert, anna);
	char *after = JOIN(sessions_of_one, system_logon, bert, anna,
	    "C:\\>handle -a 2222\n"
	    "System             pid: 4      type: Directory      D84: "
	    "\\Sessions\\0\\DosDevices\\00000000-00002222\n"
	    "lsass.exe          pid: 960    type: Token          804: LAB\\anna:2222\n"
	    "vendorsvc.exe      pid: 2148   type: Token          15C: LAB\\anna:2222\n");
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_LEAK);
	assert_int_equal(pair.comparison->orphan_count, 1);
	const struct orphan *orphan = &pair.comparison->orphans[0];
	assert_int_equal(orphan->left->luid, 0x2222);
	assert_int_equal(orphan->left->session_id, 4);
	assert_int_equal(orphan->kind, ORPHAN_OUTLIVED);
	assert_int_equal(orphan->holder_count, 3);
	const struct holder *holders = pair.comparison->holders_after.items + orphan->first_holder;
	assert_string_equal(holders[0].image, "vendorsvc.exe");
	assert_false(holders[0].follower);
	assert_true(holders[1].follower);
	assert_true(holders[2].follower);
	done(&pair);
	free(before);
	free(after);
}

static void nothing_left_over_is_clean(void **state)
{
	(void)state;
	char *before = JOIN(sessions_of_two, booted, bert, anna);
	char *after = JOIN(sessions_of_one, booted, bert);
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(pair.comparison, "whether session IDs stay taken is not known");
	done(&pair);
	see_handles = true;
	pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_CLEAN);
	assert_int_equal(pair.comparison->orphan_count, 0);
	assert_says(pair.comparison, "a leak at one logon in a hundred");
	done(&pair);
	free(before);
	free(after);
}

static void an_orphan_without_a_visible_holder_calls_for_a_dump(void **state)
{
	(void)state;
	char *before = JOIN(sessions_of_two, system_logon, bert, anna);
	char *after = JOIN(sessions_of_one, system_logon, bert, anna,
	    "Nthandle v5.0 - Handle viewer\n"
	    "-----\nSystem pid: 4 NT AUTHORITY\\SYSTEM\n   80: Key           \\REGISTRY\n"
	    "-----\nlsass.exe pid: 960 NT AUTHORITY\\SYSTEM\n   84: Token         LAB\\bert:1111\n");
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_LEAK);
	assert_int_equal(pair.comparison->without_holder, 1);
	assert_says(
	    pair.comparison, "handle viewers do not show kernel references: take a memory dump");
	done(&pair);
	free(before);
	free(after);
}

/* Handles of protected processes are listed, but cannot be looked into. */
static void tokens_of_unknown_logon_sessions_may_be_the_holders(void **state)
{
	(void)state;
	static const char before[] =
	    "{\"schema\":\"leaklab.snapshot/1\",\"sessions\":[{\"id\":1},{\"id\":2,\"user\":"
	    "\"anna\"}],\"logon_sessions\":[{\"luid\":\"2222\",\"user\":\"anna\",\"session_id\":2}],"
	    "\"handles\":[]}";
	static const char after[] =
	    "{\"schema\":\"leaklab.snapshot/1\",\"sessions\":[{\"id\":1}],"
	    "\"logon_sessions\":[{\"luid\":\"2222\",\"user\":\"anna\",\"session_id\":2}],"
	    "\"handles\":[{\"pid\":960,\"image\":\"lsass.exe\",\"value\":4,\"type\":\"Token\"}]}";
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_LEAK);
	assert_int_equal(pair.comparison->without_holder, 0);
	assert_says(pair.comparison, "run handle -a 2222 as administrator");
	done(&pair);
}

static void no_match_of_a_search_is_no_proof(void **state)
{
	(void)state;
	char *before = JOIN(sessions_of_two, system_logon, bert, anna);
	char *after = JOIN(sessions_of_one, system_logon, bert,
	    "Nthandle v5.0 - Handle viewer\nNo matching handles found.\n");
	struct pair pair = compare(before, after);
	assert_says(pair.comparison, "that proves no absence");
	done(&pair);
	free(before);
	free(after);
}

static void sessions_alone_show_gaps_but_prove_nothing(void **state)
{
	(void)state;
	struct pair pair = compare(sessions_of_one,
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Conn\n"
	    " rdp-tcp#1         bert                      2  Active\n"
	    " rdp-tcp#2         anna                    152  Active\n"
	    " rdp-tcp                                 65536  Listen\n");
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_int_equal(pair.comparison->highest_after, 152);
	assert_int_equal(pair.comparison->gap_count, 1);
	assert_int_equal(pair.comparison->gaps[0].first, 3);
	assert_int_equal(pair.comparison->gaps[0].last, 151);
	assert_int_equal(pair.comparison->skipped, 149);
	assert_int_equal(pair.comparison->sessions_after, 4);
	done(&pair);
}

static void other_hosts_and_boots_are_not_compared(void **state)
{
	(void)state;
	struct pair pair = compare("{\"schema\":\"leaklab.snapshot/1\",\"host\":\"RDS01\"}",
	    "{\"schema\":\"leaklab.snapshot/1\",\"host\":\"RDS02\"}");
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_contains(pair.comparison->reasons[0], "RDS02");
	done(&pair);
	pair = compare("[0] Logon session 00000000:000003e7:\n    Session: 0\n"
	               "    Logon time: 9/9/2020 6:07:57 AM\n",
	    "[0] Logon session 00000000:000003e7:\n    Session: 0\n"
	    "    Logon time: 9/10/2020 6:07:57 AM\n");
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_contains(pair.comparison->reasons[0], "rebooted");
	done(&pair);
}

static void before_newer_than_after_is_told(void **state)
{
	(void)state;
	struct pair pair =
	    compare("{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-02T00:00:00Z\"}",
	        "{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-01T00:00:00Z\"}");
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(pair.comparison, "BEFORE is newer than AFTER");
	done(&pair);
}

static void fresh_logoffs_are_waited_for(void **state)
{
	(void)state;
	after_logoff = NUMBER_UNKNOWN;
	struct pair pair = compare(
	    "{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-01T00:00:00Z\",\"sessions\":"
	    "[{\"id\":1},{\"id\":2,\"user\":\"anna\"}],\"logon_sessions\":[{\"luid\":\"2222\","
	    "\"user\":\"anna\",\"session_id\":2}]}",
	    "{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-01T00:05:00Z\",\"sessions\":"
	    "[{\"id\":1}],\"logon_sessions\":[{\"luid\":\"2222\",\"user\":\"anna\","
	    "\"session_id\":2}]}");
	assert_int_equal(pair.comparison->orphan_count, 1);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(pair.comparison, "sample again");
	done(&pair);
	after_logoff = LONG_AGO;
}

static void missing_rights_forbid_a_clean_bill(void **state)
{
	(void)state;
	static const char text[] =
	    "{\"schema\":\"leaklab.snapshot/1\",\"elevated\":false,\"sessions\":[{\"id\":1}],"
	    "\"logon_sessions\":[{\"luid\":\"3e7\",\"session_id\":0}]}";
	struct pair pair = compare(text, text);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(pair.comparison, "without administrator's rights");
	done(&pair);
}

static void tokens_gained_and_lost_are_counted(void **state)
{
	(void)state;
	struct pair pair =
	    compare("agent.exe          pid: 12     type: Token          100: LAB\\anna:1111\n"
	            "agent.exe          pid: 12     type: Token          104: LAB\\anna:2222\n"
	            "lsass.exe          pid: 16     type: Token          104: LAB\\anna:2222\n",
	        "agent.exe          pid: 12     type: Token          100: LAB\\anna:1111\n"
	        "agent.exe          pid: 12     type: Token          108: LAB\\anna:3333\n"
	        "agent.exe          pid: 12     type: Token          10C: LAB\\anna:3333\n");
	assert_int_equal(pair.comparison->by_process_count, 2);
	const struct token_change *agent = &pair.comparison->by_process[0];
	assert_int_equal(agent->pid, 12);
	assert_int_equal(agent->before, 2);
	assert_int_equal(agent->after, 3);
	assert_int_equal(agent->gained, 2);
	assert_int_equal(agent->lost, 1);
	assert_int_equal(pair.comparison->by_logon[0].luid, 0x3333);
	assert_int_equal(pair.comparison->by_logon_count, 3);
	done(&pair);
}

static void processes_are_ordered_by_handle_growth(void **state)
{
	(void)state;
	struct pair pair =
	    compare("Handles     Id ProcessName\n-------     -- -----------\n"
	            "    100     12 agent\n    500     16 other\n     10     20 gone\n",
	        "Handles     Id ProcessName\n-------     -- -----------\n"
	        "   4100     12 agent\n    501     16 other\n     10     24 new\n");
	assert_int_equal(pair.comparison->growth_count, 2);
	assert_int_equal(pair.comparison->growth[0].pid, 12);
	assert_int_equal(pair.comparison->growth[0].after, 4100);
	done(&pair);
}

static void assert_verdict(
    const char *const *before, const char *const *after, enum exit_code verdict, const char *part)
{
	char *then = joined(before), *now = joined(after);
	see_handles = verdict == EXIT_CLEAN;
	struct pair pair = compare(then, now);
	assert_int_equal(pair.comparison->verdict, verdict);
	assert_says(pair.comparison, part);
	done(&pair);
	free(then);
	free(now);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void an_unknown_boot_is_taken_as_one_and_said(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_two, system_logon, bert, anna),
	    TEXTS(sessions_of_one, system_logon, bert), EXIT_CLEAN, "it is assumed that they are");
}

static void nothing_is_clean_where_nobody_logged_off(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna),
	    TEXTS(sessions_of_two, booted, bert, anna), EXIT_INCONCLUSIVE,
	    "nobody is seen to have logged off between the two");
	static const char other_connection[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Conn\n"
	    "                   bert                      2  Disc\n";
	assert_verdict(TEXTS(sessions_of_one, booted, bert), TEXTS(other_connection, booted, bert),
	    EXIT_INCONCLUSIVE, "nobody is seen to have logged off between the two");
}

static void a_list_without_the_systems_own_logon_session_is_not_whole(void **state)
{
	(void)state;
	static const char network_service[] = "[1] Logon session 00000000:000003e4:\n"
	                                      "    Session:      0\n"
	                                      "    Logon time:   9/9/2020 6:07:58 AM\n";
	assert_verdict(TEXTS(sessions_of_two, booted, network_service, bert, anna),
	    TEXTS(sessions_of_one, network_service, bert), EXIT_INCONCLUSIVE,
	    "logon session 0:3e7 is not listed");
	assert_verdict(
	    TEXTS("{\"schema\":\"leaklab.snapshot/1\",\"boot_time\":\"2026-01-01T00:00:00Z\","
	          "\"sessions\":[{\"id\":1},{\"id\":2}],\"logon_sessions\":[{\"luid\":\"2222\","
	          "\"session_id\":2}],\"handles\":[]}"),
	    TEXTS("{\"schema\":\"leaklab.snapshot/1\",\"boot_time\":\"2026-01-01T00:00:00Z\","
	          "\"sessions\":[{\"id\":1}],\"logon_sessions\":[],\"handles\":[]}"),
	    EXIT_INCONCLUSIVE, "it is empty");
}

static void sessions_that_quser_does_not_list_prove_nothing(void **state)
{
	(void)state;
	static const char console[] = "[3] Session 1 0:0x3333 Window Manager\\DWM-1 "
	                              "Negotiate:Interactive\n"
	                              "[4] Session 1 0:0x4444 LAB\\kiosk Negotiate:Interactive\n"
	                              "[5] Session 7 0:0x5555 Window Manager\\DWM-7 "
	                              "Negotiate:RemoteInteractive\n";
	char *after = JOIN(users_of_one, booted, bert, console);
	struct pair pair = compare(after, after);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_int_equal(pair.comparison->orphan_count, 0);
	assert_int_equal(pair.comparison->gap_count, 0);
	assert_false(pair.comparison->ids_known);
	assert_says(pair.comparison, "from quser, which does not list sessions without a user");
	done(&pair);
	free(after);
}

static void a_person_who_quser_does_not_list_is_gone(void **state)
{
	(void)state;
	assert_verdict(TEXTS(users_of_one, booted, bert), TEXTS(users_of_one, booted, bert, anna),
	    EXIT_LEAK, "1 logon session outlived its session");
}

static void a_search_in_vain_shows_no_absence_of_holders(void **state)
{
	(void)state;
	char *before = JOIN(sessions_of_two, system_logon, bert, anna);
	char *after = JOIN(sessions_of_one, system_logon, bert, anna,
	    "C:\\>handle -a 2222\nNthandle v5.0 - Handle viewer\nNo matching handles found.\n");
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_LEAK);
	assert_int_equal(pair.comparison->without_holder, 0);
	assert_false(pair.comparison->orphans[0].handles_shown);
	assert_says(pair.comparison, "handles are out of sight");
	done(&pair);
	free(before);
	free(after);
}

#define BERT_AT(luid, time)                                                                        \
	"[1] Logon session 00000000:" luid ":\n    User name:    LAB\\bert\n"                      \
	"    Logon type:   RemoteInteractive\n    Session:      2\n    Logon time:   " time "\n"

static void an_earlier_logon_of_the_sessions_user_is_a_suspect(void **state)
{
	(void)state;
	static const char early[] = BERT_AT("00001111", "9/9/2020 7:00:01 AM"),
	                  late[] = BERT_AT("00009999", "9/9/2020 9:00:01 AM");
	assert_verdict(TEXTS(sessions_of_one, booted, early),
	    TEXTS(sessions_of_one, booted, early, late), EXIT_INCONCLUSIVE,
	    "of bert in session 2 is older than the newest logon");
}

static void two_logon_sessions_of_one_logon_are_no_suspects(void **state)
{
	(void)state;
	static const char token[] = BERT_AT("00009990", "9/9/2020 11:59:59 AM"),
	                  linked[] = BERT_AT("00009999", "9/9/2020 12:00:01 PM");
	assert_verdict(TEXTS(sessions_of_two, booted, token, linked, anna),
	    TEXTS(sessions_of_one, booted, token, linked), EXIT_CLEAN,
	    "no logon session outlived its session");
}

static void lists_that_were_cut_prove_nothing(void **state)
{
	(void)state;
	static const char cut_sessions[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Con";
	assert_verdict(TEXTS(sessions_of_one, booted, bert), TEXTS(booted, bert, cut_sessions),
	    EXIT_INCONCLUSIVE, "AFTER's list of sessions is not whole");
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna),
	    TEXTS(sessions_of_one, booted,
	        "[1] Logon session 00000000:00001111:\n    User name:    LAB\\bert\n"
	        "    Session:      2"),
	    EXIT_INCONCLUSIVE, "AFTER's list of logon sessions is not whole");
}

#define ANNA_AT(luid, type, time)                                                                  \
	"[2] Logon session 00000000:" luid ":\n    User name:    LAB\\anna\n"                      \
	"    Logon type:   " type "\n    Session:      4\n    Logon time:   " time "\n"

static const char station_of_bert[] =
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
    " services                                    0  Disc\n"
    " console                                     1  Conn\n"
    " rdp-tcp#1         bert                      2  Active\n"
    " rdp-tcp#3         bert                      4  Active\n";

static void a_desktop_outlives_its_session_too_and_services_have_none(void **state)
{
	(void)state;
	static const char services[] = "[7] Session 0 0:0x7777 LAB\\anna Kerberos:Network\n"
	                               "[8] Session 0 0:0x8888 LAB\\anna Negotiate:Batch\n",
	                  desktop[] =
	                      "[3] Session 4 0:0x3333 Window Manager\\DWM-4 Negotiate:Interactive\n"
	                      "[4] Session 4 0:0x4444 Font Driver Host\\UMFD-4 "
	                      "Negotiate:Interactive\n";
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna, services),
	    TEXTS(sessions_of_one, booted, bert, services), EXIT_CLEAN,
	    "no logon session outlived its session");
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna, desktop),
	    TEXTS(sessions_of_one, booted, bert, desktop), EXIT_LEAK,
	    "2 logon sessions outlived their session");
}

static void a_cached_remote_logon_outlives_its_session_too(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_two, booted),
	    TEXTS(station_of_bert, booted,
	        ANNA_AT("00002222", "CachedRemoteInteractive", "9/9/2020 7:00:01 AM")),
	    EXIT_LEAK, "the ID has another user now");
}

static void a_session_with_another_user_is_another_session(void **state)
{
	(void)state;
	static const char runas[] = ANNA_AT("00002222", "Interactive", "9/9/2020 7:00:01 AM");
	assert_verdict(TEXTS(sessions_of_two, booted, runas), TEXTS(station_of_bert, booted, runas),
	    EXIT_LEAK, "the ID has another user now");
	assert_verdict(TEXTS(station_of_bert, booted), TEXTS(station_of_bert, booted, runas),
	    EXIT_INCONCLUSIVE, "nobody is seen to have logged off");
}

static void a_logon_session_in_a_session_without_user_is_a_suspect(void **state)
{
	(void)state;
	static const char down[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Conn\n"
	    " rdp-tcp#1         bert                      2  Active\n"
	    "                                             4  Down\n";
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna), TEXTS(down, booted, bert, anna),
	    EXIT_INCONCLUSIVE, "is in a session that has no user now");
}

static void names_that_a_column_cut_are_no_other_users(void **state)
{
	(void)state;
	static const char cut[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " rdp-tcp#1         averyveryverylongnam      2  Active\n",
	                  whole[] = "[1] Session 2 0:0x1111 LAB\\averyveryverylongname.indeed "
	                            "Kerberos:RemoteInteractive\n";
	assert_verdict(TEXTS(cut, booted, whole), TEXTS(cut, booted, whole), EXIT_INCONCLUSIVE,
	    "nobody is seen to have logged off");
}

static void a_new_logon_session_older_than_known_ones_tells_the_wrong_order(void **state)
{
	(void)state;
	static const char early[] = ANNA_AT("00001111", "RemoteInteractive", "9/9/2020 7:00:01 AM"),
	                  late[] = BERT_AT("00009999", "9/9/2020 9:00:01 AM");
	assert_verdict(TEXTS(sessions_of_one, booted, late), TEXTS(sessions_of_two, booted, early),
	    EXIT_INCONCLUSIVE, "give them in the other order");
	/* Two logons within the same minute may be listed in either order. */
	static const char moment[] =
	    ANNA_AT("00001111", "RemoteInteractive", "9/9/2020 9:00:00 AM");
	assert_verdict(TEXTS(sessions_of_one, booted, late),
	    TEXTS(sessions_of_two, booted, moment, late), EXIT_INCONCLUSIVE,
	    "nobody is seen to have logged off");
}

static void a_luid_of_two_users_is_of_two_boots(void **state)
{
	(void)state;
	static const char other[] = "[2] Session 4 0:0x2222 LAB\\carl Kerberos:RemoteInteractive\n";
	assert_verdict(TEXTS(sessions_of_two, system_logon, anna),
	    TEXTS(sessions_of_one, system_logon, other), EXIT_INCONCLUSIVE,
	    "of anna in BEFORE and of carl in AFTER");
}

static void computers_with_two_names_are_two_hosts(void **state)
{
	(void)state;
	static const char other[] = "[0] Session 0 0:0x3e7 LAB\\RDS02$ Negotiate:(0)\n",
	                  by_token[] = "[0] Session 0 0:0x3e7 NT AUTHORITY\\SYSTEM Negotiate:(0)\n";
	assert_verdict(TEXTS(sessions_of_two, system_logon, anna), TEXTS(sessions_of_one, other),
	    EXIT_INCONCLUSIVE, "two boots or two hosts");
	assert_verdict(TEXTS(sessions_of_two, system_logon, anna),
	    TEXTS(sessions_of_one, by_token, anna), EXIT_LEAK, "outlived its session");
}

static void what_is_no_pair_is_not_compared(void **state)
{
	(void)state;
	static const char other_boot[] =
	    "[0] Logon session 00000000:000003e7:\n    Session:      0\n"
	    "    Logon time:   9/10/2020 6:07:57 AM\n";
	char *before = JOIN(sessions_of_two, booted, bert, anna,
	    "agent.exe          pid: 12     type: Token          100: LAB\\anna:2222\n");
	char *after = JOIN(sessions_of_one, other_boot, bert, anna,
	    "agent.exe          pid: 12     type: Token          100: LAB\\anna:2222\n");
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_false(pair.comparison->ids_known);
	assert_false(pair.comparison->tokens_known);
	assert_int_equal(pair.comparison->by_logon_count, 0);
	assert_says(pair.comparison, "AFTER alone shows 1 logon session without its session");
	done(&pair);
	free(before);
	free(after);
}

static void a_list_without_some_of_its_numbers_is_not_whole(void **state)
{
	(void)state;
	static const char gap[] = "[5] Session 0 0:0x9999 LAB\\svc Negotiate:Service\n";
	char *before = JOIN(sessions_of_two, booted, bert, anna),
	     *whole = JOIN(sessions_of_one, booted, bert), *after = NULL;
	assert_true(asprintf(&after, "%s%s", whole, gap) > 0);
	struct pair pair = compare(before, after);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(pair.comparison, "records are missing");
	done(&pair);
	free(before);
	free(whole);
	free(after);
}

static void a_list_without_its_listeners_seems_to_be_cut(void **state)
{
	(void)state;
	static const char listener[] = " rdp-tcp                                 65536  Listen\n";
	assert_verdict(TEXTS(sessions_of_two, listener, booted, bert, anna),
	    TEXTS(sessions_of_one, booted, bert, anna), EXIT_INCONCLUSIVE,
	    "listeners, which are listed last");
	assert_verdict(TEXTS(sessions_of_two, listener, booted, bert, anna),
	    TEXTS(sessions_of_one, listener, booted, bert, anna), EXIT_LEAK,
	    "outlived its session");
}

static void dump_has_no_listeners_and_is_not_cut(void **state)
{
	(void)state;
	static const char listener[] = " rdp-tcp                                 65536  Listen\n";
	char *before = JOIN(sessions_of_two, listener, booted, bert, anna),
	     *after = JOIN(sessions_of_one, booted, bert, anna);
	struct snapshot *snapshots[] = {read_evidence(before), read_evidence(after)};
	const struct leak_terms terms = {.release_time = NUMBER_UNKNOWN, .after_logoff = LONG_AGO};
	snapshots[1]->source = SNAPSHOT_OF_DUMP;
	struct comparison *comparison = compare_snapshots(snapshots, 2, &terms, NULL);
	assert_int_equal(comparison->verdict, EXIT_LEAK);
	comparison_destroy(comparison);
	snapshot_destroy(snapshots[0]);
	snapshot_destroy(snapshots[1]);
	free(before);
	free(after);
}

static void what_is_disputed_is_no_orphan(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna),
	    TEXTS(sessions_of_two, "\n", station_of_bert, booted, bert, anna), EXIT_INCONCLUSIVE,
	    "AFTER contradicts itself");
}

static void fresh_logons_are_waited_for(void **state)
{
	(void)state;
	after_logoff = NUMBER_UNKNOWN;
	assert_verdict(TEXTS("{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-01T00:00:00Z\","
	                     "\"sessions\":[{\"id\":1}],\"logon_sessions\":[]}"),
	    TEXTS(
	        "{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-02T00:00:00Z\",\"sessions\":"
	        "[{\"id\":1}],\"logon_sessions\":[{\"luid\":\"2222\",\"user\":\"anna\","
	        "\"session_id\":2,\"logon_time\":\"2026-01-01T23:55:00Z\"}]}"),
	    EXIT_INCONCLUSIVE, "sample again");
	after_logoff = LONG_AGO;
}

static void old_orphans_are_told_from_new_ones(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_one, booted, bert, anna),
	    TEXTS(sessions_of_one, booted, bert, anna), EXIT_LEAK, "none has done so since");
	assert_verdict(TEXTS(users_of_one, booted, bert, anna),
	    TEXTS(sessions_of_one, booted, bert, anna), EXIT_LEAK, "none has done so since");
	assert_verdict(TEXTS(sessions_of_one, booted, bert, anna),
	    TEXTS(" SESSIONNAME       USERNAME                 ID  STATE\n"
	          " services                                    0  Disc\n",
	        booted, bert, anna),
	    EXIT_LEAK, "1 of them by the time of BEFORE");
}

static void an_orphan_that_went_is_no_logoff(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_one, booted, bert, anna),
	    TEXTS(sessions_of_one, booted, bert), EXIT_INCONCLUSIVE,
	    "nobody is seen to have logged off");
}

static void a_process_id_of_two_images_is_of_two_processes(void **state)
{
	(void)state;
	struct pair pair =
	    compare("agent.exe          pid: 12     type: Token          100: LAB\\anna:1111\n",
	        "backup.exe         pid: 12     type: Token          100: LAB\\anna:1111\n"
	        "backup.exe         pid: 12     type: Token          104: LAB\\anna:1111\n");
	assert_int_equal(pair.comparison->by_process_count, 2);
	assert_string_equal(pair.comparison->by_process[0].image, "backup.exe");
	assert_int_equal(pair.comparison->by_process[0].gained, 2);
	assert_int_equal(pair.comparison->by_process[1].lost, 1);
	done(&pair);
}

static void handles_that_were_not_looked_for_were_not_gained(void **state)
{
	(void)state;
	static const char found[] =
	    "C:\\>handle -a 2222\n"
	    "agent.exe          pid: 12     type: Token   100: LAB\\anna:2222\n",
	                  other[] =
	                      "C:\\>handle -a 1111\n"
	                      "agent.exe          pid: 12     type: Token   104: LAB\\bert:1111\n";
	struct pair pair = compare(sessions_of_two, found);
	assert_false(pair.comparison->tokens_known);
	assert_int_equal(pair.comparison->by_process_count, 0);
	done(&pair);
	pair = compare(other, found);
	assert_int_equal(pair.comparison->by_logon_count, 0);
	assert_int_equal(pair.comparison->by_process_count, 0);
	done(&pair);
}

static void searches_tell_no_growth(void **state)
{
	(void)state;
	struct pair pair =
	    compare("agent.exe          pid: 12     type: Token          100: LAB\\anna:1111\n",
	        "agent.exe          pid: 12     type: Token          100: LAB\\anna:1111\n"
	        "agent.exe          pid: 12     type: Token          104: LAB\\anna:1111\n");
	assert_int_equal(pair.comparison->growth_count, 0);
	done(&pair);
}

/* Sessions 0 and 4, in which bert is; anna's session 3 is over. */
static const char moment_format[] =
    "{\"schema\":\"leaklab.snapshot/2\",\"host\":\"RDS01\",\"elevated\":true,"
    "\"time\":\"2026-02-14T%sZ\",\"boot_time\":\"2026-02-14T08:00:00Z\","
    "\"sessions\":[{\"id\":0},{\"id\":4,\"user\":\"bert\",\"domain\":\"LAB\"}],"
    "\"logon_sessions\":["
    "{\"luid\":\"3e7\",\"user\":\"SYSTEM\",\"session_id\":0,\"logon_time\":\"2026-02-14T08:00:01Z\"},"
    "{\"luid\":\"2101\",\"user\":\"bert\",\"domain\":\"LAB\",\"session_id\":4,"
    "\"logon_type\":\"RemoteInteractive\",\"logon_time\":\"2026-02-14T09:01:00Z\"}"
    "%s],\"handles\":[%s],\"sight\":["
    "{\"section\":\"sessions\",\"extent\":\"whole\",\"rows\":2},"
    "{\"section\":\"logon_sessions\",\"extent\":\"whole\"},"
    "{\"section\":\"handles\",\"extent\":\"whole\"}]}";
#define LEFT(luid, user, id)                                                                       \
	",{\"luid\":\"" luid "\",\"user\":\"" user "\",\"domain\":\"LAB\",\"session_id\":" id      \
	",\"logon_type\":\"RemoteInteractive\"}"
#define HELD(luid, pid, image, id, value)                                                          \
	"{\"luid\":\"" luid "\",\"pid\":" pid ",\"image\":\"" image                                \
	"\",\"type\":\"Token\",\"session_id\":" id ",\"value\":" value "}"

static struct snapshot *moment(const char *time, const char *logons, const char *handles)
{
	char text[4000];
	const int length = snprintf(text, sizeof text, moment_format, time, logons, handles);
	struct snapshot *snapshot = snapshot_from_json(text, (size_t)length, NULL);
	assert_non_null(snapshot);
	return snapshot;
}

static struct pair compare_moments(struct snapshot *before, struct snapshot *after)
{
	struct pair pair = {.before = before, .after = after};
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	pair.comparison = compare_snapshots((struct snapshot *[]){before, after}, 2, &terms, NULL);
	assert_non_null(pair.comparison);
	return pair;
}

static void holders_of_young_orphans_are_not_accused_beside_old_ones(void **state)
{
	(void)state;
	struct pair pair = compare_moments(moment("10:00:00", LEFT("2001", "anna", "3"), ""),
	    moment("11:00:00",
	        LEFT("2001", "anna", "3") LEFT("2301", "carl", "10") LEFT("2302", "dora", "11"),
	        HELD("2001", "4100", "leaky.exe", "3", "4") "," HELD("2301", "900", "svchost.exe",
	            "10", "4") "," HELD("2302", "900", "svchost.exe", "11", "8")));
	assert_int_equal(pair.comparison->verdict, EXIT_LEAK);
	assert_int_equal(pair.comparison->old_count, 1);
	assert_int_equal(pair.comparison->culprits.count, 1);
	assert_string_equal(pair.comparison->culprits.items[0].image, "leaky.exe");
	done(&pair);
	/* While nothing is old, they all are suspects. */
	pair = compare_moments(moment("10:00:00", "", ""),
	    moment("11:00:00", LEFT("2301", "carl", "10") LEFT("2302", "dora", "11"),
	        HELD("2301", "900", "svchost.exe", "10", "4") "," HELD(
	            "2302", "4100", "leaky.exe", "11", "8")));
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_int_equal(pair.comparison->culprits.count, 2);
	done(&pair);
}

static void of_an_orphan_that_only_followers_hold_it_is_said(void **state)
{
	(void)state;
	struct pair pair = compare_moments(moment("10:00:00", LEFT("2001", "anna", "3"), ""),
	    moment("11:00:00", LEFT("2001", "anna", "3"),
	        HELD("2001", "4", "System", "3", "4") "," HELD("2001", "812", "lsass.exe", "3",
	            "4") "," HELD("2001", "813", "lsass.exe", "3", "8")));
	assert_int_equal(pair.comparison->followers_only, 1);
	assert_int_equal(pair.comparison->without_holder, 0);
	done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_logon_session_that_outlives_its_session_is_a_leak),
	    unit_test(nothing_left_over_is_clean),
	    unit_test(an_orphan_without_a_visible_holder_calls_for_a_dump),
	    unit_test(tokens_of_unknown_logon_sessions_may_be_the_holders),
	    unit_test(no_match_of_a_search_is_no_proof),
	    unit_test(sessions_alone_show_gaps_but_prove_nothing),
	    unit_test(other_hosts_and_boots_are_not_compared),
	    unit_test(before_newer_than_after_is_told),
	    unit_test(fresh_logoffs_are_waited_for),
	    unit_test(missing_rights_forbid_a_clean_bill),
	    unit_test(tokens_gained_and_lost_are_counted),
	    unit_test(processes_are_ordered_by_handle_growth),
	    unit_test(an_unknown_boot_is_taken_as_one_and_said),
	    unit_test(nothing_is_clean_where_nobody_logged_off),
	    unit_test(a_list_without_the_systems_own_logon_session_is_not_whole),
	    unit_test(sessions_that_quser_does_not_list_prove_nothing),
	    unit_test(a_person_who_quser_does_not_list_is_gone),
	    unit_test(a_search_in_vain_shows_no_absence_of_holders),
	    unit_test(an_earlier_logon_of_the_sessions_user_is_a_suspect),
	    unit_test(two_logon_sessions_of_one_logon_are_no_suspects),
	    unit_test(lists_that_were_cut_prove_nothing),
	    unit_test(a_desktop_outlives_its_session_too_and_services_have_none),
	    unit_test(a_cached_remote_logon_outlives_its_session_too),
	    unit_test(a_session_with_another_user_is_another_session),
	    unit_test(a_logon_session_in_a_session_without_user_is_a_suspect),
	    unit_test(names_that_a_column_cut_are_no_other_users),
	    unit_test(a_new_logon_session_older_than_known_ones_tells_the_wrong_order),
	    unit_test(a_luid_of_two_users_is_of_two_boots),
	    unit_test(computers_with_two_names_are_two_hosts),
	    unit_test(what_is_no_pair_is_not_compared),
	    unit_test(a_list_without_some_of_its_numbers_is_not_whole),
	    unit_test(a_list_without_its_listeners_seems_to_be_cut),
	    unit_test(dump_has_no_listeners_and_is_not_cut),
	    unit_test(what_is_disputed_is_no_orphan),
	    unit_test(fresh_logons_are_waited_for),
	    unit_test(old_orphans_are_told_from_new_ones),
	    unit_test(an_orphan_that_went_is_no_logoff),
	    unit_test(a_process_id_of_two_images_is_of_two_processes),
	    unit_test(handles_that_were_not_looked_for_were_not_gained),
	    unit_test(searches_tell_no_growth),
	    unit_test(holders_of_young_orphans_are_not_accused_beside_old_ones),
	    unit_test(of_an_orphan_that_only_followers_hold_it_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
