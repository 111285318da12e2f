/* What event logs tell of weeks. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"

#define MINUTE (INT64_C(60) * 1000000)
#define RELEASE_TIME (20 * MINUTE)
#define HEADING                                                                                    \
	"EventID,TimeCreated,SessionID,User,TargetLogonId,LogonType,EventRecordID,ProviderName\n"
#define DAY "2026-03-05T"

/* A session's event at a time of one day, in UTC. */
#define AT(id, time, session) #id "," DAY time ":00Z," #session ",CORP\\u" #session ",,,,\n"
#define LOCAL(id, time, session) #id "," DAY time ":00," #session ",CORP\\u" #session ",,,,\n"
#define BOOT(time) "6005," DAY time ":00Z,,,,,,EventLog\n"
#define LOGON(id, time, luid) #id "," DAY time ":00Z,,," luid ",10,,\n"

struct scene {
	struct snapshot *snapshot;
	struct history *history;
};

static struct scene read_scene(const char *rows)
{
	char text[10000];
	struct error error;
	snprintf(text, sizeof text, HEADING "%s", rows);
	struct scene scene = {.snapshot = read_evidence(text)};
	scene.history = history_create(scene.snapshot, RELEASE_TIME, &error);
	assert_non_null(scene.history);
	return scene;
}

static void end_scene(struct scene *scene)
{
	history_destroy(scene->history);
	snapshot_destroy(scene->snapshot);
}

static const char *clock_of(int64_t time, char out[TIMESTAMP_TEXT])
{
	if (time == TIMESTAMP_UNKNOWN)
		return "-";
	timestamp_format(time, out);
	out[16] = '\0';
	return out + 11;
}

/* Each ID that was passed over: since when, by which, when given again. */
static void assert_skips(const char *rows, const char *expected)
{
	char found[1000] = "", a[TIMESTAMP_TEXT], b[TIMESTAMP_TEXT], c[TIMESTAMP_TEXT];
	struct scene scene = read_scene(rows);
	for (size_t i = 0; i < scene.history->log_count; i++) {
		const struct history_log *log = &scene.history->logs[i];
		for (size_t j = 0; j < log->skip_count; j++) {
			const struct id_skip *skip = &log->skips[j];
			const size_t used = strlen(found);
			snprintf(found + used, sizeof found - used,
			    "%s%lld of %s: %s %s by %lld, again %s", used ? "; " : "",
			    (long long)skip->id, skip->user, clock_of(skip->freed, a),
			    clock_of(skip->since, b), (long long)skip->given,
			    clock_of(skip->again, c));
		}
	}
	if (strcmp(found, expected) != 0)
		print_error("%s\n", rows);
	assert_string_equal(found, expected);
	end_scene(&scene);
}

static void assert_breaks(const char *rows, const char *expected)
{
	static const char *const kinds[] = {"reboot", "possible reboot", "clock", "gap", "undated"};
	char found[1000] = "", a[TIMESTAMP_TEXT];
	struct scene scene = read_scene(rows);
	for (size_t i = 0; i < scene.history->log_count; i++) {
		const struct history_log *log = &scene.history->logs[i];
		for (size_t j = 0; j < log->break_count; j++) {
			const size_t used = strlen(found);
			snprintf(found + used, sizeof found - used, "%s%s %s", used ? "; " : "",
			    kinds[log->breaks[j].kind], clock_of(log->breaks[j].time, a));
		}
	}
	assert_string_equal(found, expected);
	end_scene(&scene);
}

static void a_higher_id_long_after_a_logoff_passed_the_lower_one_over(void **state)
{
	(void)state;
	assert_skips(AT(21, "08:00", 2) AT(23, "08:10", 2) AT(21, "08:35", 3),
	    "2 of u2: 08:10 08:35 by 3, again -");
	/* The release time and a quarter of it have to be over. */
	assert_skips(AT(21, "08:00", 2) AT(23, "08:10", 2) AT(21, "08:34", 3), "");
	assert_skips(AT(21, "08:00", 2) AT(23, "08:10", 2) AT(21, "08:34", 3) AT(23, "08:35", 3)
	                 AT(21, "08:36", 4),
	    "2 of u2: 08:10 08:36 by 4, again -");
	assert_skips(AT(21, "08:00", 2) AT(23, "08:10", 2) AT(21, "09:00", 3) AT(21, "10:00", 2),
	    "2 of u2: 08:10 09:00 by 3, again 10:00");
}

static void a_healthy_log_has_no_id_that_was_passed_over(void **state)
{
	(void)state;
	assert_skips(AT(21, "08:00", 2) AT(21, "08:01", 3) AT(23, "08:10", 2) AT(24, "08:10", 2)
	                 AT(21, "09:00", 2) AT(23, "09:10", 3) AT(21, "10:00", 3) AT(23, "11:00", 2)
	                     AT(21, "12:00", 2),
	    "");
	/* A lower ID says nothing of higher ones. */
	assert_skips(AT(21, "08:00", 5) AT(23, "08:10", 5) AT(21, "09:00", 2), "");
}

