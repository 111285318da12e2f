#include "tests/unit/unit.h"

#include <stdio.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define COMMANDS 100

/* Commands, one after the other, each ten seconds from its start to its end. */
static void add_commands(struct fixture *fixture, const char *watched)
{
	fixture_set(fixture, "load.slots", "1");
	assert_true(runfile_add_watched(fixture->runfile, watched, NULL, NULL));
	for (int i = 1; i <= COMMANDS; i++) {
		struct cycle cycle = fixture_cycle(i, NUMBER_UNKNOWN, CYCLE_RAN);
		cycle.user = cycle.domain = NULL;
		cycle.logged_on = TIMESTAMP_UNKNOWN;
		fixture_put_cycle(fixture, &cycle);
	}
}

/* The fixture's logon session of cycle `number`, made by a program in somebody's session. */
static void add_logon(struct snapshot *snapshot, int number, const char *user, int64_t session_id)
{
	fixture_add_logon(snapshot, number, session_id);
	struct logon_session *logon = &snapshot->logon_sessions[snapshot->logon_session_count - 1];
	logon->user = user;
	logon->logon_type = "Interactive";
}

static void add_process(struct snapshot *snapshot, int number)
{
	struct process *process = snapshot_add_process(snapshot);
	assert_non_null(process);
	process->pid = 1000 + number;
	process->image = "sandboxed.exe";
	process->session_id = 0;
	process->luid = (uint64_t)(0x1000 + number);
}

/* With a process of known logon session, as where the list of processes tells them. */
static struct snapshot *snapshot_of_workstation(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct session *console = snapshot_add_session(snapshot);
	console->id = 1;
	console->name = "console";
	console->user = "person";
	console->state = "Active";
	struct logon_session *person = snapshot_add_logon_session(snapshot);
	person->luid = 0x500;
	person->user = "person";
	person->domain = "RDS01";
	person->logon_type = "Interactive";
	person->session_id = 1;
	struct process *lsass = snapshot_add_process(snapshot);
	lsass->pid = 84;
	lsass->image = "lsass.exe";
	lsass->session_id = 0;
	lsass->luid = 0x3e7;
	return snapshot;
}

/* What a sample within each tenth command shows: what that one made, up to that of `seen`. */
static void add_rounds(struct fixture *fixture, const char *user, int seen)
{
	for (int number = 5; number <= COMMANDS; number += 10) {
		struct snapshot *snapshot = snapshot_of_workstation();
		if (number <= seen)
			add_logon(snapshot, number, user, 0);
		fixture_add_round(fixture, number, snapshot);
	}
}

static struct verdict *judge_rest(
    struct fixture *fixture, struct snapshot *after, struct snapshot *settled)
{
	fixture_add_snapshot(fixture, MARK_AFTER, after);
	fixture_add_snapshot(fixture, MARK_SETTLED, settled);
	return fixture_judge(fixture);
}

static void finish_inconclusive(
    struct fixture *fixture, struct verdict *verdict, const char *reason)
{
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, reason);
	fixture_finish(fixture, verdict);
}

/* What commands 1 to `left` made is there to the end, in the session with this ID; and a sample within each tenth command shows what that one
 * made. */
static struct verdict *judge_left(
    struct fixture *fixture, const char *user, int left, int64_t session_id, bool runs)
{
	fixture_add_snapshot(fixture, MARK_BEFORE, snapshot_of_workstation());
	for (int number = 5; number <= COMMANDS; number += 10) {
		struct snapshot *snapshot = snapshot_of_workstation();
		for (int i = 1; i <= number; i++)
			if (i <= left || i == number)
				add_logon(snapshot, i, user, session_id);
		fixture_add_round(fixture, number, snapshot);
	}
	for (enum mark mark = MARK_AFTER; mark <= MARK_SETTLED; mark += MARK_SETTLED - MARK_AFTER) {
		struct snapshot *snapshot = snapshot_of_workstation();
		for (int i = 1; i <= left; i++) {
			add_logon(snapshot, i, user, session_id);
			if (runs)
				add_process(snapshot, i);
		}
		fixture_add_snapshot(fixture, mark, snapshot);
	}
	return fixture_judge(fixture);
}

