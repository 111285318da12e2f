#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "evidence/snapshot.h"

static struct snapshot *read_fields(const char *fields)
{
	char text[2048];
	snprintf(text, sizeof text, "{\"schema\":\"leaklab.snapshot/1\"%s%s}", *fields ? "," : "",
	    fields);
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), NULL);
	assert_non_null(snapshot);
	return snapshot;
}

static struct snapshot *merged(const char *one, const char *two)
{
	struct snapshot *snapshot = read_fields(one), *other = read_fields(two);
	struct error error = {0};
	bool good = snapshot_merge(snapshot, other, false, &error);
	if (!good)
		print_error("%s\n", error.text);
	assert_true(good);
	snapshot_destroy(other);
	return snapshot;
}

static void assert_contradiction(const char *one, const char *two, const char *why)
{
	struct snapshot *snapshot = merged(one, two);
	assert_int_equal(snapshot->contradiction_total, 1);
	assert_contains(snapshot->contradictions[0].text, why);
	snapshot_destroy(snapshot);
}

static void what_one_observer_sees_is_in_sight(void **state)
{
	(void)state;
	struct snapshot *snapshot = merged("\"sessions\":[{\"id\":2,\"user\":\"lab01\"}]",
	    "\"handles\":[{\"pid\":4,\"value\":8,\"luid\":\"1\"}]");
	assert_true(snapshot_has(snapshot, "sessions"));
	assert_true(snapshot_has(snapshot, "handles"));
	assert_false(snapshot_has(snapshot, "logon_sessions"));
	assert_int_equal(snapshot->session_count, 1);
	assert_int_equal(snapshot->handle_count, 1);
	snapshot_destroy(snapshot);
}

static struct snapshot *merged_at_once(const char *one, const char *two)
{
	struct snapshot *snapshot = read_fields(one), *other = read_fields(two);
	assert_true(snapshot_merge(snapshot, other, true, NULL));
	snapshot_destroy(other);
	return snapshot;
}

static void whole_lists_of_one_moment_have_the_same_sessions(void **state)
{
	(void)state;
	static const char two[] = "\"sessions\":[{\"id\":0},{\"id\":2,\"user\":\"lab01\"}]";
	struct snapshot *snapshot = merged_at_once("\"sessions\":[{\"id\":0}]", two);
	assert_int_equal(snapshot->contradiction_total, 1);
	assert_contains(snapshot->contradictions[0].text, "session 2 is listed by one observer");
	snapshot_destroy(snapshot);
	snapshot = merged_at_once(
	    two, "\"sessions_partial\":true,\"sessions\":[{\"id\":3,\"user\":\"lab02\"}]");
	assert_int_equal(snapshot->contradiction_total, 1);
	assert_contains(snapshot->contradictions[0].text, "session 3");
	snapshot_destroy(snapshot);
	snapshot = merged_at_once(two, "\"sessions_cut\":true,\"sessions\":[{\"id\":0}]");
	assert_int_equal(snapshot->contradiction_total, 0);
	assert_int_equal(snapshot_extent(snapshot, SECTION_SESSIONS), EXTENT_WHOLE);
	snapshot_destroy(snapshot);
}

static void whose_session_it_is_may_be_disputed(void **state)
{
	(void)state;
	struct snapshot *snapshot = merged_at_once("\"sessions\":[{\"id\":2,\"user\":\"lab01\"}]",
	    "\"sessions\":[{\"id\":2,\"user\":\"lab02\"}]");
	assert_true(snapshot->sessions[0].disputed);
	snapshot_destroy(snapshot);
	snapshot = merged_at_once("\"sessions\":[{\"id\":2,\"user\":\"lab01\"}]",
	    "\"sessions\":[{\"id\":2,\"user\":\"LAB01\"}]");
	assert_false(snapshot->sessions[0].disputed);
	snapshot_destroy(snapshot);
}

static void states_that_differ_are_no_contradiction(void **state)
{
	(void)state;
	static const char active[] =
	    "\"sessions\":[{\"id\":3,\"user\":\"lab01\",\"state\":\"Active\"}]";
	struct snapshot *snapshot = merged_at_once(
	    active, "\"sessions\":[{\"id\":3,\"user\":\"lab01\",\"state\":\"Disc\"}]");
	assert_int_equal(snapshot->contradiction_total, 0);
	assert_false(snapshot->sessions[0].disputed);
	assert_string_equal(snapshot->sessions[0].state, "Active");
	snapshot_destroy(snapshot);
	snapshot = merged_at_once(active, "\"sessions\":[{\"id\":3,\"user\":\"lab01\"}]");
	assert_int_equal(snapshot->contradiction_total, 0);
	snapshot_destroy(snapshot);
	snapshot = merged(active, "\"sessions\":[{\"id\":3,\"state\":\"Disc\"}]");
	snapshot_destroy(snapshot);
}

