/* Holders that are restarted, and caches, on hosts that behave as Windows does. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define MOST 20000
#define ACTORS 3

/* A process outside of sessions that holds what each cycle left for so long; it is restarted at some seconds. */
struct actor {
	const char *image;
	int64_t pid;
	int64_t (*held)(int64_t cycle); /* seconds after the logoff; 0: nothing */
	int64_t every, until;           /* restarted so often; the last time before that */
	bool own;                       /* by winlogon's token, which keeps the ID only */
	bool nameless;                  /* handles are listed without an image */
};

struct scene {
	struct actor actors[ACTORS];
	size_t actor_count;
	int64_t cycles, period, length, step, settled;
	int64_t
	    lag; /* logon sessions stay so long after their last holder's end, by lsass's handle */
	int64_t users;
	bool reuse; /* as before MS16-111 */
	bool two_samples;
	bool process_starts_unknown;
	bool live; /* the first actor has a token of each session that is there, too, with its ID */
	int64_t ballast; /* handles of others in each sample */
	bool partial;    /* all samples but one do not show all handles */
	int64_t gap;     /* seconds between two parts of a resumed run, in which nobody looked */
	bool churn;      /* a process of the host's own ends between any two samples */
	bool distinct;   /* each cycle has an ID of its own */
};

static const struct scene usual = {
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
	return off > last_start(actor, second) && off < second && second < off + actor->held(cycle);
}

