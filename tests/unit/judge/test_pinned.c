/* Session IDs of a run, on hosts that behave as Windows does: whose they are, how long they have been free, and who holds them. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 100
#define PERIOD 30 /* seconds from one logon to the next; a session is there for 25 */
#define SETTLED 5000
#define AGENT 140

/* A run of a host of which samples are taken at any second. */
struct run {
	struct fixture fixture;
	int64_t ids[CYCLES]; /* the session ID that each cycle is given */
	int64_t rounds[5];   /* so far, by mark */
};

static int64_t start_of(int64_t cycle)
{
	return 10 + cycle * PERIOD;
}

static struct run *run_create(void)
{
	struct run *run = calloc(1, sizeof *run);
	assert_non_null(run);
	run->fixture = fixture_create();
	fixture_set(&run->fixture, "settle.release", "1200");
	for (int i = 0; i < CYCLES; i++)
		run->ids[i] = 2;
	return run;
}

/* Every `every`-th cycle leaks and so keeps its ID. */
static void leak_every(struct run *run, int every)
{
	int64_t id = 2;
	for (int i = 0; i < CYCLES; i++) {
		run->ids[i] = id;
		id += i % every == every - 1;
	}
}

static void add_cycle(struct run *run, int64_t at, enum cycle_result result)
{
	struct cycle cycle = fixture_cycle(at + 1, run->ids[at], result);
	cycle.scheduled = cycle.started = RUN_START + start_of(at) * SECOND;
	cycle.logged_on = cycle.started + SECOND;
	cycle.ended = cycle.started + 25 * SECOND;
	fixture_put_cycle(&run->fixture, &cycle);
}

static void add_cycles(struct run *run, enum cycle_result result)
{
	for (int64_t i = 0; i < CYCLES; i++)
		add_cycle(run, i, result);
}

/* The session of the cycle that is logged on at that second, if any. */
static struct snapshot *look(const struct run *run, int64_t second)
{
	struct snapshot *snapshot = fixture_snapshot();
	const int64_t at = second < 10 ? -1 : (second - 10) / PERIOD;
	struct process *agent = snapshot_add_process(snapshot);
	agent->pid = AGENT;
	agent->image = "agent.exe";
	agent->session_id = 0;
	agent->start_time = BOOT_TIME;
	if (at >= 0 && at < CYCLES && (second - 10) % PERIOD < 25) {
		fixture_add_session(snapshot, run->ids[at]);
		fixture_add_logon(snapshot, at + 1, run->ids[at]);
		snapshot->logon_sessions[snapshot->logon_session_count - 1].logon_time =
		    RUN_START + (start_of(at) + 1) * SECOND;
	}
	return snapshot;
}

/* winlogon's token of a session: of SYSTEM, stamped with its ID. */
static void add_token(struct snapshot *snapshot, int64_t pid, int64_t value, int64_t session_id)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	handle->pid = pid;
	handle->image = pid == AGENT ? "agent.exe" : "svchost.exe";
	handle->type = "Token";
	handle->value = value;
	handle->token_id = 9000 + value;
	handle->luid = 0x3e7;
	handle->session_id = session_id;
}

/* agent.exe keeps a token of each cycle that had ended by then and whose ID the next one was not given. */
static void add_leaks(struct snapshot *snapshot, const struct run *run, int64_t second)
{
	for (int64_t i = 0; i < CYCLES && start_of(i) + 2 < second; i++) {
		if (i + 1 == CYCLES ? run->ids[i] > 2 : run->ids[i + 1] != run->ids[i])
			add_token(snapshot, AGENT, 4 + 4 * i, run->ids[i]);
	}
}