static void records_of_one_thing_become_one(void **state)
{
	(void)state;
	struct snapshot *snapshot = merged("\"logon_sessions\":[{\"luid\":\"2\",\"user\":\"LAB01\"}"
	                                   ",{\"luid\":\"1\",\"user\":\"lab02\"}]",
	    "\"logon_sessions\":[{\"luid\":\"2\",\"user\":\"lab01\",\"session_id\":7},{\"luid\":"
	    "\"3\"}]");
	assert_int_equal(snapshot->logon_session_count, 3);
	assert_int_equal(snapshot->logon_sessions[1].luid, 2);
	assert_int_equal(snapshot->logon_sessions[1].session_id, 7);
	snapshot_destroy(snapshot);
}

static void handles_without_a_value_are_never_taken_for_one(void **state)
{
	(void)state;
	struct snapshot *snapshot = merged("\"handles\":[{\"pid\":4},{\"pid\":4,\"value\":8}]",
	    "\"handles\":[{\"pid\":4},{\"pid\":4,\"value\":8,\"luid\":\"1\"}]");
	assert_int_equal(snapshot->handle_count, 3);
	snapshot_destroy(snapshot);
}

static void contradictions_are_noted_and_what_was_first_stays(void **state)
{
	(void)state;
	assert_contradiction(
	    "\"host\":\"rds01\"", "\"host\":\"rds02\"", "two hosts, rds01 and rds02");
	assert_contradiction("\"boot_time\":\"2026-11-21T06:00:00Z\"",
	    "\"boot_time\":\"2026-11-21T07:00:00Z\"", "two boot times");
	assert_contradiction("\"sessions\":[{\"id\":2,\"user\":\"a\"}]",
	    "\"sessions\":[{\"id\":2,\"user\":\"b\"}]",
	    "session 2 belongs to a for one observer, to b for another");
	assert_contradiction("\"logon_sessions\":[{\"luid\":\"f\",\"user\":\"a\"}]",
	    "\"logon_sessions\":[{\"luid\":\"f\",\"user\":\"b\"}]",
	    "00000000:0000000f belongs to a");
}

static void what_a_source_could_not_look_into_stays_so_beside_one_that_sees_none_of_it(void **state)
{
	(void)state;
	struct snapshot *snapshot = merged("\"handles\":[{\"pid\":4}],\"unavailable\":[{\"what\":"
	                                   "\"handles.luid\",\"why\":\"access denied\"}]",
	    "\"sessions\":[{\"id\":0}]");
	assert_string_equal(snapshot_why_not_whole(snapshot, "handles.luid"), "access denied");
	snapshot_destroy(snapshot);
}

static void a_short_and_a_long_host_name_are_one_host(void **state)
{
	(void)state;
	struct snapshot *snapshot = merged("\"host\":\"RDS01\"", "\"host\":\"rds01.lab.example\"");
	assert_string_equal(snapshot->host, "RDS01");
	snapshot_destroy(snapshot);
}

static void the_observer_of_handles_says_whether_rights_were_missing(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    merged("\"elevated\":false", "\"elevated\":true,\"handles\":[]");
	assert_int_equal(snapshot->elevated, YES);
	snapshot_destroy(snapshot);
	snapshot = merged("\"elevated\":false,\"handles\":[]", "\"elevated\":true");
	assert_int_equal(snapshot->elevated, NO);
	snapshot_destroy(snapshot);
}

static struct snapshot *read_sight(const char *elevated, const char *fields)
{
	char text[1024];
	snprintf(text, sizeof text, "{\"schema\":\"leaklab.snapshot/2\"%s,%s}", elevated, fields);
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), NULL);
	assert_non_null(snapshot);
	return snapshot;
}

/* Of three observers, merged in this order: one without rights, a text that does not say, and one of processes. */
static struct snapshot *merged_in_order(const int order[3])
{
	static const char *const elevated[] = {",\"elevated\":false", "", ",\"elevated\":true"};
	static const char *const fields[] = {
	    "\"sessions\":[{\"id\":0}],\"logon_sessions\":[{\"luid\":\"3e7\"}],"
	    "\"sight\":[{\"section\":\"sessions\",\"extent\":\"whole\"},"
	    "{\"section\":\"logon_sessions\",\"extent\":\"whole\"}]",
	    "\"handles\":[{\"pid\":4}],"
	    "\"sight\":[{\"section\":\"handles\",\"extent\":\"whole\"}]",
	    "\"processes\":[{\"pid\":4}],"
	    "\"sight\":[{\"section\":\"processes\",\"extent\":\"whole\"}]"};
	struct snapshot *all = NULL;
	for (int i = 0; i < 3; i++) {
		struct snapshot *one = read_sight(elevated[order[i]], fields[order[i]]);
		if (!all) {
			all = one;
			continue;
		}
		assert_true(snapshot_merge(all, one, true, NULL));
		snapshot_destroy(one);
	}
	return all;
}