static void a_session_that_only_disconnects_keeps_its_id(void **state)
{
	(void)state;
	assert_skips(
	    AT(21, "08:00", 2) AT(24, "08:10", 2) AT(21, "09:00", 3) AT(25, "09:30", 2), "");
	/* Without its logon: an event of it long after its logoff shows that it was given again. */
	assert_skips(
	    AT(21, "08:00", 2) AT(23, "08:10", 2) AT(24, "08:30", 2) AT(21, "09:00", 3), "");
	assert_skips(
	    AT(21, "08:00", 2) AT(23, "08:10", 2) AT(41, "08:30", 2) AT(21, "09:00", 3), "");
}

static void what_was_there_before_the_log_is_unknown(void **state)
{
	(void)state;
	struct scene scene = read_scene(AT(21, "08:00", 7) AT(23, "08:10", 3) AT(21, "09:00", 8));
	const struct history_log *log = &scene.history->logs[0];
	assert_int_equal(log->id_count, 3);
	assert_int_equal(log->ids[0].id, 3);
	assert_int_equal(log->ids[0].lost, 1);
	assert_int_equal(log->ids[0].use, ID_FREE);
	assert_int_equal(log->ids[1].use, ID_IN_USE);
	assert_int_equal(log->session_logons, 2);
	assert_int_equal(log->session_logoffs, 1);
	/* Of 3 the logoff is known, of 1, 2, 4, 5 and 6 nothing. */
	assert_int_equal(log->skip_count, 1);
	assert_int_equal(log->skips[0].id, 3);
	end_scene(&scene);
}

static void nothing_is_concluded_over_a_reboot(void **state)
{
	(void)state;
	assert_skips(AT(21, "08:00", 2) AT(23, "08:10", 2) BOOT("08:20") AT(21, "09:00", 3), "");
	assert_breaks(AT(21, "08:00", 2) AT(23, "08:10", 2) BOOT("08:20") AT(21, "09:00", 3),
	    "reboot 08:20; reboot 08:20");
	/* An ID that is given while its session is there: no reuse. */
	static const char likely[] = AT(21, "08:00", 2) AT(21, "08:01", 3) AT(23, "08:10", 3)
	    AT(21, "08:20", 2) AT(21, "09:00", 4);
	assert_skips(likely, "");
	assert_breaks(likely, "possible reboot 08:20");
}

static void clock_changes_are_found_and_not_counted_over(void **state)
{
	(void)state;
	static const char rows[] = AT(21, "08:00", 2) AT(23, "08:10", 2) AT(21, "07:30", 2)
	    AT(23, "07:31", 2) AT(21, "09:00", 3);
	assert_breaks(rows, "clock 07:30");
	assert_skips(rows, "2 of u2: 07:31 09:00 by 3, again -");
	assert_skips(
	    AT(21, "08:00", 2) AT(23, "08:10", 2) AT(24, "07:30", 5) AT(21, "09:00", 3), "");
}

static void a_log_may_have_its_newest_events_first(void **state)
{
	(void)state;
	static const char rows[] = AT(21, "08:35", 3) AT(23, "08:10", 2) AT(21, "08:00", 2);
	assert_skips(rows, "2 of u2: 08:10 08:35 by 3, again -");
	assert_breaks(rows, "");
}

static void numbers_tell_the_order(void **state)
{
	(void)state;
	assert_breaks("23," DAY "08:10:00Z,2,,,,11,\n21," DAY "08:35:00Z,3,,,,12,\n21," DAY
	              "08:00:00Z,2,,,,10,\n23," DAY "08:10:00Z,2,,,,11,\n",
	    "");
	assert_breaks(
	    "21," DAY "08:00:00Z,2,,,,10,\n23," DAY "07:10:00Z,2,,,,11,\n", "clock 07:10");
}

static void rows_that_are_not_understood_may_be_any(void **state)
{
	(void)state;
	static const char rows[] = AT(21, "08:00", 2)
	    AT(23, "08:10", 2) "21," DAY "08:20:00Z,two,,,,,\n" AT(21, "09:00", 3);
	assert_skips(rows, "");
	assert_breaks(rows, "gap -");
}

/* An hour more, for summer time. */
static void times_without_a_zone_need_an_hour_more(void **state)
{
	(void)state;
	assert_skips(LOCAL(21, "08:00", 2) LOCAL(23, "08:10", 2) LOCAL(21, "09:34", 3), "");
	assert_skips(LOCAL(21, "08:00", 2) LOCAL(23, "08:10", 2) LOCAL(21, "09:35", 3),
	    "2 of u2: 08:10 09:35 by 3, again -");
}