static void add_sample_within(
    struct run *run, enum mark mark, int64_t second, int64_t seconds, struct snapshot *snapshot)
{
	struct capture capture = {.mark = mark,
	    .round = ++run->rounds[mark],
	    .cycle = second < 10 ? 0 : (second - 10) / PERIOD,
	    .observer = "probe",
	    .command = "probe",
	    .started = RUN_START + second * SECOND,
	    .ended = RUN_START + (second + seconds) * SECOND};
	snapshot->time = capture.started;
	assert_true(runfile_add_capture(run->fixture.runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

static void add_sample(struct run *run, enum mark mark, int64_t second, struct snapshot *snapshot)
{
	add_sample_within(run, mark, second, 1, snapshot);
}

static struct snapshot *look_with_leaks(const struct run *run, int64_t second)
{
	struct snapshot *snapshot = look(run, second);
	add_leaks(snapshot, run, second);
	return snapshot;
}

/* Before the run and ten times during the load. */
static void add_load(struct run *run)
{
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 85; second < 3000; second += 300)
		add_sample(run, MARK_DURING, second, look_with_leaks(run, second));
}

/* From the end of the load until the host has settled. */
static void add_rest(struct run *run)
{
	add_sample(run, MARK_AFTER, 3020, look_with_leaks(run, 3020));
	for (int64_t second = 3100; second < SETTLED; second += 200)
		add_sample(run, MARK_SETTLING, second, look_with_leaks(run, second));
	add_sample(run, MARK_SETTLED, SETTLED, look_with_leaks(run, SETTLED));
}

static struct verdict *judge(struct run *run)
{
	return fixture_judge(&run->fixture);
}

static void run_finish(struct run *run, struct verdict *verdict)
{
	fixture_finish(&run->fixture, verdict);
	free(run);
}

static void ids_that_a_token_of_winlogon_keeps_are_pinned(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_load(run);
	add_rest(run);
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->pinned_k, 10);
	assert_reason(verdict, "agent.exe (process 140) holds 10 of them");
	run_finish(run, verdict);
}

static void sample_in_which_sessions_change_does_not_prove_that_ids_come_back(void **state)
{
	(void)state;
	/* Its list of sessions is older than its handles: the 50th cycle's session has begun in between. */
	struct run *run = run_create();
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_load(run);
	struct snapshot *snapshot = look(run, start_of(49) - 1);
	add_leaks(snapshot, run, start_of(49) + 8);
	add_sample_within(run, MARK_DURING, start_of(49) - 1, 15, snapshot);
	add_rest(run);
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->pinned_k, 10);
	run_finish(run, verdict);
}

static void service_that_moves_its_own_token_does_not_excuse_what_others_keep(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 85; second < 3000; second += 300) {
		/* SetTokenInformation(TokenSessionId): one handle, in one session after the other. */
		struct snapshot *snapshot = look_with_leaks(run, second);
		add_token(snapshot, 92, 8, second == 1585 ? 7 : 0);
		add_sample(run, MARK_DURING, second, snapshot);
	}
	add_sample(run, MARK_AFTER, 3020, look_with_leaks(run, 3020));
	for (int64_t second = 3100; second < SETTLED + 200; second += 200) {
		struct snapshot *snapshot = look_with_leaks(run, second);
		add_token(snapshot, 92, 8, 7);
		add_sample(run, second < SETTLED ? MARK_SETTLING : MARK_SETTLED, second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	run_finish(run, verdict);
}

static void id_that_somebody_else_had_until_just_now_is_young(void **state)
{
	(void)state;
	/* The first cycle's ID is an admin's from then on, who logs off just before the end. */
	struct run *run = run_create();
	for (int i = 1; i < CYCLES; i++)
		run->ids[i] = 3;
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 55; second < SETTLED - 30; second += 300) {
		struct snapshot *snapshot = look(run, second);
		struct session *session = snapshot_add_session(snapshot);
		session->id = 2;
		session->user = "admin";
		add_sample(run, second < 3000 ? MARK_DURING : MARK_SETTLING, second, snapshot);
	}
	for (int64_t second = SETTLED - 20; second <= SETTLED; second += 10) {
		struct snapshot *snapshot = look(run, second);
		add_token(snapshot, 92, 8, 2);
		add_sample(run, second < SETTLED ? MARK_SETTLING : MARK_SETTLED, second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->pinned_ids, 0);
	assert_reason(verdict, "session ID 2 is in no session list");
	run_finish(run, verdict);
}

static void token_that_came_later_is_not_left_over(void **state)
{
	(void)state;
	struct run *run = run_create();
	for (int i = 5; i < CYCLES; i++)
		run->ids[i] = 3;
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 55; second < SETTLED; second += 300)
		add_sample(
		    run, second < 3000 ? MARK_DURING : MARK_SETTLING, second, look(run, second));
	struct snapshot *settled = look(run, SETTLED);
	add_token(settled, AGENT, 8, 2);
	add_sample(run, MARK_SETTLED, SETTLED, settled);
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	run_finish(run, verdict);
}

static void ids_of_cycles_whose_logoff_is_not_proven_are_watched(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 50);
	add_cycles(run, CYCLE_UNPROVEN);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	add_rest(run);
	struct verdict *verdict = judge(run);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict, "agent.exe (process 140) holds 2");
	run_finish(run, verdict);
}