static void what_was_seen_without_rights_is_never_whole_in_any_order(void **state)
{
	(void)state;
	static const int orders[][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		struct snapshot *snapshot = merged_in_order(orders[i]);
		assert_false(snapshot_whole(snapshot, SECTION_SESSIONS));
		assert_false(snapshot_whole(snapshot, SECTION_LOGON_SESSIONS));
		assert_int_equal(snapshot_extent(snapshot, SECTION_LOGON_SESSIONS), EXTENT_PARTIAL);
		assert_string_equal(snapshot_why_not_whole(snapshot, SECTION_LOGON_SESSIONS),
		    "the observer was not elevated");
		assert_true(snapshot_whole(snapshot, SECTION_HANDLES));
		assert_true(snapshot_whole(snapshot, SECTION_PROCESSES));
		snapshot_destroy(snapshot);
	}
}

static void a_list_of_users_seen_without_rights_is_not_one_of_all_users(void **state)
{
	(void)state;
	static const char quser[] = "\"sessions\":[{\"id\":2,\"user\":\"a\"}],\"sight\":"
	                            "[{\"section\":\"sessions\",\"extent\":\"partial\"}]",
	                  handles[] = "\"handles\":[],\"sight\":"
	                              "[{\"section\":\"handles\",\"extent\":\"whole\"}]";
	for (int swapped = 0; swapped < 2; swapped++) {
		struct snapshot *one = read_sight(",\"elevated\":false", quser);
		struct snapshot *two = read_sight("", handles);
		assert_true(snapshot_merge(swapped ? two : one, swapped ? one : two, true, NULL));
		assert_int_equal(
		    snapshot_extent(swapped ? two : one, SECTION_SESSIONS), EXTENT_CUT_OFF);
		snapshot_destroy(one);
		snapshot_destroy(two);
	}
}

static void one_account_in_two_spellings_is_no_contradiction(void **state)
{
	(void)state;
	static const char *const logons[] = {
	    "{\"luid\":\"3e7\",\"user\":\"RDS01$\",\"domain\":\"LAB\"}",
	    "{\"luid\":\"3e7\",\"user\":\"SYSTEM\",\"domain\":\"NT AUTHORITY\"}"};
	static const char *const sessions[] = {"{\"id\":3,\"user\":\"annamaria.hohenzolle\"}",
	    "{\"id\":3,\"user\":\"annamaria.hohenzollern-x\",\"domain\":\"LAB\"}"};
	for (int first = 0; first < 2; first++) {
		char one[512], two[512];
		snprintf(one, sizeof one, "\"logon_sessions\":[%s],\"sessions\":[%s]",
		    logons[first], sessions[first]);
		snprintf(two, sizeof two, "\"logon_sessions\":[%s],\"sessions\":[%s]",
		    logons[!first], sessions[!first]);
		struct snapshot *snapshot = merged_at_once(one, two);
		assert_int_equal(snapshot->contradiction_total, 0);
		assert_false(snapshot->logon_sessions[0].disputed);
		assert_false(snapshot->sessions[0].disputed);
		assert_string_equal(snapshot->sessions[0].user, "annamaria.hohenzollern-x");
		assert_string_equal(snapshot->sessions[0].domain, "LAB");
		snapshot_destroy(snapshot);
	}
}

static void what_is_whole_has_no_reason_why_it_is_not(void **state)
{
	(void)state;
	static const char absent[] =
	    "\"sight\":[{\"section\":\"sessions\",\"extent\":\"absent\",\"why\":\"no rows\","
	    "\"origin\":\"a.txt\",\"line\":7,\"rows\":0}]",
	                  whole[] = "\"sessions\":[{\"id\":0}],\"sight\":[{\"section\":"
	                            "\"sessions\",\"extent\":\"whole\"}]";
	for (int first = 0; first < 2; first++) {
		struct snapshot *one = read_sight("", first ? whole : absent);
		struct snapshot *two = read_sight("", first ? absent : whole);
		assert_true(snapshot_merge(one, two, true, NULL));
		const struct sight *sight = snapshot_sight_of(one, SECTION_SESSIONS);
		assert_int_equal(sight->extent, EXTENT_WHOLE);
		assert_null(sight->why);
		assert_null(sight->origin);
		assert_int_equal(sight->line, NUMBER_UNKNOWN);
		assert_int_equal(sight->rows, NUMBER_UNKNOWN);
		snapshot_destroy(one);
		snapshot_destroy(two);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(what_one_observer_sees_is_in_sight),
	    unit_test(whole_lists_of_one_moment_have_the_same_sessions),
	    unit_test(whose_session_it_is_may_be_disputed),
	    unit_test(states_that_differ_are_no_contradiction),
	    unit_test(records_of_one_thing_become_one),
	    unit_test(handles_without_a_value_are_never_taken_for_one),
	    unit_test(contradictions_are_noted_and_what_was_first_stays),
	    unit_test(what_a_source_could_not_look_into_stays_so_beside_one_that_sees_none_of_it),
	    unit_test(a_short_and_a_long_host_name_are_one_host),
	    unit_test(the_observer_of_handles_says_whether_rights_were_missing),
	    unit_test(what_was_seen_without_rights_is_never_whole_in_any_order),
	    unit_test(a_list_of_users_seen_without_rights_is_not_one_of_all_users),
	    unit_test(one_account_in_two_spellings_is_no_contradiction),
	    unit_test(what_is_whole_has_no_reason_why_it_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