static void what_stays_without_a_process_is_a_leak_in_whosever_session(void **state)
{
	(void)state;
	for (int64_t session_id = 0; session_id <= 1; session_id++) {
		struct fixture fixture = fixture_create();
		add_commands(&fixture, "Sandbox");
		struct verdict *verdict = judge_left(&fixture, "Sandbox", 40, session_id, false);
		assert_int_equal(verdict->word, VERDICT_LEAK);
		assert_int_equal(verdict->k, 40);
		assert_int_equal(verdict->n, COMMANDS);
		assert_int_equal(verdict->commands.cycles_most, 40);
		assert_reason(
		    verdict, "40 of 100 commands left logon sessions of the watched accounts");
		assert_reason(
		    verdict, "40 logon sessions stay: 0 to 1 a command, 0.40 on the average");
		fixture_finish(&fixture, verdict);
	}
}

static void what_a_live_process_runs_in_is_none(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	struct verdict *verdict = judge_left(&fixture, "Sandbox", 40, 0, true);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 0);
	fixture_finish(&fixture, verdict);
}

static void what_each_command_uses_while_it_runs_is_none(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	struct verdict *verdict = judge_left(&fixture, "Sandbox", 0, 1, false);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(
	    verdict, "none of 100 commands left a logon session of the watched accounts behind");
	fixture_finish(&fixture, verdict);
}

static void those_of_other_accounts_are_neither_a_leak_nor_clean(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	struct verdict *verdict = judge_left(&fixture, "Other", 40, 1, false);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->k, 0);
	assert_reason(verdict, "no sample shows a new logon session of Sandbox");
	fixture_finish(&fixture, verdict);
}

static void command_without_an_end_hides_no_leak(void **state)
{
	(void)state;
	static const enum cycle_result results[] = {CYCLE_RUNNING, CYCLE_LOST};
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct fixture fixture = fixture_create();
		add_commands(&fixture, "Sandbox");
		struct cycle cycle = fixture_cycle(1, NUMBER_UNKNOWN, results[i]);
		cycle.user = cycle.domain = NULL;
		cycle.logged_on = cycle.ended = TIMESTAMP_UNKNOWN;
		fixture_put_cycle(&fixture, &cycle);
		struct verdict *verdict = judge_left(&fixture, "Sandbox", 40, 0, false);
		assert_int_not_equal(verdict->word, VERDICT_CLEAN);
		assert_reason(verdict, "of a command that may have made them the end is not known");
		fixture_finish(&fixture, verdict);
	}
}

static void logon_after_the_load_is_none_of_the_commands(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_workstation());
	add_rounds(&fixture, "Sandbox", 0);
	struct snapshot *after = snapshot_of_workstation();
	add_logon(after, COMMANDS + 10, "Sandbox", 0);
	finish_inconclusive(&fixture, judge_rest(&fixture, after, snapshot_of_workstation()),
	    "no sample shows a new logon session of Sandbox");
}

static void one_sight_does_not_stand_for_all_commands(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_workstation());
	add_rounds(&fixture, "Sandbox", 5);
	finish_inconclusive(&fixture,
	    judge_rest(&fixture, snapshot_of_workstation(), snapshot_of_workstation()),
	    "only 1 of 10 samples that were taken while a command ran");
}