static void ids_that_came_free_as_their_holder_ended_after_long_are_a_leak(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_load(run);
	add_sample(run, MARK_AFTER, 3020, look_with_leaks(run, 3020));
	for (int64_t second = 3100; second < SETTLED + 200; second += 200) {
		const bool ended = second > 4000;
		struct snapshot *snapshot =
		    ended ? look(run, second) : look_with_leaks(run, second);
		if (ended)
			snapshot->processes[1].start_time = RUN_START + 4000 * SECOND;
		add_sample(run, second < SETTLED ? MARK_SETTLING : MARK_SETTLED, second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_reason(verdict,
	    "agent.exe (process 140) held 10 session IDs and ended, and they went only then");
	run_finish(run, verdict);
}

static void ids_that_rise_are_not_explained_by_one_late_holder(void **state)
{
	(void)state;
	/* Who keeps the IDs is not seen; of the last cycle a logon session is still there right after logoff. */
	struct run *run = run_create();
	leak_every(run, 1);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 85; second < 3000; second += 300)
		add_sample(run, MARK_DURING, second, look(run, second));
	struct snapshot *after = look(run, 3020);
	fixture_add_logon(after, CYCLES, run->ids[CYCLES - 1]);
	add_sample(run, MARK_AFTER, 3020, after);
	for (int64_t second = 3100; second < SETTLED; second += 200)
		add_sample(run, MARK_SETTLING, second, look(run, second));
	add_sample(run, MARK_SETTLED, SETTLED, look(run, SETTLED));
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "session IDs were given to no later cycle (such as ");
	run_finish(run, verdict);
}

static void switch_of_the_host_alone_excuses_nothing(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 55; second < SETTLED + 200; second += 300) {
		struct snapshot *snapshot = look_with_leaks(run, second);
		snapshot->tokens_keep_ids = NO;
		add_sample(run,
		    second < 3000      ? MARK_DURING
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "SeTokenDoesNotTrackSessionObject");
	run_finish(run, verdict);
}

/* An exited process that svchost.exe keeps, of which only the ID is known. */
static void add_exited(struct snapshot *snapshot, int64_t pid, const char *image, int64_t target)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	handle->pid = pid;
	handle->image = image;
	handle->type = "Process";
	handle->value = target;
	handle->target_pid = target;
	handle->target_exited = YES;
}

static void exited_processes_of_unknown_sessions_matter_if_they_rise(void **state)
{
	(void)state;
	for (int rising = 0; rising < 2; rising++) {
		struct run *run = run_create();
		add_cycles(run, CYCLE_LOGGED_OFF);
		for (int64_t second = 0; second < SETTLED + 200; second += 200) {
			struct snapshot *snapshot = look(run, second);
			for (int64_t i = 0; i < (rising ? second / 200 : 1); i++)
				add_exited(snapshot, 92, "svchost.exe", 7000 + i);
			add_sample(run,
			    second == 0        ? MARK_BEFORE
			    : second < 3000    ? MARK_DURING
			    : second < SETTLED ? MARK_SETTLING
			                       : MARK_SETTLED,
			    second, snapshot);
		}
		struct verdict *verdict = judge(run);
		assert_int_equal(verdict->word, rising ? VERDICT_INCONCLUSIVE : VERDICT_CLEAN);
		if (rising)
			assert_reason(verdict, "handles to exited processes");
		run_finish(run, verdict);
	}
}

/* A hundred orphans that only lsass.exe is seen to hold, and of MsMpEng.exe token handles that could not be looked into. */
static struct verdict *judge_hidden(struct run *run, int64_t pid_before, int64_t before,
    int64_t pid, int64_t settled, bool handles_before)
{
	leak_every(run, 1);
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int last = 0; last < 2; last++) {
		struct snapshot *snapshot = look(run, last ? SETTLED : 0);
		for (int64_t i = 0; last && i < CYCLES; i++) {
			fixture_add_logon(snapshot, i + 1, run->ids[i]);
			snapshot->logon_sessions[snapshot->logon_session_count - 1].logon_time =
			    RUN_START + (start_of(i) + 1) * SECOND;
			fixture_add_handle(snapshot, "lsass.exe", 84, i + 1);
		}
		for (int64_t i = 0; i < (last ? settled : before); i++) {
			struct handle *handle = snapshot_add_handle(snapshot);
			handle->pid = last ? pid : pid_before;
			handle->image = "MsMpEng.exe";
			handle->type = "Token";
			handle->value = 4 + 4 * i;
		}
		if (!last && !handles_before)
			assert_true(
			    snapshot_see(snapshot, SECTION_HANDLES, EXTENT_ABSENT, "no rights"));
		add_sample(run, last ? MARK_SETTLED : MARK_BEFORE, last ? SETTLED : 0, snapshot);
	}
	return judge(run);
}

