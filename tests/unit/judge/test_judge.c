#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "judge/verdict.h"
#include "report/report.h"
#include "tests/unit/judge/fixture.h"

/* A run of n cycles; of each `every`-th the logon session lives on, held by leaker.exe (0: of none). */
static struct fixture a_run(int64_t n, int64_t every)
{
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	int64_t id = 2;
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= n; i++) {
		fixture_add_cycle(&fixture, i, id, CYCLE_LOGGED_OFF);
		if (every && i % every == 0) {
			fixture_add_logon(settled, i, id++);
			fixture_add_handle(settled, "leaker.exe", 5124, i);
			fixture_add_handle(settled, "lsass.exe", 700, i);
			fixture_add_handle(settled, "System", 4, i);
		}
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	return fixture;
}

static void a_leak_in_every_cycle_is_found_with_its_culprit(void **state)
{
	(void)state;
	struct fixture fixture = a_run(40, 1);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 40);
	assert_int_equal(verdict->n, 40);
	assert_reason(verdict, "40 of 40 logon sessions outlived their RDS session (rate 100 %, 95 "
	                       "% interval 91.2 % to "
	                       "100 %)");
	assert_reason(verdict,
	    "their session IDs stay taken: IDs rise by 1.00 a cycle (40 distinct in 40 cycles)");
	assert_reason(verdict, "leaker.exe (process 5124) holds 40 of them");
	assert_string_equal(verdict->culprits[0].image, "leaker.exe");
	assert_false(verdict->culprits[0].follower);
	assert_true(verdict->culprits[1].follower);
	assert_true(verdict->culprits[2].follower);
	assert_int_equal(verdict->unattributed, 0);
	assert_int_equal(verdict->ids.pinned, 39);
	assert_int_equal(verdict_exit_code(verdict), EXIT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void a_leak_in_every_tenth_cycle_is_found(void **state)
{
	(void)state;
	struct fixture fixture = a_run(40, 10);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 4);
	fixture_finish(&fixture, verdict);
}

static void a_short_run_can_find_a_leak(void **state)
{
	(void)state;
	struct fixture fixture = a_run(3, 1);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void a_run_without_orphans_is_clean(void **state)
{
	(void)state;
	struct fixture fixture = a_run(44, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict, "none of 44 cycles");
	assert_reason(verdict, "session IDs are reused (1 distinct in 44 cycles)");
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void a_run_too_short_to_be_clean_says_how_many_cycles_are_missing(void **state)
{
	(void)state;
	struct fixture fixture = a_run(43, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "run 1 more");
	assert_int_equal(verdict_exit_code(verdict), EXIT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
	fixture = a_run(43, 0);
	fixture_set(&fixture, "judge.smallest_rate", "0.5");
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void kernel_references_are_a_finding_of_their_own(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 10; i++) {
		fixture_add_cycle(&fixture, i, 1 + i, CYCLE_LOGGED_OFF);
		fixture_add_logon(settled, i, 1 + i);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_set(&fixture, "expect.unattributed", "all");
	fixture_set(&fixture, "expect.culprit", "none");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->unattributed, 10);
	assert_reason(verdict,
	    "no holder is visible for 10 of them: handle viewers do not show kernel references");
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void system_and_lsass_are_culprits_when_nobody_else_holds(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 5; i++) {
		fixture_add_cycle(&fixture, i, 1 + i, CYCLE_LOGGED_OFF);
		fixture_add_logon(settled, i, 1 + i);
		fixture_add_handle(settled, "lsass.exe", 700, i);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_false(verdict->culprits[0].follower);
	assert_int_equal(verdict->followers_only, 5);
	fixture_finish(&fixture, verdict);
}

static void a_session_still_listed_is_left_and_no_orphan(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 40; i++)
		fixture_add_cycle(&fixture, i, 2, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 40, 2);
	struct session *session = snapshot_add_session(settled);
	session->id = 2;
	session->user = "lab01";
	session->state = "Disc";
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->k, 0);
	assert_int_equal(verdict->unmatched, 0);
	assert_int_equal(verdict->sessions_left, 1);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "left behind");
	fixture_finish(&fixture, verdict);
}

static void observers_of_sessions_alone_show_sessions_left(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *before = fixture_snapshot(), *settled = fixture_snapshot();
	snapshot_see(before, "logon_sessions", EXTENT_ABSENT, "no such thing on this system");
	snapshot_see(settled, "logon_sessions", EXTENT_ABSENT, "no such thing on this system");
	for (int64_t i = 1; i <= 3; i++) {
		fixture_add_cycle(&fixture, i, NUMBER_UNKNOWN, CYCLE_DISCONNECTED);
		struct session *session = snapshot_add_session(settled);
		session->id = 10 + i;
		session->user = "lab01";
	}
	fixture_add_snapshot(&fixture, MARK_BEFORE, before);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_set(&fixture, "expect.sessions_left", "all");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->sessions_left, 3);
	assert_false(verdict->orphans_known);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "no such thing on this system");
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void orphans_right_after_logoff_are_told_from_settled_ones(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *after = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 60; i++) {
		fixture_add_cycle(&fixture, i, 2, CYCLE_LOGGED_OFF);
		if (i > 19)
			fixture_add_logon(after, i, 2);
	}
	fixture_add_snapshot(&fixture, MARK_AFTER, after);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	fixture_set(&fixture, "expect.orphans_after", "some");
	fixture_set(&fixture, "expect.verdict", "CLEAN");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict, "right after logoff they were 41 of 60, after settling 0");
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void only_cycles_of_the_load_count(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_cycles(&fixture, 1, 60, 2, CYCLE_LOGGED_OFF);
	for (int64_t number = 61; number <= 70; number++) {
		struct cycle cycle = fixture_cycle(number, 3, CYCLE_FAILED);
		cycle.kind = number < 66 ? CYCLE_PREFLIGHT : CYCLE_VERIFICATION;
		fixture_put_cycle(&fixture, &cycle);
	}
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 60);
	assert_int_equal(verdict->cycles[CYCLE_FAILED], 0);
	assert_int_equal(verdict->ids.cycles, 60);
	fixture_finish(&fixture, verdict);
}

