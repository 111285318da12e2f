#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 100

/* Process 50 with so many token handles, and 300 others. */
static struct snapshot *snapshot_with(int tokens)
{
	struct snapshot *snapshot = fixture_snapshot();
	for (int i = 0; i < tokens; i++) {
		struct handle *handle = snapshot_add_handle(snapshot);
		assert_non_null(handle);
		handle->pid = 50;
		handle->image = "holder.exe";
		handle->type = "Token";
		handle->user = "lab01";
		handle->domain = "LAB";
		handle->value = 4 * (i + 1);
		handle->luid = 0x3e7;
		handle->session_id = 0;
	}
	struct process *process = snapshot_add_process(snapshot);
	assert_non_null(process);
	process->pid = 50;
	process->image = "holder.exe";
	process->handle_count = 300 + tokens;
	return snapshot;
}

/* A run with a snapshot each fourth cycle, in which process 50 has as many token handles as counts() says, and `left`
 * when the host is quiet. */
static struct verdict *judge_counts(struct fixture *fixture, int (*counts)(int cycle), int left)
{
	fixture_set(fixture, "load.slots", "1");
	fixture_add_cycles(fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4) {
		struct snapshot *snapshot = snapshot_with(counts(cycle));
		fixture_add_logon(snapshot, cycle, 2); /* the one that is logged on */
		fixture_add_round(fixture, cycle, snapshot);
	}
	fixture_add_snapshot(fixture, MARK_AFTER, fixture_snapshot());
	fixture_add_snapshot(fixture, MARK_SETTLED, snapshot_with(left));
	return fixture_judge(fixture);
}

static int rising(int cycle)
{
	return cycle + cycle * 7 % 3;
}

static int sawtooth(int cycle)
{
	return 5 + cycle % 12;
}

static int filling(int cycle)
{
	return cycle < 40 ? cycle : 40 + cycle * 7 % 3;
}

static int wild(int cycle)
{
	return cycle * cycle * 37 % 101;
}

static void handles_that_rise_are_a_leak_even_if_no_session_is_pinned(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 100);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 0);
	assert_reason(verdict, "Token handles of holder.exe (process 50) rise by 1.0");
	assert_reason(verdict, "though no logon session outlives");
	fixture_finish(&fixture, verdict);
}

static void all_handles_are_no_news_when_those_of_one_type_rise_as_fast(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 100);
	for (size_t i = 0; i < verdict->growth_count; i++)
		assert_int_equal(verdict->growths[i].word,
		    verdict->growths[i].totals ? GROWTH_EXPLAINED : GROWTH_LEAK);
	assert_int_equal(verdict->growth_count, 2);
	fixture_finish(&fixture, verdict);
}

static void what_is_released_after_the_load_is_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 0);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->growths[0].word, GROWTH_RELEASED);
	fixture_finish(&fixture, verdict);
}

static void a_sawtooth_is_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, sawtooth, 5);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void a_cache_that_fills_is_a_plateau(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, filling, 41);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "and stay there: a plateau, no leak");
	fixture_finish(&fixture, verdict);
}

static void what_wanders_widely_is_not_decided_and_more_cycles_are_asked_for(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, wild, 60);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(
	    verdict, "rose from 0 to 60, but not more steadily than a count that only wanders");
	assert_reason(verdict, "more cycles to tell");
	fixture_finish(&fixture, verdict);
}

#define EACH 3 /* reconnects a cycle */

/* lsm.exe with so many handles, which are of no type that is seen. */
static struct snapshot *snapshot_of_lsm(int handles)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = snapshot_add_process(snapshot);
	assert_non_null(process);
	process->pid = 60;
	process->image = "lsm.exe";
	process->handle_count = 231 + handles;
	return snapshot;
}

/* So many of the cycle's reconnects are made before its sample is taken, and the others after it. */
static void add_reconnects(struct fixture *fixture, int cycle, int made)
{
	for (int i = 1; i <= EACH; i++) {
		const int64_t time = fixture_logon(cycle) + (i <= made ? -SECOND / 2 : i * SECOND);
		const struct reconnect reconnect = {.cycle = cycle,
		    .number = i,
		    .started = time,
		    .logged_on = time,
		    .session_id = 2};
		assert_true(runfile_add_reconnect(fixture->runfile, &reconnect, NULL));
	}
}