static bool has_reason(const struct verdict *verdict, const char *part)
{
	for (size_t i = 0; i < verdict->reasons.count; i++) {
		if (strstr(verdict->reasons.items[i], part))
			return true;
	}
	return false;
}

static void only_what_rose_is_said_to_rise(void **state)
{
	(void)state;
	struct run *run = run_create();
	struct verdict *verdict = judge_hidden(run, 500, 3, 500, 103, true);
	assert_reason(verdict,
	    "MsMpEng.exe (process 500): 100 token handles that could not be looked into rise with the orphans");
	run_finish(run, verdict);
	/* It was started again, and has as many as before. */
	run = run_create();
	verdict = judge_hidden(run, 500, 100, 501, 100, true);
	assert_false(has_reason(verdict, "MsMpEng"));
	run_finish(run, verdict);
	run = run_create();
	verdict = judge_hidden(run, 500, 0, 500, 100, false);
	assert_false(has_reason(verdict, "rise with"));
	assert_reason(verdict, "how many there were before is not known");
	run_finish(run, verdict);
}

static void expected_culprit_is_who_is_said_to_be_it(void **state)
{
	(void)state;
	struct run *run = run_create();
	fixture_set(&run->fixture, "expect.culprit", "MsMpEng.exe");
	struct verdict *verdict = judge_hidden(run, 500, 3, 500, 103, true);
	assert_int_equal(verdict->expectations[0].met, MET);
	run_finish(run, verdict);
	/* One handle explains no hundred orphans. */
	run = run_create();
	fixture_set(&run->fixture, "expect.culprit", "lsass.exe");
	verdict = judge_hidden(run, 500, 3, 500, 4, true);
	assert_int_equal(verdict->expectations[0].met, MET);
	assert_false(has_reason(verdict, "MsMpEng"));
	run_finish(run, verdict);
	run = run_create();
	fixture_set(&run->fixture, "expect.culprit", "agent.exe");
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_load(run);
	add_rest(run);
	verdict = judge(run);
	assert_int_equal(verdict->expectations[0].met, MET);
	assert_string_equal(verdict->expectations[0].seen, "agent.exe, with 10 of 10");
	run_finish(run, verdict);
}

/* A sample at which agent.exe, which is another process from second 4000 on, holds what leaked before. */
static struct snapshot *look_before_restart(const struct run *run, int64_t second)
{
	struct snapshot *snapshot =
	    second > 4000 ? look(run, second) : look_with_leaks(run, second);
	if (second > 4000)
		snapshot->processes[1].start_time = RUN_START + 4000 * SECOND;
	return snapshot;
}

static void restart_is_seen_though_a_sample_does_not_show_everything(void **state)
{
	(void)state;
	static const char *const sections[] = {
	    SECTION_PROCESSES, SECTION_HANDLES, SECTION_SESSIONS};
	for (size_t lost = 0; lost < 3; lost++) {
		for (int64_t at = 3900; at <= 4100; at += 200) {
			struct run *run = run_create();
			leak_every(run, 10);
			add_cycles(run, CYCLE_LOGGED_OFF);
			add_load(run);
			add_sample(run, MARK_AFTER, 3020, look_with_leaks(run, 3020));
			for (int64_t second = 3100; second < SETTLED + 200; second += 200) {
				struct snapshot *snapshot = look_before_restart(run, second);
				if (second == at && lost == 0)
					snapshot->process_count = 0;
				if (second == at && lost == 1)
					snapshot->handle_count = 0;
				if (second == at)
					assert_true(snapshot_see(
					    snapshot, sections[lost], EXTENT_ABSENT, "lost"));
				add_sample(run, second < SETTLED ? MARK_SETTLING : MARK_SETTLED,
				    second, snapshot);
			}
			struct verdict *verdict = judge(run);
			assert_int_equal(verdict->word, VERDICT_LEAK);
			assert_reason(
			    verdict, "agent.exe (process 140) held 10 session IDs and ended");
			run_finish(run, verdict);
		}
	}
}

