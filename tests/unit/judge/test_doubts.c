#include "tests/unit/unit.h"

#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

/* A run in which each cycle leaks, with one thing changed in its settled snapshot. */
static struct verdict *judge_changed(
    struct fixture *fixture, void (*change)(struct fixture *fixture, struct snapshot *settled))
{
	struct snapshot *settled = fixture_snapshot();
	*fixture = fixture_create();
	for (int64_t i = 1; i <= 40; i++) {
		fixture_add_cycle(fixture, i, 1 + i, CYCLE_LOGGED_OFF);
		fixture_add_logon(settled, i, 1 + i);
	}
	fixture_add_snapshot(fixture, MARK_BEFORE, fixture_snapshot());
	change(fixture, settled);
	fixture_add_snapshot(fixture, MARK_SETTLED, settled);
	return fixture_judge(fixture);
}

static void assert_blocks(
    void (*change)(struct fixture *fixture, struct snapshot *settled), const char *reason)
{
	struct fixture fixture;
	struct verdict *verdict = judge_changed(&fixture, change);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_contains(verdict->reasons.items[0], reason);
	fixture_finish(&fixture, verdict);
}

static void assert_is_leak(void (*change)(struct fixture *fixture, struct snapshot *settled))
{
	struct fixture fixture;
	struct verdict *verdict = judge_changed(&fixture, change);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 40);
	fixture_finish(&fixture, verdict);
}

static void reboot(struct fixture *fixture, struct snapshot *settled)
{
	(void)fixture;
	settled->boot_time += 600 * SECOND;
}

static void update_build(struct fixture *fixture, struct snapshot *settled)
{
	(void)fixture;
	settled->build = "10.0.26100";
}

static void use_another_host(struct fixture *fixture, struct snapshot *settled)
{
	(void)fixture;
	settled->host = "RDS02";
}

static void drop_rights(struct fixture *fixture, struct snapshot *settled)
{
	(void)fixture;
	settled->elevated = NO;
}

static void hide_logon_sessions(struct fixture *fixture, struct snapshot *settled)
{
	(void)fixture;
	snapshot_see(settled, "logon_sessions", EXTENT_ABSENT, "access denied");
}

static void never_settle(struct fixture *fixture, struct snapshot *settled)
{
	(void)settled;
	fixture_set(fixture, "settled", "timeout");
}

static void fail_often(struct fixture *fixture, struct snapshot *settled)
{
	(void)settled;
	for (int64_t i = 41; i <= 60; i++)
		fixture_add_cycle(fixture, i, NUMBER_UNKNOWN, CYCLE_FAILED);
}

static void doubtful_evidence_is_inconclusive(void **state)
{
	(void)state;
	assert_blocks(reboot, "rebooted");
	assert_blocks(use_another_host, "two hosts");
	assert_blocks(hide_logon_sessions, "access denied");
}

static void forget_boot_time(struct fixture *fixture, struct snapshot *settled)
{
	(void)fixture;
	settled->boot_time = TIMESTAMP_UNKNOWN;
}

static void no_other_doubt_revokes_a_proven_leak(void **state)
{
	(void)state;
	assert_is_leak(update_build);
	assert_is_leak(drop_rights);
	assert_is_leak(never_settle);
	assert_is_leak(fail_often);
	assert_is_leak(forget_boot_time);
}

static void without_an_observer_the_ids_alone_are_no_verdict(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	for (int64_t i = 1; i <= 40; i++)
		fixture_add_cycle(&fixture, i, 1 + i, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "add an observer");
	assert_reason(verdict, "session IDs rise by 1.00 a cycle (40 distinct in 40 cycles)");
	fixture_finish(&fixture, verdict);
}

static void a_run_without_a_logon_says_the_first_failure(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_cycle(&fixture, 1, NUMBER_UNKNOWN, CYCLE_FAILED);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(
	    verdict, "no cycle logged on; the first failure was in phase nla: LOGON_FAILURE");
	fixture_finish(&fixture, verdict);
}

/* What `add` puts into a run of 50 cycles that leave nothing behind; it must stand against "clean", and say why. */
static void assert_doubts(struct snapshot *before, struct snapshot *settled,
    void (*add)(struct fixture *fixture), const char *reason)
{
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, before);
	fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
	add(&fixture);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, reason);
	fixture_finish(&fixture, verdict);
}