static void times_of_two_sources_are_not_compared(void **state)
{
	(void)state;
	char text[1000];
	struct error error;
	snprintf(text, sizeof text, HEADING "%s", LOCAL(21, "08:00", 2) LOCAL(23, "08:10", 2));
	struct snapshot *one = evidence_read(text, strlen(text), "a.csv", NULL, &error);
	snprintf(text, sizeof text, HEADING "%s", LOCAL(21, "12:00", 3));
	struct snapshot *two = evidence_read(text, strlen(text), "b.csv", NULL, &error);
	assert_true(snapshot_merge(one, two, true, &error));
	struct history *history = history_create(one, RELEASE_TIME, &error);
	assert_int_equal(history->log_count, 2);
	assert_int_equal(history->logs[0].skip_count + history->logs[1].skip_count, 0);
	history_destroy(history);
	snapshot_destroy(one);
	snapshot_destroy(two);
}

static void ambiguous_times_prove_nothing(void **state)
{
	(void)state;
	static const char text[] = "EventID,TimeCreated,SessionID\n21,3/5/2026 08:00:00,2\n"
	                           "23,3/5/2026 08:10:00,2\n21,3/5/2026 12:00:00,3\n";
	struct error error;
	struct snapshot *snapshot = read_evidence(text);
	struct history *history = history_create(snapshot, RELEASE_TIME, &error);
	assert_int_equal(history->logs[0].undated, 3);
	assert_int_equal(history->logs[0].skip_count, 0);
	history_destroy(history);
	snapshot_destroy(snapshot);
}

static size_t count_open(const char *rows)
{
	struct scene scene = read_scene(rows);
	size_t count = 0;
	for (size_t i = 0; i < scene.history->log_count; i++)
		count += scene.history->logs[i].open_count;
	end_scene(&scene);
	return count;
}

static void a_logoff_without_the_end_of_its_logon_session_is_a_hint(void **state)
{
	(void)state;
	assert_int_equal(count_open(LOGON(4647, "08:00", "0x1") LOGON(4624, "08:25", "0x2")), 1);
	assert_int_equal(count_open(LOGON(4647, "08:00", "0x1") LOGON(4634, "08:01", "0x1")
	                         LOGON(4624, "08:25", "0x2")),
	    0);
	/* The log has to go on for long enough. */
	assert_int_equal(count_open(LOGON(4647, "08:00", "0x1") LOGON(4624, "08:24", "0x2")), 0);
	/* A later end is a late release. */
	assert_int_equal(count_open(LOGON(4647, "08:00", "0x1") LOGON(4634, "08:50", "0x1")), 0);
}

static void a_reboot_ends_all_logon_sessions(void **state)
{
	(void)state;
	assert_int_equal(
	    count_open(LOGON(4647, "08:00", "0x1") BOOT("08:10") LOGON(4624, "09:00", "0x2")), 0);
	/* What was open for long before it stays a hint, and a LUID of the next boot is another. */
	assert_int_equal(
	    count_open(LOGON(4647, "08:00", "0x1") LOGON(4624, "08:40",
	        "0x2") "12," DAY "08:50:00Z,,,,,,Microsoft-Windows-Kernel-General\n" LOGON(4634,
	        "09:00", "0x1")),
	    1);
	/* Session IDs that make a reboot likely, too. */
	assert_int_equal(count_open(AT(21, "07:00", 2) LOGON(4647, "08:00", "0x1")
	                         AT(21, "08:10", 2) LOGON(4624, "09:00", "0x2")),
	    0);
}

static void logons_of_people_are_listed_with_their_luids(void **state)
{
	(void)state;
	struct scene scene =
	    read_scene(LOGON(4624, "08:00", "0xfc2f5") "4624," DAY "08:01:00Z,,,0xfc300,3,,\n");
	const struct history_log *log = &scene.history->logs[0];
	assert_int_equal(log->logon_count, 1);
	assert_int_equal(log->logons[0]->luid, 0xfc2f5);
	assert_int_equal(log->other_logons, 1);
	end_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_higher_id_long_after_a_logoff_passed_the_lower_one_over),
	    unit_test(a_healthy_log_has_no_id_that_was_passed_over),
	    unit_test(a_session_that_only_disconnects_keeps_its_id),
	    unit_test(what_was_there_before_the_log_is_unknown),
	    unit_test(nothing_is_concluded_over_a_reboot),
	    unit_test(clock_changes_are_found_and_not_counted_over),
	    unit_test(a_log_may_have_its_newest_events_first),
	    unit_test(numbers_tell_the_order),
	    unit_test(rows_that_are_not_understood_may_be_any),
	    unit_test(times_without_a_zone_need_an_hour_more),
	    unit_test(times_of_two_sources_are_not_compared),
	    unit_test(ambiguous_times_prove_nothing),
	    unit_test(a_logoff_without_the_end_of_its_logon_session_is_a_hint),
	    unit_test(a_reboot_ends_all_logon_sessions),
	    unit_test(logons_of_people_are_listed_with_their_luids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