static void holder_of_a_moment_takes_nothing_along(void **state)
{
	(void)state;
	/* svchost.exe has a token of session 3 until second 4000; another process had one for a moment, and has ended. */
	struct run *run = run_create();
	for (int i = 90; i < CYCLES; i++)
		run->ids[i] = 3;
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_load(run);
	for (int64_t second = 3020; second <= SETTLED; second += 180) {
		struct snapshot *snapshot = look(run, second);
		struct process *process = snapshot_add_process(snapshot);
		process->pid = 92;
		process->image = "svchost.exe";
		process->session_id = 0;
		if (second < 4000)
			add_token(snapshot, 92, 8, 3);
		if (second == 3020) {
			process = snapshot_add_process(snapshot);
			process->pid = 93;
			process->image = "WmiPrvSE.exe";
			process->session_id = 0;
			add_token(snapshot, 93, 8, 3);
		}
		add_sample(run,
		    second == 3020      ? MARK_AFTER
		    : second == SETTLED ? MARK_SETTLED
		                        : MARK_SETTLING,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	run_finish(run, verdict);
}

static void late_holders_of_ids_explain_that_they_rose(void **state)
{
	(void)state;
	/* Each ID is kept by svchost.exe's token until second 4000. */
	struct run *run = run_create();
	leak_every(run, 1);
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_load(run);
	for (int64_t second = 3020; second <= SETTLED; second += 180)
		add_sample(run,
		    second == 3020      ? MARK_AFTER
		    : second == SETTLED ? MARK_SETTLED
		                        : MARK_SETTLING,
		    second, second < 4000 ? look_with_leaks(run, second) : look(run, second));
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	run_finish(run, verdict);
}

static void process_id_that_was_used_again_pins_nothing(void **state)
{
	(void)state;
	/* winlogon.exe of session 2 was process 5000 once, and agent.exe keeps another one with that ID, which has exited. */
	struct run *run = run_create();
	for (int i = 50; i < CYCLES; i++)
		run->ids[i] = 3;
	add_cycles(run, CYCLE_LOGGED_OFF);
	add_sample(run, MARK_BEFORE, 0, look(run, 0));
	for (int64_t second = 85; second < SETTLED; second += 300) {
		struct snapshot *snapshot = look(run, second);
		if (second == 85) {
			struct process *process = snapshot_add_process(snapshot);
			process->pid = 5000;
			process->image = "winlogon.exe";
			process->session_id = 2;
			process->luid = 0x3e7;
		} else {
			add_exited(snapshot, AGENT, "agent.exe", 5000);
		}
		add_sample(run, second < 3000 ? MARK_DURING : MARK_SETTLING, second, snapshot);
	}
	struct snapshot *settled = look(run, SETTLED);
	add_exited(settled, AGENT, "agent.exe", 5000);
	add_sample(run, MARK_SETTLED, SETTLED, settled);
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->pinned_ids, 0);
	assert_reason(verdict, "they may be what keeps it");
	run_finish(run, verdict);
}

static void orphan_that_is_older_than_the_run_hides_no_pinned_id(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 50);
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int64_t second = 0; second < SETTLED + 200; second += 200) {
		struct snapshot *snapshot = look_with_leaks(run, second);
		struct logon_session *logon = snapshot_add_logon_session(snapshot);
		logon->luid = 0x500;
		logon->user = "bob";
		logon->domain = "LAB";
		logon->logon_type = "RemoteInteractive";
		logon->session_id = 2;
		logon->logon_time = RUN_START - 1000 * SECOND;
		add_sample(run,
		    second == 0        ? MARK_BEFORE
		    : second < 3000    ? MARK_DURING
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->older, 1);
	assert_reason(verdict, "agent.exe (process 140) holds");
	run_finish(run, verdict);
}