static void add_nothing(struct fixture *fixture)
{
	(void)fixture;
}

static void add_many_unproven(struct fixture *fixture)
{
	fixture_add_cycles(fixture, 51, 70, NUMBER_UNKNOWN, CYCLE_UNPROVEN);
}

static void fail_more_than_complete(struct fixture *fixture)
{
	fixture_add_cycles(fixture, 51, 101, NUMBER_UNKNOWN, CYCLE_FAILED);
}

static void fail_in_the_environment(struct fixture *fixture)
{
	fixture_set(fixture, "ended-early", "stage program lab ended with status 137");
	fixture_set(fixture, "ended-early.code", "4");
}

static void stop_by_hand(struct fixture *fixture)
{
	fixture_set(fixture, "load.cycles", "400");
	fixture_set(fixture, "interrupted", "yes");
}

static void end_by_duration(struct fixture *fixture)
{
	fixture_set(fixture, "load.cycles", "400");
	fixture_set(fixture, "ended-early", "ended by limits.duration");
	fixture_set(fixture, "ended-early.code", "3");
}

/* As a driver that was killed leaves it. */
static void kill_driver(struct fixture *fixture)
{
	fixture_set(fixture, "load.cycles", "50");
	fixture_set(fixture, "started", "2026-01-01T00:00:00Z");
}

static struct snapshot *snapshot_without_boot_time(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	snapshot->boot_time = TIMESTAMP_UNKNOWN;
	return snapshot;
}

static struct snapshot *snapshot_with_session(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	fixture_add_session(snapshot, 7);
	return snapshot;
}

static void what_may_hide_a_leak_stands_against_clean(void **state)
{
	(void)state;
	assert_doubts(snapshot_with_session(), fixture_snapshot(), add_nothing,
	    "the run's accounts had 1 session before the run");
	assert_doubts(fixture_snapshot(), fixture_snapshot(), add_many_unproven,
	    "20 of 70 cycles are not shown to have logged on (28.6 %; at most 20 % may be)");
	assert_doubts(fixture_snapshot(), fixture_snapshot(), fail_more_than_complete,
	    "51 of 101 cycles failed or were lost (50.5 %; judge.max_failed allows 50 %)");
	assert_doubts(fixture_snapshot(), fixture_snapshot(), fail_in_the_environment,
	    "the target or the environment failed");
}

static void a_run_that_was_cut_short_is_not_clean(void **state)
{
	(void)state;
	assert_doubts(fixture_snapshot(), fixture_snapshot(), stop_by_hand,
	    "stopped by hand after 50 of 400 cycles: what the rest would have shown is not known");
	assert_doubts(fixture_snapshot(), fixture_snapshot(), end_by_duration,
	    "ended by limits.duration after 50 of 400 cycles");
	assert_doubts(fixture_snapshot(), fixture_snapshot(), kill_driver,
	    "not finished (leaklab run was killed, or is still at it) after all 50 cycles, before the run was over");
}

static void a_cut_run_is_judged_by_what_there_is_where_that_is_allowed(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	stop_by_hand(&fixture);
	fixture_set(&fixture, "expect.session_ids", "rising");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict_exit_code(verdict), EXIT_INCONCLUSIVE); /* and not failed */
	verdict_destroy(verdict);
	fixture_set(&fixture, "allow-partial", "yes");
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict, "stopped by hand after 50 of 400 cycles: only these are judged");
	assert_int_equal(verdict_exit_code(verdict), EXIT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void cycles_that_complete_decide_beside_failed_ones(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
	fixture_add_cycles(&fixture, 51, 90, NUMBER_UNKNOWN, CYCLE_FAILED);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict, "40 cycles are left out: 40 failed");
	fixture_finish(&fixture, verdict);
}