static void account_that_is_not_watched_and_stays_is_named(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_workstation());
	add_rounds(&fixture, "Sandbox", COMMANDS);
	struct snapshot *after = snapshot_of_workstation(), *settled = snapshot_of_workstation();
	for (int i = 1; i <= COMMANDS; i++) {
		add_logon(after, COMMANDS + i, "Other", 0);
		after->logon_sessions[after->logon_session_count - 1].logon_time = fixture_logon(i);
		add_logon(settled, COMMANDS + i, "Other", 0);
		settled->logon_sessions[settled->logon_session_count - 1].logon_time =
		    fixture_logon(i);
	}
	finish_inconclusive(&fixture, judge_rest(&fixture, after, settled),
	    "100 logon sessions of accounts that are not watched, such as Other, were made while commands ran");
}

static void commands_that_overlap_make_the_rate_a_range(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	for (int i = 1; i <= COMMANDS; i++) {
		struct cycle cycle = fixture_cycle(i, NUMBER_UNKNOWN, CYCLE_RAN);
		cycle.user = cycle.domain = NULL;
		cycle.logged_on = TIMESTAMP_UNKNOWN;
		cycle.ended += 10 * SECOND; /* into the next one */
		fixture_put_cycle(&fixture, &cycle);
	}
	struct verdict *verdict = judge_left(&fixture, "Sandbox", 40, 0, false);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_true(verdict->k < 40);
	assert_int_equal(verdict->commands.cycles_most, 40);
	assert_reason(verdict, "as commands overlap, of 100 commands");
	assert_reason(verdict, "40 logon sessions stay");
	fixture_finish(&fixture, verdict);
}

/* A logon that no sample meets, told by the Security log. */
static void events_show_who_logged_on_and_how_often(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_workstation());
	for (int number = 5; number <= COMMANDS; number += 10)
		fixture_add_round(&fixture, number, snapshot_of_workstation());
	fixture_add_snapshot(&fixture, MARK_AFTER, snapshot_of_workstation());
	struct snapshot *snapshot = snapshot_of_workstation();
	for (int i = 0; i <= COMMANDS + 1;
	     i++) { /* the first and the last are none of the load's */
		struct log_event *event = snapshot_add_event(snapshot);
		assert_non_null(event);
		event->number = 4624;
		event->log = "Security";
		event->logged = fixture_logon(i) + SECOND;
		event->user = "Sandbox";
		event->domain = "RDS01";
		event->luid = (uint64_t)(0x1000 + i);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, snapshot);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->commands.made, COMMANDS);
	assert_reason(verdict, "events 4624 show at least 100 logons of the watched accounts");
	fixture_finish(&fixture, verdict);
}

/* Each leaves one, which is old enough in the third sample. */
static void a_leak_of_commands_is_decided_while_they_run(void **state)
{
	(void)state;
	bool leaks;
	struct fixture fixture = fixture_create();
	add_commands(&fixture, "Sandbox");
	fixture_set(&fixture, "settle.release", "10s");
	fixture_add_snapshot(&fixture, MARK_BEFORE, snapshot_of_workstation());
	for (int number = 5; number <= 15; number += 5) {
		struct snapshot *snapshot = snapshot_of_workstation();
		for (int i = 1; i <= number; i++)
			add_logon(snapshot, i, "Sandbox", 0);
		fixture_add_round(&fixture, number, snapshot);
		assert_true(judge_decided(fixture.runfile, &leaks, NULL));
		assert_int_equal(leaks, number == 15);
	}
	fixture_finish(&fixture, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(what_stays_without_a_process_is_a_leak_in_whosever_session),
	    unit_test(what_a_live_process_runs_in_is_none),
	    unit_test(what_each_command_uses_while_it_runs_is_none),
	    unit_test(those_of_other_accounts_are_neither_a_leak_nor_clean),
	    unit_test(command_without_an_end_hides_no_leak),
	    unit_test(logon_after_the_load_is_none_of_the_commands),
	    unit_test(one_sight_does_not_stand_for_all_commands),
	    unit_test(account_that_is_not_watched_and_stays_is_named),
	    unit_test(commands_that_overlap_make_the_rate_a_range),
	    unit_test(a_leak_of_commands_is_decided_while_they_run),
	    unit_test(events_show_who_logged_on_and_how_often),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