static void session_that_is_still_going_has_its_id_still(void **state)
{
	(void)state;
	/* Of a host whose tokens keep nothing, two IDs in turn; agent.exe has tokens of the last two sessions. */
	struct run *run = run_create();
	for (int i = 0; i < CYCLES; i++)
		run->ids[i] = 2 + i % 2;
	for (int64_t i = 0; i < CYCLES; i++) {
		struct cycle cycle = fixture_cycle(i + 1, run->ids[i], CYCLE_LOGGED_OFF);
		cycle.scheduled = cycle.started = RUN_START + start_of(i) * SECOND;
		cycle.logged_on = cycle.started + SECOND;
		cycle.ended = cycle.started + (PERIOD - 1) * SECOND;
		fixture_put_cycle(&run->fixture, &cycle);
	}
	for (int64_t second = 0; second < SETTLED + 200; second += second ? 200 : 3020) {
		struct snapshot *snapshot = look(run, second);
		for (int64_t id = 2; second && id < 4; id++)
			add_token(snapshot, AGENT, 4 * id, id);
		add_sample(run,
		    second == 0        ? MARK_BEFORE
		    : second == 3020   ? MARK_AFTER
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	run_finish(run, verdict);
}

static void ids_that_are_skipped_are_doubted_whatever_the_slots(void **state)
{
	(void)state;
	for (int damaged = 0; damaged < 2; damaged++) {
		struct run *run = run_create();
		leak_every(run, damaged ? 1 : 50);
		add_cycles(run, CYCLE_LOGGED_OFF);
		struct cycle first = fixture_cycle(1, run->ids[0], CYCLE_LOGGED_OFF);
		first.slot = damaged ? INT64_MAX : 0;
		first.started = first.scheduled = RUN_START + 10 * SECOND;
		first.logged_on = first.started + SECOND;
		first.ended = first.started + 25 * SECOND;
		fixture_put_cycle(&run->fixture, &first);
		for (int64_t second = 0; second < SETTLED + 200; second += 200) {
			struct snapshot *snapshot = look(run, second);
			/* One handle more that nobody can look into. */
			for (int64_t i = 0; !damaged && second >= 1600 && i < 1; i++) {
				struct handle *handle = snapshot_add_handle(snapshot);
				handle->pid = AGENT;
				handle->image = "agent.exe";
				handle->type = "Token";
				handle->value = 4;
			}
			add_sample(run,
			    second == 0        ? MARK_BEFORE
			    : second < 3000    ? MARK_DURING
			    : second < SETTLED ? MARK_SETTLING
			                       : MARK_SETTLED,
			    second, snapshot);
		}
		struct verdict *verdict = judge(run);
		assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
		assert_reason(verdict, "given to no later cycle");
		run_finish(run, verdict);
	}
}

static void ids_that_others_had_meanwhile_are_not_skipped(void **state)
{
	(void)state;
	/* The first cycle's ID is an admin's from then on, who logs off as the host settles. */
	struct run *run = run_create();
	for (int i = 1; i < CYCLES; i++)
		run->ids[i] = 3;
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int64_t second = 0; second < SETTLED + 200; second += 200) {
		struct snapshot *snapshot = look(run, second);
		if (second > 100 && second < 4000) {
			struct session *session = snapshot_add_session(snapshot);
			session->id = 2;
			session->user = "admin";
		}
		add_sample(run,
		    second == 0        ? MARK_BEFORE
		    : second < 3000    ? MARK_DURING
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->skipped.skipped + verdict->skipped.unshown, 0);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	run_finish(run, verdict);
}

/* Tokens that svchost.exe has of each session for some time after its end. */
static void add_transients(struct snapshot *snapshot, const struct run *run, int64_t second,
    int64_t seconds, int64_t count)
{
	for (int64_t i = 0; i < CYCLES; i++) {
		const int64_t ended = start_of(i) + 25;
		for (int64_t j = 0; second >= ended && second < ended + seconds && j < count; j++)
			add_token(snapshot, 92, 100000 + 100 * i + j, run->ids[i]);
	}
}

static void what_was_seen_to_go_explains_no_id_that_stays(void **state)
{
	(void)state;
	/* svchost.exe has a token of each session for 400 seconds, and something out of sight keeps each ID for ever. */
	struct run *run = run_create();
	leak_every(run, 1);
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int64_t second = 0; second < SETTLED + 200; second += 200) {
		struct snapshot *snapshot = look(run, second);
		add_transients(snapshot, run, second, 400, 1);
		add_sample(run,
		    second == 0        ? MARK_BEFORE
		    : second < 3000    ? MARK_DURING
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "something that was not seen may keep them");
	run_finish(run, verdict);
}

static void leak_is_seen_among_many_tokens_that_come_and_go(void **state)
{
	(void)state;
	struct run *run = run_create();
	leak_every(run, 10);
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int64_t second = 0; second < SETTLED + 200; second += 200) {
		struct snapshot *snapshot = look(run, second);
		add_transients(snapshot, run, second, 900, 12);
		add_leaks(snapshot, run, second);
		add_sample(run,
		    second == 0        ? MARK_BEFORE
		    : second < 3000    ? MARK_DURING
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->pinned_k, 10);
	run_finish(run, verdict);
}

static void who_ended_is_seen_among_many_holders_and_after_reuse(void **state)
{
	(void)state;
	/* agent.exe and five others hold session 2 of the early cycles until second 1500, when agent.exe ends; later svchost.exe has a token
	 * of a later session 2 for a while. */
	struct run *run = run_create();
	for (int i = 20; i < 40; i++)
		run->ids[i] = 3;
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int64_t second = 0; second < SETTLED + 200; second += 20) {
		struct snapshot *snapshot = look(run, second);
		for (int64_t pid = 1000; pid < 1005; pid++) {
			struct process *process = snapshot_add_process(snapshot);
			process->pid = pid;
			process->image = "svchost.exe";
			process->session_id = 0;
			process->start_time = BOOT_TIME;
			if (second > start_of(19) + 26 && second < 1200)
				add_token(snapshot, pid, 4 * pid, 2);
		}
		if (second > start_of(19) + 26 && second < 1200)
			add_token(snapshot, AGENT, 8, 2);
		if (second >= 1200)
			snapshot->processes[1].start_time = RUN_START + 1200 * SECOND;
		if (second > 3010 && second < 3400)
			add_token(snapshot, 1000, 4, 2);
		if (second % 200 == 0 || (second > 1100 && second < 1300))
			add_sample(run,
			    second == 0        ? MARK_BEFORE
			    : second < 3000    ? MARK_DURING
			    : second < SETTLED ? MARK_SETTLING
			                       : MARK_SETTLED,
			    second, snapshot);
		else
			snapshot_destroy(snapshot);
	}
	struct verdict *verdict = judge(run);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "1 session ID came free when agent.exe (process 140)");
	run_finish(run, verdict);
}