static void failed_and_lost_cycles_are_left_out(void **state)
{
	(void)state;
	struct fixture fixture = a_run(40, 1);
	fixture_add_cycle(&fixture, 41, NUMBER_UNKNOWN, CYCLE_FAILED);
	fixture_add_cycle(&fixture, 42, 42, CYCLE_LOST);
	fixture_add_cycle(&fixture, 43, NUMBER_UNKNOWN, CYCLE_RUNNING);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 40);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "3 cycles are left out: 1 failed, 1 lost, 1 not finished");
	fixture_finish(&fixture, verdict);
}

static void cycle_that_joins_the_session_of_a_lost_one_is_left_out(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	/* Each leaks, but for those that join a session: each logon session is of the lost cycle before. */
	for (int64_t i = 1; i <= 60; i++) {
		const bool lost = i % 10 == 4, joins = i % 10 == 5;
		fixture_add_cycle(
		    &fixture, i, joins ? i + 1 : i + 2, lost ? CYCLE_LOST : CYCLE_LOGGED_OFF);
		if (!joins)
			fixture_add_logon(settled, i, i + 2);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 48);
	assert_int_equal(verdict->k, 48);
	assert_int_equal(verdict->rejoined, 6);
	assert_reason(
	    verdict, "6 cycles are left out: each joined the session that a lost cycle had left");
	fixture_finish(&fixture, verdict);
}

/* The session of the lost cycle ended by itself, and its ID was the lowest free one. */
static void cycle_that_was_given_the_free_id_of_a_lost_one_counts(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 60; i++)
		fixture_add_cycle(&fixture, i, 2, i % 10 == 4 ? CYCLE_LOST : CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 54);
	assert_int_equal(verdict->rejoined, 0);
	fixture_finish(&fixture, verdict);
}

/* As before MS16-111: IDs come back although logon sessions live on, so that the same ID is no same session. */
static void cycle_with_the_id_of_a_lost_one_counts_where_ids_come_back(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= 60; i++) {
		fixture_add_cycle(&fixture, i, 2, i % 10 == 4 ? CYCLE_LOST : CYCLE_LOGGED_OFF);
		if (i % 10 == 4 || i % 10 == 8)
			fixture_add_logon(settled, i, 2);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 54);
	assert_int_equal(verdict->k, 6);
	fixture_finish(&fixture, verdict);
}

static void cycles_that_others_were_played_for_are_no_failures(void **state)
{
	(void)state;
	struct fixture fixture = a_run(40, 1);
	for (int64_t i = 41; i <= 60; i++) {
		struct cycle lost = fixture_cycle(i, NUMBER_UNKNOWN, CYCLE_LOST);
		lost.code = RUNFILE_DRIVER_LOST;
		fixture_put_cycle(&fixture, &lost);
	}
	fixture_set(&fixture, "expect.failed", "0");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 40);
	assert_int_equal(verdict_failures(verdict), 0);
	assert_int_equal(verdict_exit_code(verdict), EXIT_CLEAN);
	assert_reason(verdict, "20 cycles are left out: 0 failed, 20 lost, 0 not finished");
	fixture_finish(&fixture, verdict);
}