static void an_early_end_is_said_and_hides_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 3, 2, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 3, 2);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fail_in_the_environment(&fixture);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict,
	    "stage program lab ended with status 137 after 3 cycles: only these are judged");
	assert_int_equal(verdict_exit_code(verdict), EXIT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void proven_leak_decides_the_exit_code_before_a_target_that_failed(void **state)
{
	(void)state;
	const struct {
		bool leaks, logs_on, ended;
		const char *expected;
		int code;
	} cases[] = {
	    {true, true, true, NULL, EXIT_LEAK},
	    {true, true, true, "LEAK", EXIT_CLEAN},
	    {true, true, true, "CLEAN", EXIT_LEAK},
	    {false, true, true, NULL, EXIT_TARGET},
	    {false, true, true, "CLEAN", EXIT_TARGET},
	    {false, false, false, NULL, EXIT_TARGET}, /* every logon was refused */
	    {false, true, false, NULL, EXIT_CLEAN},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture fixture = fixture_create();
		struct snapshot *settled = fixture_snapshot();
		fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
		fixture_add_cycles(&fixture, 1, 50, cases[i].logs_on ? 2 : NUMBER_UNKNOWN,
		    cases[i].logs_on ? CYCLE_LOGGED_OFF : CYCLE_FAILED);
		if (cases[i].leaks)
			fixture_add_logon(settled, 3, 2);
		fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
		if (cases[i].ended)
			fail_in_the_environment(&fixture);
		if (cases[i].expected)
			fixture_set(&fixture, "expect.verdict", cases[i].expected);
		struct verdict *verdict = fixture_judge(&fixture);
		assert_int_equal(verdict_exit_code(verdict), cases[i].code);
		fixture_finish(&fixture, verdict);
	}
}

static void cycles_without_a_shown_logon_are_no_clean_cycles(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 40, NUMBER_UNKNOWN, CYCLE_UNPROVEN);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->n, 0);
	assert_int_equal(verdict->unshown, 40);
	assert_reason(verdict, "none of 40 cycles is shown to have logged on");
	fixture_finish(&fixture, verdict);
}

static void a_logon_is_shown_by_its_id_its_logon_session_or_its_session(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *after = fixture_snapshot(), *during = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycle(&fixture, 1, 2, CYCLE_UNPROVEN);
	fixture_add_cycle(&fixture, 2, NUMBER_UNKNOWN, CYCLE_UNPROVEN);
	fixture_add_cycle(&fixture, 3, NUMBER_UNKNOWN, CYCLE_UNPROVEN);
	struct cycle other = fixture_cycle(4, NUMBER_UNKNOWN, CYCLE_DISCONNECTED);
	other.user = "lab02";
	fixture_put_cycle(&fixture, &other);
	other.number = 5;
	other.user = "lab03";
	fixture_put_cycle(&fixture, &other);
	fixture_add_logon(after, 2, 2);
	fixture_add_session(during, 8);
	during->sessions[1].user = "LAB02";
	fixture_add_snapshot(&fixture, MARK_AFTER, after);
	fixture_add_snapshot(&fixture, MARK_DURING, during);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, 3);
	assert_int_equal(verdict->unshown, 2);
	assert_reason(verdict, "2 cycles are not counted: not shown to have logged on");
	fixture_finish(&fixture, verdict);
}

static void without_sessions_only_a_proven_logoff_makes_an_orphan(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 40, 2, CYCLE_DISCONNECTED);
	for (int64_t i = 1; i <= 40; i++)
		fixture_add_logon(settled, i, 2);
	snapshot_see(settled, "sessions", EXTENT_ABSENT, "qwinsta is not installed");
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_add_problem(&fixture, MARK_SETTLED, "sessions", "did not end within 5 s");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->k, 0);
	assert_int_equal(verdict->in_use, 40);
	assert_reason(verdict, "40 new logon sessions cannot be distinguished from ones in use");
	assert_reason(verdict, "qwinsta is not installed");
	assert_reason(verdict, "observer sessions: did not end within 5 s");
	verdict_destroy(verdict);
	fixture_add_cycle(&fixture, 40, 2, CYCLE_LOGGED_OFF);
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 1);
	fixture_finish(&fixture, verdict);
}

/* A snapshot without boot time, whose SYSTEM logged on at this time. */
static struct snapshot *snapshot_of_boot(int64_t time)
{
	struct snapshot *snapshot = snapshot_without_boot_time();
	snapshot->logon_sessions[0].logon_time = time;
	return snapshot;
}

static void the_system_s_own_logons_tell_one_boot_from_another(void **state)
{
	(void)state;
	static const struct {
		int64_t later;
		enum verdict_word word;
	} boots[] = {{0, VERDICT_CLEAN}, {60 * SECOND, VERDICT_INCONCLUSIVE}};
	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture = fixture_create();
		fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_boot(BOOT_TIME));
		fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
		fixture_add_snapshot(
		    &fixture, MARK_SETTLED, snapshot_of_boot(BOOT_TIME + boots[i].later));
		struct verdict *verdict = fixture_judge(&fixture);
		assert_int_equal(verdict->word, boots[i].word);
		if (boots[i].word == VERDICT_INCONCLUSIVE)
			assert_reason(verdict, "rebooted");
		fixture_finish(&fixture, verdict);
	}
}