static void add_hidden(struct snapshot *snapshot, int64_t pid, const char *image, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		struct handle *handle = snapshot_add_handle(snapshot);
		handle->pid = pid;
		handle->image = image;
		handle->type = "Token";
		handle->value = 4 + 4 * i;
	}
}

static struct verdict *judge_suspects(struct run *run, const char *image, const char *expected)
{
	leak_every(run, 1);
	add_cycles(run, CYCLE_LOGGED_OFF);
	fixture_set(&run->fixture, "expect.culprit", expected);
	for (int last = 0; last < 2; last++) {
		struct snapshot *snapshot = look(run, last ? SETTLED : 0);
		for (int64_t i = 0; last && i < CYCLES; i++) {
			fixture_add_logon(snapshot, i + 1, run->ids[i]);
			snapshot->logon_sessions[snapshot->logon_session_count - 1].logon_time =
			    RUN_START + (start_of(i) + 1) * SECOND;
			fixture_add_handle(snapshot, "lsass.exe", 84, i + 1);
		}
		add_hidden(snapshot, 100, "svchost.exe", last ? 100 : 0);
		add_hidden(snapshot, 200, image, last ? 140 : 40);
		add_sample(run, last ? MARK_SETTLED : MARK_BEFORE, last ? SETTLED : 0, snapshot);
	}
	return judge(run);
}

static void suspects_that_explain_as_much_are_not_decided_between(void **state)
{
	(void)state;
	struct run *run = run_create();
	struct verdict *verdict = judge_suspects(run, "MsMpEng.exe", "MsMpEng.exe");
	assert_reason(verdict, "MsMpEng.exe (process 200): 100 token handles");
	assert_reason(verdict, "svchost.exe (process 100): 100 token handles");
	assert_int_equal(verdict->expectations[0].met, NOT_DECIDABLE);
	run_finish(run, verdict);
	run = run_create();
	verdict = judge_suspects(run, "svchost.exe", "svchost.exe");
	assert_int_equal(verdict->suspect_count, 2);
	assert_int_equal(verdict->suspects[0].hidden, 100);
	assert_int_equal(verdict->suspects[1].hidden, 100);
	assert_int_equal(verdict->expectations[0].met, MET);
	run_finish(run, verdict);
}

/* A watched process holds what each cycle left for as long as `held` says of it; it is restarted at some seconds. */
struct service {
	int64_t (*held)(int64_t cycle); /* seconds after the logoff; 0: nothing */
	int64_t every;                  /* restarted so often, seconds; 0: never */
	int64_t until;                  /* the last restart is before that */
};

static int64_t last_start(const struct service *service, int64_t second)
{
	const int64_t until = second < service->until ? second : service->until;
	return service->every ? until - until % service->every : 0;
}

static bool is_held(const struct service *service, int64_t cycle, int64_t second)
{
	const int64_t off = start_of(cycle) + 25;
	return off > last_start(service, second) && off < second &&
	       second < off + service->held(cycle);
}

/* The lowest that no session has and nothing refers to. */
static int64_t free_id(const struct run *run, const struct service *service, int64_t cycle)
{
	for (int64_t id = 2;; id++) {
		bool taken = false;
		for (int64_t i = 0; i < cycle; i++)
			taken |= run->ids[i] == id && is_held(service, i, start_of(cycle));
		if (!taken)
			return id;
	}
}

