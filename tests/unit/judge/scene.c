#include "tests/unit/judge/scene.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

const struct scene scene_usual = {
    .cycles = 100, .period = 30, .length = 25, .step = 50, .settled = 5000, .users = 1};

static int64_t ids[MOST];

static int64_t start_of(const struct scene *scene, int64_t cycle)
{
	return 10 + cycle * scene->period + (cycle >= scene->cycles / 2 ? scene->gap : 0);
}

static int64_t last_start(const struct actor *actor, int64_t second)
{
	const int64_t until = second < actor->until ? second : actor->until;
	return actor->every ? until - until % actor->every : 0;
}

static bool is_held(
    const struct scene *scene, const struct actor *actor, int64_t cycle, int64_t second)
{
	const int64_t off = start_of(scene, cycle) + scene->length;
	if (scene->gone_for_good && second >= scene->gone_for_good && actor == scene->actors)
		return false;
	return off > last_start(actor, second) && off < second && second < off + actor->held(cycle);
}

static bool is_held_linked(const struct scene *scene, int64_t cycle, int64_t second)
{
	struct actor actor = scene->actors[0];
	actor.held = scene->held_linked;
	return scene->linked && is_held(scene, &actor, cycle, second);
}

static bool is_kept(const struct scene *scene, int64_t cycle, int64_t second)
{
	if (is_held_linked(scene, cycle, second))
		return true;
	for (size_t i = 0; i < scene->actor_count; i++)
		if (is_held(scene, &scene->actors[i], cycle, second))
			return true;
	return false;
}

static void give_ids(const struct scene *scene)
{
	int64_t kept[2000];
	for (int64_t i = 0; i < scene->cycles; i++) {
		const int64_t second = start_of(scene, i);
		ids[i] = scene->distinct ? 2 + i : 2;
		if (scene->distinct || scene->reuse || scene->cycles > 2000)
			continue;
		size_t count = 0;
		for (int64_t j = 0; j < i; j++)
			if (is_kept(scene, j, second) ||
			    second < start_of(scene, j) + scene->length)
				kept[count++] = ids[j];
		for (bool again = true; again;) {
			again = false;
			for (size_t j = 0; j < count; j++)
				if (kept[j] == ids[i]) {
					ids[i]++;
					again = true;
				}
		}
	}
}

static const char *user_of(const struct scene *scene, int64_t cycle)
{
	static const char *const users[] = {"lab01", "lab02", "lab03", "lab04", "lab05"};
	return users[cycle % scene->users];
}

static int64_t number_of(const struct scene *scene, int64_t cycle)
{
	return scene->linked ? 2 * cycle + 2 : cycle + 1;
}

static void add_logon_number(
    struct snapshot *snapshot, const struct scene *scene, int64_t cycle, int64_t number)
{
	fixture_add_logon(snapshot, number, ids[cycle]);
	struct logon_session *logon = &snapshot->logon_sessions[snapshot->logon_session_count - 1];
	logon->user = user_of(scene, cycle);
	logon->logon_time = RUN_START + (start_of(scene, cycle) + 1) * SECOND;
}

static void add_logon(struct snapshot *snapshot, const struct scene *scene, int64_t cycle)
{
	add_logon_number(snapshot, scene, cycle, number_of(scene, cycle));
	if (scene->linked)
		add_logon_number(snapshot, scene, cycle, number_of(scene, cycle) + 1);
}