/* A sample in each third cycle. */
static struct verdict *judge_reconnects(
    struct fixture *fixture, int ages, int (*counts)(int cycle, int made))
{
	fixture_set(fixture, "load.slots", "1");
	fixture_add_cycles(fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(fixture, MARK_BEFORE, snapshot_of_lsm(0));
	for (int cycle = 1; cycle <= CYCLES; cycle++) {
		const int made = cycle * 7 % 11 % ages;
		add_reconnects(fixture, cycle, made);
		if (cycle % 3 != 0)
			continue;
		struct snapshot *snapshot = snapshot_of_lsm(counts(cycle, made));
		fixture_add_logon(snapshot, cycle, 2);
		fixture_add_round(fixture, cycle, snapshot);
	}
	fixture_add_snapshot(fixture, MARK_AFTER, fixture_snapshot());
	fixture_add_snapshot(fixture, MARK_SETTLED, snapshot_of_lsm(counts(CYCLES, EACH)));
	return fixture_judge(fixture);
}

static int one_a_reconnect(int cycle, int made)
{
	return EACH * (cycle - 1) + made;
}

static int three_a_cycle(int cycle, int made)
{
	(void)made;
	return EACH * cycle;
}

static void handles_that_rise_with_the_reconnects_are_their_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_reconnects(&fixture, EACH + 1, one_a_reconnect);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->growths[0].per, PER_RECONNECT);
	assert_int_equal(verdict->reconnects, EACH * CYCLES);
	assert_reason(verdict, "handles of lsm.exe (process 60) rise by 1.0");
	assert_reason(verdict, " a reconnect (");
	assert_reason(verdict, "a cycle of 3 reconnects: they leak with the reconnects");
	fixture_finish(&fixture, verdict);
}

/* Cycles of uneven length, each with its reconnects at even times. */
static int64_t uneven_start(int cycle)
{
	return RUN_START + (10 * cycle + cycle * cycle * 7 % 9) * SECOND;
}

static void add_uneven_cycle(struct fixture *fixture, int number)
{
	struct cycle cycle = fixture_cycle(number, 2, CYCLE_LOGGED_OFF);
	const int64_t length = uneven_start(number + 1) - uneven_start(number);
	cycle.scheduled = cycle.started = cycle.logged_on = uneven_start(number);
	cycle.ended = cycle.started + length - 1;
	fixture_put_cycle(fixture, &cycle);
	for (int i = 1; i <= EACH; i++) {
		const int64_t time = cycle.started + i * length / (EACH + 1);
		const struct reconnect reconnect = {.cycle = number,
		    .number = i,
		    .started = time,
		    .logged_on = time,
		    .session_id = 2};
		assert_true(runfile_add_reconnect(fixture->runfile, &reconnect, NULL));
	}
}

/* As what an agent or a monitor leaks: reconnects are steps of time, finer ones than logons are. */
static void handles_that_rise_with_time_are_not_judged(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_lsm(0));
	for (int cycle = 1; cycle <= CYCLES; cycle++) {
		add_uneven_cycle(&fixture, cycle);
		if (cycle % 3 != 0)
			continue;
		const int64_t after = uneven_start(cycle + 1) - uneven_start(cycle),
		              time = uneven_start(cycle) + after * (cycle * 5 % 7) / 7;
		struct snapshot *snapshot = snapshot_of_lsm((int)((time - RUN_START) / SECOND));
		fixture_add_logon(snapshot, cycle, 2);
		snapshot->logon_sessions[0].logon_time = uneven_start(cycle);
		fixture_add_round_at(&fixture, cycle, snapshot, time);
	}
	fixture_add_snapshot(&fixture, MARK_AFTER, fixture_snapshot());
	fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot_of_lsm(10 * CYCLES + 20));
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->growths[0].per, PER_TIME);
	assert_reason(verdict,
	    ", with time rather than with logons or reconnects: a separate leak, "
	    "which is not judged here");
	fixture_finish(&fixture, verdict);
}