static void a_run_cut_short_is_told_from_one_without_observer(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_reason(verdict, "the run was cut short before the host had settled");
	verdict_destroy(verdict);
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	fixture_set(&fixture, "settled", "interrupted");
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "the run was cut short before the host had settled");
	fixture_finish(&fixture, verdict);
}

static void an_observer_that_failed_is_quoted(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycles(&fixture, 1, 50, 2, CYCLE_LOGGED_OFF);
	fixture_add_problem(&fixture, MARK_SETTLED, "probe", "ssh: connection refused");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_reason(
	    verdict, "there is no sample \"settled\": observer probe: ssh: connection refused");
	fixture_finish(&fixture, verdict);
}

/* Judges one orphan that this image holds, on a host whose holders release within so many seconds. */
static enum verdict_word word_of(const char *image, const char *release)
{
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_cycle(&fixture, 1, 2, CYCLE_LOGGED_OFF);
	fixture_add_logon(settled, 1, 2);
	fixture_add_handle(settled, image, 900, 1);
	fixture_add_handle(settled, "System", 4, 1);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	fixture_set(&fixture, "settle.release", release);
	struct verdict *verdict = fixture_judge(&fixture);
	const enum verdict_word word = verdict->word;
	if (word == VERDICT_INCONCLUSIVE) {
		assert_reason(verdict, "settle longer");
		assert_reason(verdict, "suspect: ");
	}
	fixture_finish(&fixture, verdict);
	return word;
}

/* A run of 60 clean cycles with these snapshots, which must be inconclusive and say why. */
static void assert_doubted(struct snapshot *before, struct snapshot *settled, const char *why)
{
	struct fixture fixture = fixture_create();
	fixture_add_cycles(&fixture, 1, 60, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, before);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, why);
	fixture_finish(&fixture, verdict);
}

static void lists_without_what_every_host_has_are_not_whole(void **state)
{
	(void)state;
	struct snapshot *before = fixture_snapshot();
	struct snapshot *settled = fixture_snapshot();
	settled->logon_sessions[0].luid = 0x4e7;
	assert_doubted(before, settled, "it lacks logon session 00000000:000003e7");
	settled = fixture_snapshot();
	settled->sessions[0].id = 1;
	assert_doubted(
	    fixture_snapshot(), settled, "session 0 is not listed, which every host has");
}

static void new_logon_sessions_of_nobody_known_stand_against_clean(void **state)
{
	(void)state;
	struct snapshot *settled = fixture_snapshot();
	fixture_add_logon(settled, 7, 2);
	settled->logon_sessions[1].user = NULL;
	assert_doubted(fixture_snapshot(), settled, "1 new logon session has no user");
}

static void handles_to_logon_sessions_that_no_list_has_stand_against_clean(void **state)
{
	(void)state;
	struct snapshot *settled = fixture_snapshot();
	fixture_add_handle(settled, "holder.exe", 900, 7);
	assert_doubted(fixture_snapshot(), settled,
	    "1 handle at the mark \"settled\" is for new logon sessions");
}

static void handles_gained_without_a_trend_to_explain_them_stand_against_clean(void **state)
{
	(void)state;
	struct snapshot *settled = fixture_snapshot();
	for (int i = 0; i < 60; i++) {
		fixture_add_handle(settled, "holder.exe", 900, 0);
		settled->handles[i].luid = LUID_UNKNOWN;
	}
	assert_doubted(fixture_snapshot(), settled, "rose from 0 to 60");
}

static void a_session_of_nobody_known_may_be_in_use(void **state)
{
	(void)state;
	struct snapshot *settled = fixture_snapshot();
	fixture_add_logon(settled, 60, 2);
	fixture_add_session(settled, 2);
	settled->sessions[1].user = NULL;
	assert_doubted(fixture_snapshot(), settled, "cannot be distinguished from ones in use");
}