static struct snapshot *look(const struct scene *scene, int64_t second)
{
	struct snapshot *snapshot = fixture_snapshot();
	for (size_t i = 0; i < scene->actor_count; i++) {
		const int64_t start = last_start(&scene->actors[i], second);
		if (i == 0 && scene->gone_for_good && second >= scene->gone_for_good)
			continue;
		struct process *process = snapshot_add_process(snapshot);
		process->pid = scene->actors[i].pid;
		process->image = scene->actors[i].image;
		process->session_id = i == 0 ? scene->in_session : 0;
		if (i == 0 && scene->services_from && second >= scene->services_from)
			process->services = "Backup";
		process->start_time = start ? RUN_START + start * SECOND : BOOT_TIME;
		if (scene->process_starts_unknown) {
			process->start_time = TIMESTAMP_UNKNOWN;
			if (start)
				process->pid += 4 * (start / scene->actors[i].every);
		}
	}
	for (int64_t i = 0; i < scene->cycles && start_of(scene, i) < second; i++) {
		const bool live =
		    start_of(scene, i) + 1 <= second && second < start_of(scene, i) + scene->length;
		bool kept = false;
		if (live && scene->live) {
			fixture_add_handle(
			    snapshot, scene->actors[0].image, scene->actors[0].pid, i + 1);
			snapshot->handles[snapshot->handle_count - 1].session_id = ids[i];
		}
		if (live) {
			fixture_add_session(snapshot, ids[i]);
			snapshot->sessions[snapshot->session_count - 1].user = user_of(scene, i);
		}
		for (size_t j = 0; j < scene->actor_count; j++) {
			const struct actor *actor = &scene->actors[j];
			if (!is_held(scene, actor, i, second))
				continue;
			kept |= !actor->own;
			if (scene->blind_every && second % scene->blind_every < scene->blind_for)
				continue;
			if (second >= scene->blind_from && second < scene->blind_to)
				continue;
			if (scene->live_process) {
				fixture_add_handle(
				    snapshot, actor->image, actor->pid, number_of(scene, i));
				struct handle *handle =
				    &snapshot->handles[snapshot->handle_count - 1];
				handle->type = "Process";
				handle->value = 40000 + 4 * i;
				handle->target_pid = 7000 + 4 * i;
				handle->target_exited = NO;
			}
			fixture_add_handle(snapshot, actor->nameless ? NULL : actor->image,
			    actor->pid, number_of(scene, i));
			struct handle *handle = &snapshot->handles[snapshot->handle_count - 1];
			if (scene->process_starts_unknown && last_start(actor, second))
				handle->pid += 4 * (last_start(actor, second) / actor->every);
			handle->value = 4 + 4 * i;
			handle->token_id = 9000 + i;
			kept |= !actor->own;
			if (scene->live)
				handle->session_id = ids[i];
			if (actor->own) {
				handle->luid = 0x3e7;
				handle->session_id = ids[i];
			}
		}
		if (is_held_linked(scene, i, second)) {
			kept = true;
			fixture_add_handle(snapshot, scene->actors[0].image, scene->actors[0].pid,
			    number_of(scene, i) + 1);
			struct handle *handle = &snapshot->handles[snapshot->handle_count - 1];
			handle->value = 60000 + 4 * i;
			handle->token_id = 29000 + i;
		}
		if (!live && !kept && scene->lag && is_kept(scene, i, second - scene->lag)) {
			fixture_add_handle(snapshot, "lsass.exe", 84, i + 1);
			kept = true;
		}
		if (live && scene->own_live) {
			fixture_add_handle(
			    snapshot, scene->actors[0].image, scene->actors[0].pid, i + 1);
			struct handle *handle = &snapshot->handles[snapshot->handle_count - 1];
			handle->value = 4 + 4 * i;
			handle->token_id = 9000 + i;
			handle->luid = 0x3e7;
			handle->session_id = ids[i];
		}
		if (kept && scene->follower)
			fixture_add_handle(snapshot, "lsass.exe", 84, number_of(scene, i));
		if (live || kept)
			add_logon(snapshot, scene, i);
	}
	if (scene->in_session) {
		fixture_add_session(snapshot, scene->in_session);
		snapshot->sessions[snapshot->session_count - 1].user = "admin";
		fixture_add_logon(snapshot, -1, scene->in_session);
		snapshot->logon_sessions[snapshot->logon_session_count - 1].user = "admin";
	}
	if (scene->no_lists) {
		snapshot->process_count = 0;
		assert_true(snapshot_see(snapshot, SECTION_PROCESSES, EXTENT_ABSENT, "not asked"));
	}
	if (scene->churn) {
		struct process *process = snapshot_add_process(snapshot);
		process->pid = 100000 + 4 * second;
		process->image = "WmiPrvSE.exe";
		process->session_id = 0;
		process->start_time = RUN_START + second * SECOND;
	}
	for (int64_t i = 0; i < scene->ballast; i++) {
		struct handle *handle = snapshot_add_handle(snapshot);
		handle->pid = 4;
		handle->image = "System";
		handle->type = "Token";
		handle->value = 40000 + 4 * i;
		handle->luid = 0x3e7;
		handle->session_id = 0;
	}
	return snapshot;
}