static void handles_that_rise_with_the_cycles_are_not_named_by_the_reconnect(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_reconnects(&fixture, EACH + 1, three_a_cycle);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->growths[0].per, PER_CYCLE);
	assert_reason(
	    verdict, "rise by 3.00 a cycle (95 % interval 3.00 to 3.00): a separate leak");
	fixture_finish(&fixture, verdict);
}

static void samples_that_do_not_tell_reconnects_from_cycles_forbid_clean(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_reconnects(&fixture, 1, one_a_reconnect);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->growths[0].per, PER_EITHER);
	assert_reason(
	    verdict, "whether with the reconnects, and so by a leak of theirs, does not show");
	for (size_t i = 0; i < verdict->reasons.count; i++)
		assert_null(strstr(verdict->reasons.items[i], "not judged here"));
	fixture_finish(&fixture, verdict);
}

#define ACCOUNTS 20

/* Account 3 leaves a handle at each of its logons, and all others together at none. */
static void what_grows_for_one_account_is_found_among_many(void **state)
{
	(void)state;
	static char names[ACCOUNTS][8];
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	for (int i = 0; i < ACCOUNTS; i++)
		snprintf(names[i], sizeof names[i], "lab%02d", i);
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int number = 1; number <= 20 * ACCOUNTS; number++) {
		struct cycle cycle = fixture_cycle(number, 2, CYCLE_LOGGED_OFF);
		cycle.user = names[number % ACCOUNTS];
		fixture_put_cycle(&fixture, &cycle);
	}
	for (int cycle = 5; cycle <= 20 * ACCOUNTS; cycle += 5) {
		struct snapshot *snapshot = fixture_snapshot();
		for (int i = 0; i < cycle / ACCOUNTS; i++) {
			fixture_add_handle(snapshot, "holder.exe", 50, i);
			snapshot->handles[i].user = names[3];
			snapshot->handles[i].domain = "LAB";
			snapshot->handles[i].luid = 0x3e7;
		}
		if (cycle < 20 * ACCOUNTS) {
			fixture_add_logon(snapshot, cycle, 2);
			snapshot->logon_sessions[snapshot->logon_session_count - 1].user =
			    names[cycle % ACCOUNTS];
		}
		if (cycle < 20 * ACCOUNTS)
			fixture_add_round(&fixture, cycle, snapshot);
		else
			fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_reason(verdict, "Token handles of holder.exe (process 50) for lab03 rise by ");
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void where_two_observers_look_the_one_that_sees_handles_counts(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4) {
		struct snapshot *sessions = fixture_snapshot();
		assert_true(snapshot_see(sessions, "handles", EXTENT_ABSENT, "qwinsta has none"));
		assert_true(snapshot_see(sessions, "processes", EXTENT_ABSENT, "qwinsta has none"));
		fixture_add_logon(sessions, cycle, 2);
		fixture_add_round(&fixture, cycle, sessions);
		fixture_add_round(&fixture, cycle, snapshot_with(rising(cycle)));
		fixture_add_round(&fixture, cycle, snapshot_with(rising(cycle)));
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot_with(100));
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict, "Token handles of holder.exe (process 50) rise by 1.0");
	fixture_finish(&fixture, verdict);
}

static void a_look_without_rights_is_not_counted_as_one_that_saw_no_handles(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 2; cycle < CYCLES; cycle += 2) {
		struct snapshot *snapshot = snapshot_with(cycle % 6 ? rising(cycle) : 0);
		snapshot->elevated = cycle % 6 ? YES : NO;
		fixture_add_logon(snapshot, cycle, 2);
		fixture_add_round(&fixture, cycle, snapshot);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot_with(100));
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->growth_samples, 30);
	fixture_finish(&fixture, verdict);
}

static int starting_late(int cycle)
{
	return cycle < 84 ? 0 : cycle - 80;
}

static void a_leak_that_begins_late_is_not_called_clean(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, starting_late, 20);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "rose near the end of the run (0 before it, 20 on the quiet host)");
	fixture_finish(&fixture, verdict);
}

