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

static struct pair compare(const char *before, const char *after)
{
	struct pair pair = {.before = read_evidence(before), .after = read_evidence(after)};
	pair.comparison = compare_snapshots(pair.before, pair.after, NULL);
	assert_non_null(pair.comparison);
	return pair;
}

static void done(struct pair *pair)
{
	comparison_destroy(pair->comparison);
	snapshot_destroy(pair->before);
	snapshot_destroy(pair->after);
}

static char *joined(const char *const *parts)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	for (; *parts; parts++)
		fputs(*parts, out);
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
	assert_int_equal(orphan->luid, 0x2222);
	assert_int_equal(orphan->session_id, 4);
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
	assert_int_equal(pair.comparison->verdict, EXIT_CLEAN);
	assert_int_equal(pair.comparison->orphan_count, 0);
	assert_says(pair.comparison, "a leak that a logon in a hundred makes");
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

static void no_match_of_a_search_is_no_proof(void **state)
{
	(void)state;
	char *before = JOIN(sessions_of_two, system_logon, bert, anna);
	char *after = JOIN(sessions_of_one, system_logon, bert,
	    "Nthandle v5.0 - Handle viewer\nNo matching handles found.\n");
	struct pair pair = compare(before, after);
	assert_says(pair.comparison, "no proof of absence");
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
	assert_contains(pair.comparison->reasons[0], "started anew");
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
	struct pair pair = compare(
	    "{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-01T00:00:00Z\",\"sessions\":"
	    "[{\"id\":1},{\"id\":2,\"user\":\"anna\"}],\"logon_sessions\":[{\"luid\":\"2222\","
	    "\"user\":\"anna\",\"session_id\":2}]}",
	    "{\"schema\":\"leaklab.snapshot/1\",\"time\":\"2026-01-01T00:05:00Z\",\"sessions\":"
	    "[{\"id\":1}],\"logon_sessions\":[{\"luid\":\"2222\",\"user\":\"anna\","
	    "\"session_id\":2}]}");
	assert_int_equal(pair.comparison->orphan_count, 1);
	assert_int_equal(pair.comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(pair.comparison, "less than 20 minutes after");
	done(&pair);
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
	struct pair pair = compare(then, now);
	assert_int_equal(pair.comparison->verdict, verdict);
	assert_says(pair.comparison, part);
	done(&pair);
	free(then);
	free(now);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void an_unknown_boot_forbids_a_clean_bill(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_two, system_logon, bert, anna),
	    TEXTS(sessions_of_one, system_logon, bert), EXIT_INCONCLUSIVE,
	    "of one boot is not known");
}

static void nothing_is_clean_where_nothing_came_or_went(void **state)
{
	(void)state;
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna),
	    TEXTS(sessions_of_two, booted, bert, anna), EXIT_INCONCLUSIVE,
	    "nothing came or went between the two");
	static const char other_connection[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Conn\n"
	    "                   bert                      2  Disc\n";
	assert_verdict(TEXTS(sessions_of_one, booted, bert), TEXTS(other_connection, booted, bert),
	    EXIT_INCONCLUSIVE, "nothing came or went between the two");
}

static void a_list_without_the_systems_own_logon_session_is_not_whole(void **state)
{
	(void)state;
	static const char network_service[] = "[1] Logon session 00000000:000003e4:\n"
	                                      "    Session:      0\n"
	                                      "    Logon time:   9/9/2020 6:07:58 AM\n";
	assert_verdict(TEXTS(sessions_of_two, booted, network_service, bert, anna),
	    TEXTS(sessions_of_one, network_service, bert), EXIT_INCONCLUSIVE,
	    "AFTER lacks logon session 00000000:000003e7");
	assert_verdict(
	    TEXTS("{\"schema\":\"leaklab.snapshot/1\",\"boot_time\":\"2026-01-01T00:00:00Z\","
	          "\"sessions\":[{\"id\":1},{\"id\":2}],\"logon_sessions\":[{\"luid\":\"2222\","
	          "\"session_id\":2}],\"handles\":[]}"),
	    TEXTS("{\"schema\":\"leaklab.snapshot/1\",\"boot_time\":\"2026-01-01T00:00:00Z\","
	          "\"sessions\":[{\"id\":1}],\"logon_sessions\":[],\"handles\":[]}"),
	    EXIT_INCONCLUSIVE, "AFTER's list of logon sessions is empty");
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
	assert_says(pair.comparison, "of quser, which lists none without a user");
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
	    "logon session 00000000:00001111 of bert is of an earlier logon");
}

static void two_logon_sessions_of_one_logon_are_no_suspects(void **state)
{
	(void)state;
	static const char token[] = BERT_AT("00009990", "9/9/2020 11:59:59 AM"),
	                  linked[] = BERT_AT("00009999", "9/9/2020 12:00:01 PM");
	static const char nobody[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Conn\n";
	assert_verdict(TEXTS(nobody, booted), TEXTS(sessions_of_one, booted, token, linked),
	    EXIT_CLEAN, "no logon session outlived its session");
}

static void lists_that_were_cut_prove_nothing(void **state)
{
	(void)state;
	static const char cut_sessions[] =
	    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	    " services                                    0  Disc\n"
	    " console                                     1  Con";
	assert_verdict(TEXTS(sessions_of_one, booted, bert), TEXTS(booted, bert, cut_sessions),
	    EXIT_INCONCLUSIVE, "AFTER's list of sessions seems to be cut short");
	assert_verdict(TEXTS(sessions_of_two, booted, bert, anna),
	    TEXTS(sessions_of_one, booted,
	        "[1] Logon session 00000000:00001111:\n    User name:    LAB\\bert\n"
	        "    Session:      2"),
	    EXIT_INCONCLUSIVE, "AFTER's list of logon sessions seems to be cut short");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_logon_session_that_outlives_its_session_is_a_leak),
	    unit_test(nothing_left_over_is_clean),
	    unit_test(an_orphan_without_a_visible_holder_calls_for_a_dump),
	    unit_test(no_match_of_a_search_is_no_proof),
	    unit_test(sessions_alone_show_gaps_but_prove_nothing),
	    unit_test(other_hosts_and_boots_are_not_compared),
	    unit_test(before_newer_than_after_is_told),
	    unit_test(fresh_logoffs_are_waited_for),
	    unit_test(missing_rights_forbid_a_clean_bill),
	    unit_test(tokens_gained_and_lost_are_counted),
	    unit_test(processes_are_ordered_by_handle_growth),
	    unit_test(an_unknown_boot_forbids_a_clean_bill),
	    unit_test(nothing_is_clean_where_nothing_came_or_went),
	    unit_test(a_list_without_the_systems_own_logon_session_is_not_whole),
	    unit_test(sessions_that_quser_does_not_list_prove_nothing),
	    unit_test(a_person_who_quser_does_not_list_is_gone),
	    unit_test(a_search_in_vain_shows_no_absence_of_holders),
	    unit_test(an_earlier_logon_of_the_sessions_user_is_a_suspect),
	    unit_test(two_logon_sessions_of_one_logon_are_no_suspects),
	    unit_test(lists_that_were_cut_prove_nothing),
	    unit_test(searches_tell_no_growth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