static void session_ids_that_rise_without_orphans_stand_against_clean(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	for (int64_t i = 1; i <= 60; i++)
		fixture_add_cycle(&fixture, i, i + 1, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "though higher ones were, and no sample shows what kept them");
	fixture_finish(&fixture, verdict);
}

static void an_orphan_that_is_younger_than_holders_take_is_no_leak_whoever_holds_it(void **state)
{
	(void)state;
	assert_int_equal(word_of("svchost.exe", "200000"), VERDICT_INCONCLUSIVE);
	assert_int_equal(word_of("leaker.exe", "200000"), VERDICT_INCONCLUSIVE);
	assert_int_equal(word_of("svchost.exe", "1200"), VERDICT_LEAK);
	assert_int_equal(word_of("leaker.exe", "1200"), VERDICT_LEAK);
}

static void a_clock_that_jumped_is_said_and_stands_against_clean(void **state)
{
	static const struct {
		int64_t ahead; /* of the host's clock when it had settled */
		enum verdict_word word;
	} cases[] = {{0, VERDICT_CLEAN}, {3 * SECOND, VERDICT_CLEAN},
	    {60 * SECOND, VERDICT_INCONCLUSIVE}, {-3600 * SECOND, VERDICT_INCONCLUSIVE}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture fixture = fixture_create();
		fixture_add_cycles(&fixture, 1, 60, 2, CYCLE_LOGGED_OFF);
		fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
		fixture_add_snapshot_at(&fixture, MARK_SETTLED, fixture_snapshot(), cases[i].ahead);
		struct verdict *verdict = fixture_judge(&fixture);
		assert_int_equal(verdict->word, cases[i].word);
		if (cases[i].word == VERDICT_INCONCLUSIVE)
			assert_reason(verdict, "the host's clock moved by");
		fixture_finish(&fixture, verdict);
	}
}

static void a_clock_that_jumped_between_two_logons_is_said_with_their_cycles(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	for (int64_t i = 1; i <= 60; i++) {
		struct cycle cycle = fixture_cycle(i, 2, CYCLE_LOGGED_OFF);
		cycle.host_clock_offset = (i > 30 ? 60 : 0) * SECOND + i;
		assert_true(runfile_put_cycle(fixture.runfile, &cycle, NULL));
	}
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_snapshot_at(&fixture, MARK_SETTLED, fixture_snapshot(), 60 * SECOND);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict,
	    "the host's clock moved by 60.0 s against the driver's between the logons of cycles 30 and 31");
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(doubtful_evidence_is_inconclusive),
	    unit_test(no_other_doubt_revokes_a_proven_leak),
	    unit_test(without_an_observer_the_ids_alone_are_no_verdict),
	    unit_test(a_run_without_a_logon_says_the_first_failure),
	    unit_test(what_may_hide_a_leak_stands_against_clean),
	    unit_test(a_run_that_was_cut_short_is_not_clean),
	    unit_test(a_cut_run_is_judged_by_what_there_is_where_that_is_allowed),
	    unit_test(cycles_that_complete_decide_beside_failed_ones),
	    unit_test(an_early_end_is_said_and_hides_no_leak),
	    unit_test(proven_leak_decides_the_exit_code_before_a_target_that_failed),
	    unit_test(cycles_without_a_shown_logon_are_no_clean_cycles),
	    unit_test(a_logon_is_shown_by_its_id_its_logon_session_or_its_session),
	    unit_test(without_sessions_only_a_proven_logoff_makes_an_orphan),
	    unit_test(the_system_s_own_logons_tell_one_boot_from_another),
	    unit_test(a_run_cut_short_is_told_from_one_without_observer),
	    unit_test(an_observer_that_failed_is_quoted),
	    unit_test(an_orphan_that_is_younger_than_holders_take_is_no_leak_whoever_holds_it),
	    unit_test(lists_without_what_every_host_has_are_not_whole),
	    unit_test(new_logon_sessions_of_nobody_known_stand_against_clean),
	    unit_test(handles_to_logon_sessions_that_no_list_has_stand_against_clean),
	    unit_test(handles_gained_without_a_trend_to_explain_them_stand_against_clean),
	    unit_test(a_session_of_nobody_known_may_be_in_use),
	    unit_test(session_ids_that_rise_without_orphans_stand_against_clean),
	    unit_test(a_clock_that_jumped_is_said_and_stands_against_clean),
	    unit_test(a_clock_that_jumped_between_two_logons_is_said_with_their_cycles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