static void what_is_left_must_have_been_seen_to_be_a_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4)
		fixture_add_round(&fixture, cycle, snapshot_with(rising(cycle)));
	struct snapshot *settled = fixture_snapshot();
	assert_true(snapshot_see(settled, "handles", EXTENT_ABSENT, "the probe was denied"));
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "how many of them are left on the quiet host was not seen");
	fixture_finish(&fixture, verdict);
}

static int starting_at_the_end(int cycle)
{
	return cycle < 92 ? 0 : 2 * (cycle - 90);
}

static void a_leak_that_begins_at_the_end_is_no_plateau(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, starting_at_the_end, 20);
	assert_reason(verdict, "rose near the end of the run (0 before it, 20 on the quiet host)");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static int full_at_75(int cycle)
{
	return cycle < 75 ? cycle : 75;
}

static void a_cache_that_is_full_near_the_end_is_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, full_at_75, 75);
	assert_reason(verdict, "but ever more slowly, as in a cache that fills: run ");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

/* As 100 (1 - exp(-cycle / 50)). */
static int filling_ever_more_slowly(int cycle)
{
	int count = 0;

	for (int i = 0; i < 4 * cycle; i++)
		count += (20000 - count) / 200;
	return count / 200;
}

static void a_cache_that_fills_ever_more_slowly_is_not_decided(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, filling_ever_more_slowly, 86);
	assert_reason(
	    verdict, "but ever more slowly, as in a cache that fills: run 160 more cycles");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