static bool is_kept(const struct scene *scene, int64_t cycle, int64_t second)
{
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

static void add_logon(struct snapshot *snapshot, const struct scene *scene, int64_t cycle)
{
	fixture_add_logon(snapshot, cycle + 1, ids[cycle]);
	struct logon_session *logon = &snapshot->logon_sessions[snapshot->logon_session_count - 1];
	logon->user = user_of(scene, cycle);
	logon->logon_time = RUN_START + (start_of(scene, cycle) + 1) * SECOND;
}

static struct snapshot *look(const struct scene *scene, int64_t second)
{
	struct snapshot *snapshot = fixture_snapshot();
	for (size_t i = 0; i < scene->actor_count; i++) {
		const int64_t start = last_start(&scene->actors[i], second);
		struct process *process = snapshot_add_process(snapshot);
		process->pid = scene->actors[i].pid;
		process->image = scene->actors[i].image;
		process->session_id = 0;
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
			fixture_add_handle(
			    snapshot, actor->nameless ? NULL : actor->image, actor->pid, i + 1);
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
		if (!live && !kept && scene->lag && is_kept(scene, i, second - scene->lag)) {
			fixture_add_handle(snapshot, "lsass.exe", 84, i + 1);
			kept = true;
		}
		if (live || kept)
			add_logon(snapshot, scene, i);
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

static struct verdict *judge(struct fixture *fixture, const struct scene *scene)
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

static int64_t for_ever(int64_t cycle)
{
	(void)cycle;
	return 1000000;
}

static int64_t every_other_for_ever(int64_t cycle)
{
	return cycle % 2 ? 1000000 : 0;
}

static int64_t two_minutes(int64_t cycle)
{
	(void)cycle;
	return 120;
}

static int64_t most_for_a_minute(int64_t cycle)
{
	return cycle % 10 == 5 ? 1000000 : 60;
}

static int64_t ten_minutes(int64_t cycle)
{
	(void)cycle;
	return 600;
}

static int64_t ten_minutes_at_most(int64_t cycle)
{
	return cycle * 37 % 600;
}

static int64_t three_for_ever(int64_t cycle)
{
	return cycle == 3 || cycle == 92 || cycle == 95 ? 1000000 : 0;
}

static int64_t for_ever_from_95_on(int64_t cycle)
{
	return cycle >= 95 ? 1000000 : 60;
}

static void leaking_svchost_is_not_excused_by_healthy_svchosts(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] =
	    (struct actor){"svchost.exe", 140, every_other_for_ever, 240, 4000, false, false};
	scene.actors[1] = (struct actor){"svchost.exe", 900, two_minutes, 0, 0, false, false};
	scene.actor_count = 2;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void leaker_that_lets_most_go_in_a_minute_is_no_late_holder(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, most_for_a_minute, 1100, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void logon_sessions_that_go_a_moment_after_their_holder_were_taken_along(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 250, 4000, false, false};
	scene.actor_count = 1;
	scene.lag = 10;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void the_same_without_followers_in_between(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 250, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void holder_by_a_timer_that_is_restarted_is_no_leaker(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	/* 100 logons in 500 s; the holder keeps each for 10 minutes, and is restarted once, at 600 s. */
	scene.period = 5;
	scene.length = 25;
	scene.settled = 4000;
	scene.actors[0] = (struct actor){"backup.exe", 140, ten_minutes, 600, 700, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void two_that_end_together_are_told_as_a_tie(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 3100, 3200, false, false};
	scene.actors[1] = (struct actor){"backup.exe", 900, for_ever, 3100, 3200, false, false};
	scene.actor_count = 2;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_true(verdict->culprit_count == 2 && verdict->culprits_tied == 2);
	fixture_finish(&fixture, verdict);
}

static void what_went_with_its_holder_is_no_late_release(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, three_for_ever, 2700, 2800, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	print_message("# T: %lld s\n", (long long)(verdict->quiet_time / SECOND));
	assert_int_equal(verdict->quiet_time, 300 * SECOND);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void leak_that_begins_in_the_last_round_is_no_cache(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.users = 5;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever_from_95_on, 0, 0, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_false(verdict->bounded);
	fixture_finish(&fixture, verdict);
}

static void restarted_leaker_is_never_clean_where_ids_come_back(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.reuse = true;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void late_holder_of_ids_that_is_restarted_is_no_leaker(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, ten_minutes_at_most, 1500, 4000, true, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void leaker_whose_handles_have_no_image_is_never_clean(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, every_other_for_ever, 240, 4000, false, true};
	scene.actors[1] = (struct actor){"backup.exe", 900, two_minutes, 0, 0, false, true};
	scene.actor_count = 2;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void restarted_leaker_is_known_by_another_process_id(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.process_starts_unknown = true;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static int64_t a_fifth_for_ever(int64_t cycle)
{
	return cycle % 5 == 2 ? 1000000 : 0;
}

static void tokens_that_are_closed_before_the_logoff_are_no_releases(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.live = true;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, a_fifth_for_ever, 440, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void leaker_that_is_restarted_on_a_large_host_is_never_clean(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.ballast = 6000;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static int64_t most_for_ever(int64_t cycle)
{
	return cycle % 5 == 2 ? 60 : 1000000;
}

static void holder_by_a_timer_that_ends_with_the_leaker_is_no_culprit(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	/* As above; agent.exe leaks four of five, lets the fifth go in a minute, and is restarted with the other. */
	scene.period = 5;
	scene.length = 25;
	scene.settled = 4000;
	scene.actors[0] = (struct actor){"agent.exe", 140, most_for_ever, 600, 700, false, false};
	scene.actors[1] = (struct actor){"backup.exe", 900, ten_minutes, 600, 700, false, false};
	scene.actor_count = 2;
	struct verdict *verdict = judge(&fixture, &scene);
	for (size_t i = 0; i < verdict->culprit_count; i++)
		print_message("# culprit %s\n", verdict->culprits[i].image);
	assert_false(verdict->word == VERDICT_LEAK && verdict->culprit_count == 1 &&
	             strcmp(verdict->culprits[0].image, "backup.exe") == 0);
	fixture_finish(&fixture, verdict);
}

static void one_sample_that_shows_more_does_not_hide_the_others(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.partial = true;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void once_is_enough_for_logon_sessions_that_go_a_moment_later(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 3100, 3200, false, false};
	scene.actor_count = 1;
	scene.lag = 10;
	scene.reuse = true; /* as before MS16-111 */
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void the_same_with_ids_that_stay(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 3100, 3200, false, false};
	scene.actor_count = 1;
	scene.lag = 10;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static int64_t until_the_next_of_100(int64_t cycle)
{
	return cycle >= 95 ? 1000000 : 127;
}

static void cache_of_one_an_account_that_is_restarted_is_bounded(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	scene.users = 5;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, until_the_next_of_100, 1000, 2500, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_true(verdict->bounded);
	fixture_finish(&fixture, verdict);
}

static int64_t never(int64_t cycle)
{
	(void)cycle;
	return 0;
}

static int64_t often_for_a_while(int64_t cycle)
{
	return cycle % 5 < 2 ? 60 + cycle * 37 % 540 : 0;
}

static int64_t often_for_a_while_and_one_in_ten_for_ever(int64_t cycle)
{
	return cycle % 10 == 7 ? 1000000 : often_for_a_while(cycle);
}

static struct scene with_service(int64_t (*held)(int64_t cycle), int64_t restarted)
{
	struct scene scene = usual;
	scene.actors[0] =
	    (struct actor){"backup.exe", 140, held, restarted, restarted + 10, false, false};
	scene.actor_count = 1;
	return scene;
}

static void holder_that_is_restarted_early_is_clean_by_the_cycles_since(void **state)
{
	(void)state;
	struct fixture fixture;
	const struct scene scene = with_service(often_for_a_while, 1000);
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void holder_that_leaks_one_in_ten_is_not_excused_by_what_it_releases(void **state)
{
	(void)state;
	/* While the host settles: after 3010 s of load. */
	for (int64_t restarted = 3050; restarted < 3600; restarted += 100) {
		struct fixture fixture;
		const struct scene scene =
		    with_service(often_for_a_while_and_one_in_ten_for_ever, restarted);
		struct verdict *verdict = judge(&fixture, &scene);
		assert_int_not_equal(verdict->word, VERDICT_CLEAN);
		fixture_finish(&fixture, verdict);
	}
}

static void it_is_said_how_many_cycles_would_tell_a_late_holder(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = with_service(often_for_a_while, 1400);
	scene.cycles = 50;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->taken.count, 1);
	const int64_t more = verdict->taken.items[0].more;
	assert_true(more > 0);
	char words[60];
	snprintf(words, sizeof words, "%lld more cycles without one would tell", (long long)more);
	bool said = false;
	for (size_t i = 0; i < verdict->reasons.count; i++)
		said |= strstr(verdict->reasons.items[i], words) != NULL;
	assert_true(said);
	fixture_finish(&fixture, verdict);
	scene.cycles += more;
	scene.settled += more * scene.step;
	verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void night_between_two_parts_that_settled_hides_nothing(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = usual;
	/* Resumed with --cycles +50 on the next day: after the first part the host had settled, and nothing was left. */
	scene.gap = 36000;
	scene.settled = 42000;
	scene.actors[0] = (struct actor){"wuauserv.exe", 140, never, 20000, 21000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(leaking_svchost_is_not_excused_by_healthy_svchosts),
	    unit_test(leaker_that_lets_most_go_in_a_minute_is_no_late_holder),
	    unit_test(logon_sessions_that_go_a_moment_after_their_holder_were_taken_along),
	    unit_test(the_same_without_followers_in_between),
	    unit_test(holder_by_a_timer_that_is_restarted_is_no_leaker),
	    unit_test(two_that_end_together_are_told_as_a_tie),
	    unit_test(what_went_with_its_holder_is_no_late_release),
	    unit_test(leak_that_begins_in_the_last_round_is_no_cache),
	    unit_test(restarted_leaker_is_never_clean_where_ids_come_back),
	    unit_test(late_holder_of_ids_that_is_restarted_is_no_leaker),
	    unit_test(leaker_whose_handles_have_no_image_is_never_clean),
	    unit_test(restarted_leaker_is_known_by_another_process_id),
	    unit_test(tokens_that_are_closed_before_the_logoff_are_no_releases),
	    unit_test(leaker_that_is_restarted_on_a_large_host_is_never_clean),
	    unit_test(holder_by_a_timer_that_ends_with_the_leaker_is_no_culprit),
	    unit_test(one_sample_that_shows_more_does_not_hide_the_others),
	    unit_test(once_is_enough_for_logon_sessions_that_go_a_moment_later),
	    unit_test(the_same_with_ids_that_stay),
	    unit_test(cache_of_one_an_account_that_is_restarted_is_bounded),
	    unit_test(holder_that_is_restarted_early_is_clean_by_the_cycles_since),
	    unit_test(holder_that_leaks_one_in_ten_is_not_excused_by_what_it_releases),
	    unit_test(it_is_said_how_many_cycles_would_tell_a_late_holder),
	    unit_test(night_between_two_parts_that_settled_hides_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