static struct verdict *judge_service(struct run *run, const struct service *service)
{
	for (int64_t i = 0; i < CYCLES; i++)
		run->ids[i] = free_id(run, service, i);
	add_cycles(run, CYCLE_LOGGED_OFF);
	for (int64_t second = 0; second <= SETTLED; second += 50) {
		struct snapshot *snapshot = look(run, second);
		const int64_t start = last_start(service, second);
		if (start > 0)
			snapshot->processes[1].start_time = RUN_START + start * SECOND;
		for (int64_t i = 0; i < CYCLES; i++) {
			if (is_held(service, i, second)) {
				fixture_add_logon(snapshot, i + 1, run->ids[i]);
				fixture_add_handle(snapshot, "agent.exe", AGENT, i + 1);
				snapshot->logon_sessions[snapshot->logon_session_count - 1]
				    .logon_time = RUN_START + (start_of(i) + 1) * SECOND;
			}
		}
		add_sample(run,
		    second == 0        ? MARK_BEFORE
		    : second < 3000    ? MARK_DURING
		    : second < SETTLED ? MARK_SETTLING
		                       : MARK_SETTLED,
		    second, snapshot);
	}
	return judge(run);
}

static int64_t for_ever(int64_t cycle)
{
	(void)cycle;
	return 100000;
}

static int64_t ten_minutes_at_most(int64_t cycle)
{
	return cycle * 37 % 600;
}

static int64_t for_ever_twice(int64_t cycle)
{
	return cycle == 40 || cycle == 41 ? 100000 : 0;
}

static void leaker_that_is_restarted_leaks_all_the_same(void **state)
{
	(void)state;
	static const struct service services[] = {
	    {for_ever, 240, 4000}, /* every four minutes, and while the host settles */
	    {for_ever, 3100, 3200}};
	for (size_t i = 0; i < 2; i++) {
		struct run *run = run_create();
		struct verdict *verdict = judge_service(run, &services[i]);
		assert_reason(verdict, "agent.exe (process 140) held ");
		assert_int_equal(verdict->word, VERDICT_LEAK);
		assert_reason(verdict, "and ended, and they went only then");
		assert_int_equal(verdict->taken.items[0].word, ENDED_LEAK);
		run_finish(run, verdict);
	}
}

static void late_holder_that_is_restarted_is_no_leaker(void **state)
{
	(void)state;
	const struct service service = {ten_minutes_at_most, 1500, 2000};
	struct run *run = run_create();
	struct verdict *verdict = judge_service(run, &service);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	run_finish(run, verdict);
}

static void two_holds_that_end_early_decide_nothing(void **state)
{
	(void)state;
	const struct service service = {for_ever_twice, 1500, 1600};
	struct run *run = run_create();
	struct verdict *verdict = judge_service(run, &service);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict,
	    "2 orphaned logon sessions went when agent.exe (process 140), which held them, ended");
	run_finish(run, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(ids_that_a_token_of_winlogon_keeps_are_pinned),
	    unit_test(sample_in_which_sessions_change_does_not_prove_that_ids_come_back),
	    unit_test(service_that_moves_its_own_token_does_not_excuse_what_others_keep),
	    unit_test(id_that_somebody_else_had_until_just_now_is_young),
	    unit_test(token_that_came_later_is_not_left_over),
	    unit_test(ids_of_cycles_whose_logoff_is_not_proven_are_watched),
	    unit_test(ids_that_came_free_as_their_holder_ended_after_long_are_a_leak),
	    unit_test(ids_that_rise_are_not_explained_by_one_late_holder),
	    unit_test(switch_of_the_host_alone_excuses_nothing),
	    unit_test(exited_processes_of_unknown_sessions_matter_if_they_rise),
	    unit_test(only_what_rose_is_said_to_rise),
	    unit_test(expected_culprit_is_who_is_said_to_be_it),
	    unit_test(restart_is_seen_though_a_sample_does_not_show_everything),
	    unit_test(holder_of_a_moment_takes_nothing_along),
	    unit_test(late_holders_of_ids_explain_that_they_rose),
	    unit_test(process_id_that_was_used_again_pins_nothing),
	    unit_test(orphan_that_is_older_than_the_run_hides_no_pinned_id),
	    unit_test(session_that_is_still_going_has_its_id_still),
	    unit_test(ids_that_are_skipped_are_doubted_whatever_the_slots),
	    unit_test(ids_that_others_had_meanwhile_are_not_skipped),
	    unit_test(what_was_seen_to_go_explains_no_id_that_stays),
	    unit_test(leak_is_seen_among_many_tokens_that_come_and_go),
	    unit_test(who_ended_is_seen_among_many_holders_and_after_reuse),
	    unit_test(suspects_that_explain_as_much_are_not_decided_between),
	    unit_test(leaker_that_is_restarted_leaks_all_the_same),
	    unit_test(late_holder_that_is_restarted_is_no_leaker),
	    unit_test(two_holds_that_end_early_decide_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