/* Each of five accounts has its share of the cache. */
static void what_is_not_clear_of_all_accounts_is_not_told_of_each(void **state)
{
	(void)state;
	static const char *const names[] = {"lab01", "lab02", "lab03", "lab04", "lab05"};
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	for (int number = 1; number <= CYCLES; number++) {
		struct cycle cycle = fixture_cycle(number, 2, CYCLE_LOGGED_OFF);
		cycle.user = names[number % 5];
		fixture_put_cycle(&fixture, &cycle);
	}
	for (int cycle = 4; cycle <= CYCLES; cycle += 4) {
		struct snapshot *snapshot = snapshot_with(filling_ever_more_slowly(cycle));
		for (size_t i = 0; i < snapshot->handle_count; i++)
			snapshot->handles[i].user = names[i % 5];
		if (cycle < CYCLES)
			fixture_add_round(&fixture, cycle, snapshot);
		else
			fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	int told = 0;
	for (size_t i = 0; i < verdict->reasons.count; i++)
		told += strstr(verdict->reasons.items[i], "handles of holder.exe") != NULL;
	assert_int_equal(told, 1);
	assert_reason(verdict, "but ever more slowly");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

/* The steps of a coin: 60 at the beginning. */
static int wandering(int cycle)
{
	static const char ups[] = "uududuuuduududduuuduuduuu";
	int count = 60;

	for (int i = 0; i < cycle / 4; i++)
		count += ups[i] == 'u' ? 3 : -3;
	return count;
}

static void what_only_wanders_is_not_decided(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, wandering, 90);
	assert_reason(verdict, "but not more steadily than a count that only wanders up and down");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static void what_is_mostly_released_after_the_load_is_not_decided(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_counts(&fixture, rising, 20);
	assert_reason(verdict,
	    "but many are released when the host is quiet (0 before the run, 96 at its end, then 20)");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

/* So many of the staff are logged on, each with a handle of System that tells no user. */
static void add_staff(struct snapshot *snapshot, int count, bool with_luid)
{
	for (int i = 0; i < count; i++) {
		struct logon_session *logon = snapshot_add_logon_session(snapshot);
		assert_non_null(logon);
		logon->luid = 0x900000u + (unsigned)i;
		logon->user = "staff";
		logon->domain = "CORP";
		logon->logon_type = "RemoteInteractive";
		logon->session_id = 100 + i;
		fixture_add_session(snapshot, 100 + i);
		snapshot->sessions[snapshot->session_count - 1].user = "staff";
		fixture_add_handle(snapshot, "System", 4, 0);
		struct handle *handle = &snapshot->handles[snapshot->handle_count - 1];
		handle->type = "Directory";
		handle->luid = with_luid ? logon->luid : LUID_UNKNOWN;
	}
}

/* A run during which staff log on, one with every second cycle. */
static struct verdict *judge_staff(struct fixture *fixture, bool with_luid)
{
	fixture_set(fixture, "load.slots", "1");
	fixture_add_cycles(fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(fixture, MARK_BEFORE, fixture_snapshot());
	for (int cycle = 4; cycle < CYCLES; cycle += 4) {
		struct snapshot *snapshot = fixture_snapshot();
		fixture_add_logon(snapshot, cycle, 2);
		add_staff(snapshot, cycle / 2, with_luid);
		fixture_add_round(fixture, cycle, snapshot);
	}
	struct snapshot *settled = fixture_snapshot();
	add_staff(settled, CYCLES / 2, with_luid);
	fixture_add_snapshot(fixture, MARK_SETTLED, settled);
	return fixture_judge(fixture);
}

static void what_belongs_to_others_by_its_logon_session_is_not_the_runs(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_staff(&fixture, true);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->growth_count, 0);
	fixture_finish(&fixture, verdict);
}

static void what_may_belong_to_others_who_logged_on_is_not_decided(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct verdict *verdict = judge_staff(&fixture, false);
	assert_reason(verdict,
	    "their owner is unknown, and 50 logon sessions of other users began during the run");
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static void one_other_logon_does_not_explain_a_steady_rise(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	for (int cycle = 0; cycle <= CYCLES; cycle += 4) {
		struct snapshot *snapshot = snapshot_with(cycle);
		snapshot->boot_time = TIMESTAMP_UNKNOWN;
		for (size_t i = 0; i < snapshot->handle_count; i++) {
			snapshot->handles[i].type = "File";
			snapshot->handles[i].user = NULL;
			snapshot->handles[i].luid = LUID_UNKNOWN;
		}
		if (cycle >= CYCLES / 2)
			add_staff(snapshot, 1, false);
		if (cycle > 0 && cycle < CYCLES)
			fixture_add_logon(snapshot, cycle, 2);
		if (cycle == 0)
			fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot);
		else if (cycle == CYCLES)
			fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
		else
			fixture_add_round(&fixture, cycle, snapshot);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_reason(verdict, "File handles of holder.exe (process 50) rise by 1.00 a cycle");
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void each_observer_is_judged_by_what_it_saw_itself(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	for (int cycle = 0; cycle <= CYCLES; cycle += 4) {
		for (int second = 0; second < 2; second++) {
			/* Only the second one looks at the process that leaks. */
			struct snapshot *snapshot =
			    second ? snapshot_with(rising(cycle)) : fixture_snapshot();
			fixture.observer = second ? "handle -p 50" : "handle -p 60";
			if (!second) {
				fixture_add_handle(snapshot, "other.exe", 60, 0);
				fixture_add_logon(snapshot, cycle, 2);
			}
			if (cycle == 0)
				fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot);
			else if (cycle == CYCLES)
				fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
			else
				fixture_add_round(&fixture, cycle, snapshot);
		}
	}
	struct verdict *verdict = fixture_judge(&fixture);
	bool found = false;
	for (size_t i = 0; i < verdict->growth_count; i++)
		found = found ||
		        (verdict->growths[i].word == GROWTH_LEAK && verdict->growths[i].pid == 50);
	assert_true(found);
	fixture_finish(&fixture, verdict);
}

static void handles_of_sessions_that_are_still_there_are_no_leak(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	fixture_add_cycles(&fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	for (int cycle = 0; cycle <= CYCLES; cycle += 4) {
		struct snapshot *snapshot = snapshot_with(cycle);
		for (int i = 1; i <= cycle; i++) {
			fixture_add_logon(snapshot, i, 1 + i);
			fixture_add_session(snapshot, 1 + i);
		}
		if (cycle == 0)
			fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot);
		else if (cycle == CYCLES)
			fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
		else
			fixture_add_round(&fixture, cycle, snapshot);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict,
	    "sessions were left behind, and in them leaks cannot be distinguished from use");
	for (size_t i = 0; i < verdict->reasons.count; i++)
		assert_null(strstr(verdict->reasons.items[i], "would have been seen"));
	fixture_finish(&fixture, verdict);
}

/* As above, and a look while the host settles: 1 shows all, 2 is partial and lacks the process's rows, 3 lacks its rows though whole. */
static struct verdict *judge_settling(struct fixture *fixture, int settling)
{
	fixture_set(fixture, "load.slots", "1");
	fixture_add_cycles(fixture, 1, CYCLES, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(fixture, MARK_BEFORE, snapshot_with(0));
	for (int cycle = 4; cycle < CYCLES; cycle += 4) {
		struct snapshot *snapshot = snapshot_with(wild(cycle));
		fixture_add_logon(snapshot, cycle, 2);
		fixture_add_round(fixture, cycle, snapshot);
	}
	fixture_add_snapshot(fixture, MARK_AFTER, fixture_snapshot());
	if (settling) {
		struct snapshot *snapshot = settling == 1 ? snapshot_with(60) : fixture_snapshot();
		if (settling == 2) {
			assert_true(snapshot_see(
			    snapshot, SECTION_HANDLES, EXTENT_PARTIAL, "some are protected"));
			assert_true(snapshot_see(
			    snapshot, SECTION_PROCESSES, EXTENT_PARTIAL, "some are protected"));
		}
		fixture_add_snapshot(fixture, MARK_SETTLING, snapshot);
	}
	fixture_add_snapshot(fixture, MARK_SETTLED, snapshot_with(60));
	return fixture_judge(fixture);
}

static void count_that_a_sample_lacks_is_not_released(void **state)
{
	(void)state;
	int words[4];
	for (int settling = 0; settling < 4; settling++) {
		struct fixture fixture = fixture_create();
		struct verdict *verdict = judge_settling(&fixture, settling);
		words[settling] = verdict->word;
		fixture_finish(&fixture, verdict);
	}
	assert_int_equal(words[0], VERDICT_INCONCLUSIVE);
	assert_int_equal(words[1], VERDICT_INCONCLUSIVE);
	assert_int_equal(words[2], VERDICT_INCONCLUSIVE);
	assert_int_equal(words[3], VERDICT_INCONCLUSIVE);
}

static void add_hidden_sample(struct fixture *fixture, enum mark mark, int64_t round,
    int64_t second, int64_t cycle, int hidden)
{
	struct snapshot *snapshot = fixture_snapshot();
	for (int i = 0; i < hidden; i++) {
		struct handle *handle = snapshot_add_handle(snapshot);
		handle->pid = 4;
		handle->image = "System";
		handle->type = "Token";
		handle->value = 4 + 4 * i;
	}
	if (mark == MARK_DURING)
		fixture_add_logon(snapshot, cycle, 2); /* the one that is logged on */
	struct capture capture = {.mark = mark,
	    .round = round,
	    .cycle = cycle,
	    .observer = "probe",
	    .command = "probe",
	    .started = RUN_START + second * SECOND,
	    .ended = RUN_START + (second + 1) * SECOND};
	snapshot->time = capture.started;
	assert_true(runfile_add_capture(fixture->runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

static void looks_between_two_loads_are_none_after_the_load(void **state)
{
	(void)state;
	int words[2];
	for (int settled = 0; settled < 2; settled++) {
		struct fixture fixture = fixture_create();
		fixture_set(&fixture, "load.slots", "1");
		fixture_add_cycles(&fixture, 1, 140, 2, CYCLE_LOGGED_OFF);
		add_hidden_sample(&fixture, MARK_BEFORE, 1, 0, 0, 0);
		for (int64_t cycle = 4; cycle <= 100; cycle += 4)
			add_hidden_sample(&fixture, MARK_DURING, cycle / 4, cycle * 10, cycle,
			    (int)(cycle * 7 % 3));
		/* A hundred cycles, and the host had settled, when the run was resumed for 40 more, without samples during those. */
		if (settled)
			add_hidden_sample(&fixture, MARK_SETTLING, 1, 1005, 100, 0);
		add_hidden_sample(&fixture, MARK_AFTER, 1, 1500, 140, 50);
		add_hidden_sample(&fixture, MARK_SETTLING, 2, 1600, 140, 50);
		add_hidden_sample(&fixture, MARK_SETTLED, 1, 1700, 140, 50);
		struct verdict *verdict = fixture_judge(&fixture);
		words[settled] = verdict->word;
		fixture_finish(&fixture, verdict);
	}
	assert_int_equal(words[0], VERDICT_INCONCLUSIVE);
	assert_int_equal(words[1], VERDICT_INCONCLUSIVE);
}

static void hidden_tokens_that_rise_are_doubted_whether_or_not_the_load_was_sampled(void **state)
{
	(void)state;
	for (int during = 0; during < 2; during++) {
		struct fixture fixture = fixture_create();
		fixture_set(&fixture, "load.slots", "1");
		fixture_add_cycles(&fixture, 1, 100, 2, CYCLE_LOGGED_OFF);
		add_hidden_sample(&fixture, MARK_BEFORE, 1, 0, 0, 0);
		if (during)
			add_hidden_sample(&fixture, MARK_DURING, 1, 100, 10, 0);
		add_hidden_sample(&fixture, MARK_AFTER, 1, 1100, 100, 9);
		add_hidden_sample(&fixture, MARK_SETTLING, 1, 1200, 100, 9);
		add_hidden_sample(&fixture, MARK_SETTLED, 1, 1300, 100, 9);
		struct verdict *verdict = fixture_judge(&fixture);
		assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
		fixture_finish(&fixture, verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(count_that_a_sample_lacks_is_not_released),
	    unit_test(looks_between_two_loads_are_none_after_the_load),
	    unit_test(hidden_tokens_that_rise_are_doubted_whether_or_not_the_load_was_sampled),
	    unit_test(handles_that_rise_are_a_leak_even_if_no_session_is_pinned),
	    unit_test(all_handles_are_no_news_when_those_of_one_type_rise_as_fast),
	    unit_test(what_is_released_after_the_load_is_no_leak),
	    unit_test(a_sawtooth_is_no_leak),
	    unit_test(a_cache_that_fills_is_a_plateau),
	    unit_test(handles_that_rise_with_the_reconnects_are_their_leak),
	    unit_test(handles_that_rise_with_time_are_not_judged),
	    unit_test(handles_that_rise_with_the_cycles_are_not_named_by_the_reconnect),
	    unit_test(samples_that_do_not_tell_reconnects_from_cycles_forbid_clean),
	    unit_test(what_wanders_widely_is_not_decided_and_more_cycles_are_asked_for),
	    unit_test(what_grows_for_one_account_is_found_among_many),
	    unit_test(where_two_observers_look_the_one_that_sees_handles_counts),
	    unit_test(a_leak_that_begins_late_is_not_called_clean),
	    unit_test(what_is_left_must_have_been_seen_to_be_a_leak),
	    unit_test(a_look_without_rights_is_not_counted_as_one_that_saw_no_handles),
	    unit_test(a_leak_that_begins_at_the_end_is_no_plateau),
	    unit_test(a_cache_that_is_full_near_the_end_is_no_leak),
	    unit_test(a_cache_that_fills_ever_more_slowly_is_not_decided),
	    unit_test(what_is_not_clear_of_all_accounts_is_not_told_of_each),
	    unit_test(what_only_wanders_is_not_decided),
	    unit_test(what_is_mostly_released_after_the_load_is_not_decided),
	    unit_test(what_belongs_to_others_by_its_logon_session_is_not_the_runs),
	    unit_test(what_may_belong_to_others_who_logged_on_is_not_decided),
	    unit_test(one_other_logon_does_not_explain_a_steady_rise),
	    unit_test(each_observer_is_judged_by_what_it_saw_itself),
	    unit_test(handles_of_sessions_that_are_still_there_are_no_leak),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