static void handles_out_of_sight_hide_culprits_but_not_the_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycle(&fixture, 1, 2, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 1, 2);
	snapshot_see(settled, "handles", EXTENT_ABSENT, "handle is not installed");
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_set(&fixture, "expect.culprit", "leaker.exe");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "who holds them is unknown");
	assert_int_equal(verdict_exit_code(verdict), EXIT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static void the_json_has_the_promised_shape(void **state)
{
	(void)state;
	struct fixture fixture = a_run(40, 1);
	fixture_set(&fixture, "expect.verdict", "LEAK");
	struct verdict *verdict = fixture_judge(&fixture);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_true(report_verdict("json", verdict, out, NULL));
	fclose(out);
	json_t *root = json_loads(text, 0, NULL);
	const char *schema, *word, *image;
	int k, n, cycles, handles, logon_sessions, follower, left, logged_off, unattributed, met;
	double rate, low, high, growth, visible;
	json_t *after;
	assert_int_equal(
	    json_unpack(root,
	        "{s:s,s:s,s:{s:i,s:i,s:F,s:[F,F],s:o},s:{s:i,s:F},s:F,s:{s:i},s:{s:i},s:[{s:s,s:i,"
	        "s:i,s:b},{},{}],"
	        "s:{s:i},s:[{s:b}]}",
	        "schema", &schema, "verdict", &word, "orphans", "k", &k, "n", &n, "rate", &rate,
	        "ci95", &low, &high, "after_k", &after, "session_ids", "cycles", &cycles,
	        "growth_per_cycle", &growth, "smallest_visible_rate", &visible, "sessions_left",
	        "k", &left, "cycles", "logged-off", &logged_off, "culprits", "image", &image,
	        "handles", &handles, "logon_sessions", &logon_sessions, "follower", &follower,
	        "unattributed", "logon_sessions", &unattributed, "expectations", "met", &met),
	    0);
	assert_string_equal(schema, "leaklab.verdict/1");
	assert_string_equal(word, "LEAK");
	assert_int_equal(k, 40);
	assert_true(json_is_null(after));
	assert_string_equal(image, "leaker.exe");
	assert_int_equal(handles, 40);
	assert_true(met);
	json_decref(root);
	free(text);
	fixture_finish(&fixture, verdict);
}

static void the_text_is_eighty_columns_wide(void **state)
{
	(void)state;
	struct fixture fixture = a_run(40, 1);
	fixture_set(&fixture, "expect.session_ids", "reused");
	struct verdict *verdict = fixture_judge(&fixture);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_true(report_verdict("text", verdict, out, NULL));
	fclose(out);
	assert_contains(text, "verdict: LEAK\n");
	assert_contains(text, "session_ids  reused    NOT met  ");
	assert_contains(text, "leaker.exe     5124       40              40            0\n");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 80);
	free(text);
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_leak_in_every_cycle_is_found_with_its_culprit),
	    unit_test(a_leak_in_every_tenth_cycle_is_found),
	    unit_test(a_short_run_can_find_a_leak),
	    unit_test(a_run_without_orphans_is_clean),
	    unit_test(a_run_too_short_to_be_clean_says_how_many_cycles_are_missing),
	    unit_test(kernel_references_are_a_finding_of_their_own),
	    unit_test(system_and_lsass_are_culprits_when_nobody_else_holds),
	    unit_test(a_session_still_listed_is_left_and_no_orphan),
	    unit_test(observers_of_sessions_alone_show_sessions_left),
	    unit_test(orphans_right_after_logoff_are_told_from_settled_ones),
	    unit_test(only_cycles_of_the_load_count),
	    unit_test(failed_and_lost_cycles_are_left_out),
	    unit_test(cycle_that_joins_the_session_of_a_lost_one_is_left_out),
	    unit_test(cycle_that_was_given_the_free_id_of_a_lost_one_counts),
	    unit_test(cycle_with_the_id_of_a_lost_one_counts_where_ids_come_back),
	    unit_test(cycles_that_others_were_played_for_are_no_failures),
	    unit_test(handles_out_of_sight_hide_culprits_but_not_the_leak),
	    unit_test(the_json_has_the_promised_shape),
	    unit_test(the_text_is_eighty_columns_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