struct verdict *scene_judge(struct fixture *fixture, const struct scene *scene)
{
	const int64_t over = start_of(scene, scene->cycles);
	int64_t rounds[5] = {0};
	*fixture = fixture_create();
	fixture_set(fixture, "settle.release", "1200");
	give_ids(scene);
	for (int64_t i = 0; i < scene->cycles; i++) {
		struct cycle cycle = fixture_cycle(i + 1, ids[i], CYCLE_LOGGED_OFF);
		cycle.user = (char *)user_of(scene, i);
		cycle.scheduled = cycle.started = RUN_START + start_of(scene, i) * SECOND;
		cycle.logged_on = cycle.started + SECOND;
		cycle.ended = cycle.started + scene->length * SECOND;
		fixture_put_cycle(fixture, &cycle);
	}
	for (int64_t second = 0; second <= scene->settled; second += scene->step) {
		const enum mark mark = second == 0               ? MARK_BEFORE
		                       : second < over           ? MARK_DURING
		                       : second < scene->settled ? MARK_SETTLING
		                                                 : MARK_SETTLED;
		if (scene->gap && second > start_of(scene, scene->cycles / 2 - 1) + 2000 &&
		    second < start_of(scene, scene->cycles / 2) - 60)
			continue;
		if (scene->two_samples && second > 0 && second < scene->settled)
			continue;
		struct snapshot *snapshot = look(scene, second);
		if (scene->partial && second != scene->step)
			assert_true(snapshot_see(
			    snapshot, SECTION_HANDLES, EXTENT_PARTIAL, "some are protected"));
		if (scene->blind_every && second % scene->blind_every < scene->blind_for &&
		    second > 0)
			assert_true(snapshot_see(
			    snapshot, SECTION_HANDLES, EXTENT_PARTIAL, "some are protected"));
		if (second >= scene->blind_from && second < scene->blind_to)
			assert_true(snapshot_see(
			    snapshot, SECTION_HANDLES, EXTENT_PARTIAL, "some are protected"));
		if (second >= scene->reset_from && second < scene->reset_to)
			snapshot->session_count = 0;
		if (second >= scene->reset_from && second < scene->reset_to)
			assert_true(
			    snapshot_see(snapshot, SECTION_SESSIONS, EXTENT_ABSENT, "damaged"));
		struct capture capture = {.mark = mark,
		    .round = ++rounds[mark],
		    .cycle = second < 10 ? 0 : (second - 10) / scene->period,
		    .observer = "probe",
		    .command = "probe",
		    .started = RUN_START + second * SECOND,
		    .ended = RUN_START + (second + 1) * SECOND};
		snapshot->time = capture.started;
		assert_true(runfile_add_capture(fixture->runfile, &capture, snapshot, NULL));
		snapshot_destroy(snapshot);
	}
	return fixture_judge(fixture);
}

int64_t for_ever(int64_t cycle)
{
	(void)cycle;
	return 1000000;
}

int64_t every_other_for_ever(int64_t cycle)
{
	return cycle % 2 ? 1000000 : 0;
}
