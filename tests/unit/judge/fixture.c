#include "tests/unit/judge/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/unit.h"

#define CYCLE_LENGTH (10 * SECOND)

struct fixture fixture_create(void)
{
	struct fixture fixture = {.directory = unit_directory(), .observer = "probe"};
	fixture.runfile = runfile_create(unit_path(fixture.directory, "run.leaklab"), NULL);
	assert_non_null(fixture.runfile);
	fixture_set(&fixture, "settled", "quiet");
	return fixture;
}

void fixture_destroy(struct fixture *fixture)
{
	runfile_close(fixture->runfile);
	unit_remove_directory(fixture->directory);
}

void fixture_set(struct fixture *fixture, const char *key, const char *value)
{
	assert_true(runfile_set(fixture->runfile, key, value, NULL));
}

int64_t fixture_logon(int64_t number)
{
	return RUN_START + number * CYCLE_LENGTH + SECOND;
}

struct cycle fixture_cycle(int64_t number, int64_t session_id, enum cycle_result result)
{
	bool logged_on = result != CYCLE_FAILED;
	struct cycle cycle = {
	    .number = number,
	    .user = "lab01",
	    .domain = "LAB",
	    .scheduled = RUN_START + number * CYCLE_LENGTH,
	    .started = RUN_START + number * CYCLE_LENGTH,
	    .logged_on = logged_on ? fixture_logon(number) : TIMESTAMP_UNKNOWN,
	    .ended = RUN_START + (number + 1) * CYCLE_LENGTH - 1,
	    .session_id = session_id,
	    .result = result,
	    .failed_phase = logged_on ? NULL : phase_names[PHASE_NLA],
	    .code = logged_on ? NULL : "LOGON_FAILURE",
	    .error_info = NUMBER_UNKNOWN,
	    .shard = NUMBER_UNKNOWN,
	    .attempt = NUMBER_UNKNOWN,
	    .reconnect = YES_NO_UNKNOWN,
	    .host_clock_offset = NUMBER_UNKNOWN,
	};
	for (int i = 0; i < PHASE_COUNT; i++)
		cycle.phase_us[i] = NUMBER_UNKNOWN;
	return cycle;
}

void fixture_put_cycle(struct fixture *fixture, const struct cycle *cycle)
{
	assert_true(runfile_put_cycle(fixture->runfile, cycle, NULL));
}

void fixture_add_cycle(
    struct fixture *fixture, int64_t number, int64_t session_id, enum cycle_result result)
{
	struct cycle cycle = fixture_cycle(number, session_id, result);
	fixture_put_cycle(fixture, &cycle);
}

void fixture_add_cycles(
    struct fixture *fixture, int64_t from, int64_t to, int64_t session_id, enum cycle_result result)
{
	for (int64_t i = from; i <= to; i++)
		fixture_add_cycle(fixture, i, session_id, result);
}

void fixture_finish(struct fixture *fixture, struct verdict *verdict)
{
	verdict_destroy(verdict);
	fixture_destroy(fixture);
}

void fixture_add_session(struct snapshot *snapshot, int64_t id)
{
	struct session *session = snapshot_add_session(snapshot);
	assert_non_null(session);
	session->id = id;
	session->user = "lab01";
	session->state = "Disc";
}

void fixture_add_problem(
    struct fixture *fixture, enum mark mark, const char *observer, const char *problem)
{
	struct capture capture = {.mark = mark,
	    .round = 1,
	    .observer = observer,
	    .command = observer,
	    .started = RUN_START,
	    .ended = RUN_START,
	    .problem = problem};
	assert_true(runfile_add_capture(fixture->runfile, &capture, NULL, NULL));
}

struct snapshot *fixture_snapshot(void)
{
	struct snapshot *snapshot = snapshot_create();
	assert_non_null(snapshot);
	snapshot->host = "RDS01";
	snapshot->build = "10.0.20348";
	snapshot->boot_time = BOOT_TIME;
	snapshot->elevated = YES;
	/* What every host has. */
	struct session *services = snapshot_add_session(snapshot);
	services->id = 0;
	services->name = "services";
	services->state = "Disc";
	struct logon_session *system = snapshot_add_logon_session(snapshot);
	system->luid = 0x3e7;
	system->user = "RDS01$";
	system->domain = "LAB";
	system->session_id = 0;
	struct process *kernel = snapshot_add_process(snapshot);
	kernel->pid = 4;
	kernel->image = "System";
	kernel->session_id = 0;
	assert_true(snapshot_see_all(snapshot));
	for (size_t i = 0; i < snapshot->sight_count; i++)
		snapshot->sights[i].rows = NUMBER_UNKNOWN; /* rows come later */
	return snapshot;
}

void fixture_add_logon(struct snapshot *snapshot, int64_t number, int64_t session_id)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);
	assert_non_null(logon);
	logon->luid = (uint64_t)(0x1000 + number);
	logon->user = "LAB01";
	logon->domain = "LAB";
	logon->logon_type = "RemoteInteractive";
	logon->session_id = session_id;
	logon->logon_time = fixture_logon(number);
}

void fixture_add_handle(struct snapshot *snapshot, const char *image, int64_t pid, int64_t number)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	assert_non_null(handle);
	handle->image = image;
	handle->pid = pid;
	handle->type = "Token";
	handle->luid = (uint64_t)(0x1000 + number);
	handle->session_id = 0; /* of no RDS session, which its logon session may well be */
}

void fixture_add_snapshot_at(
    struct fixture *fixture, enum mark mark, struct snapshot *snapshot, int64_t host_clock_ahead)
{
	int64_t time = mark == MARK_BEFORE ? RUN_START : RUN_START + 100000 * SECOND;
	struct capture capture = {.mark = mark,
	    .round = 1,
	    .observer = fixture->observer,
	    .command = fixture->observer,
	    .started = time - SECOND / 10,
	    .ended = time + SECOND / 10};
	snapshot->time = time + host_clock_ahead;
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		if (snapshot->logon_sessions[i].logon_time != TIMESTAMP_UNKNOWN)
			snapshot->logon_sessions[i].logon_time += host_clock_ahead;
	}
	assert_true(runfile_add_capture(fixture->runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

void fixture_add_round(struct fixture *fixture, int64_t cycle, struct snapshot *snapshot)
{
	fixture_add_round_at(fixture, cycle, snapshot, fixture_logon(cycle));
}

void fixture_add_round_at(
    struct fixture *fixture, int64_t cycle, struct snapshot *snapshot, int64_t time)
{
	struct capture capture = {.mark = MARK_DURING,
	    .round = cycle,
	    .cycle = cycle,
	    .observer = fixture->observer,
	    .command = fixture->observer,
	    .started = time - SECOND / 10,
	    .ended = time + SECOND / 10};
	snapshot->time = time;
	assert_true(runfile_add_capture(fixture->runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

void fixture_add_snapshot(struct fixture *fixture, enum mark mark, struct snapshot *snapshot)
{
	fixture_add_snapshot_at(fixture, mark, snapshot, 0);
}

struct verdict *fixture_judge(struct fixture *fixture)
{
	struct error error = {0};
	struct verdict *verdict = judge_run(fixture->runfile, NULL, &error);
	if (!verdict)
		print_error("%s\n", error.text);
	assert_non_null(verdict);
	return verdict;
}

void assert_reason(const struct verdict *verdict, const char *part)
{
	for (size_t i = 0; i < verdict->reasons.count; i++) {
		if (strstr(verdict->reasons.items[i], part))
			return;
		print_message("# reason: %s\n", verdict->reasons.items[i]);
	}
	fail_msg("no reason contains \"%s\"", part);
}
