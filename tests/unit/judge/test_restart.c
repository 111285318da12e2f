/* Holders that are restarted, and caches. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/judge/scene.h"

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
	struct scene scene = scene_usual;
	scene.actors[0] =
	    (struct actor){"svchost.exe", 140, every_other_for_ever, 240, 4000, false, false};
	scene.actors[1] = (struct actor){"svchost.exe", 900, two_minutes, 0, 0, false, false};
	scene.actor_count = 2;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void leaker_that_lets_most_go_in_a_minute_is_no_late_holder(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, most_for_a_minute, 1100, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void logon_sessions_that_go_a_moment_after_their_holder_were_taken_along(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 250, 4000, false, false};
	scene.actor_count = 1;
	scene.lag = 10;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void the_same_without_followers_in_between(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 250, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void holder_by_a_timer_that_is_restarted_is_no_leaker(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	/* 100 logons in 500 s; the holder keeps each for 10 minutes, and is restarted once, at 600 s. */
	scene.period = 5;
	scene.length = 25;
	scene.settled = 4000;
	scene.actors[0] = (struct actor){"backup.exe", 140, ten_minutes, 600, 700, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void two_that_end_together_are_told_as_a_tie(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 3100, 3200, false, false};
	scene.actors[1] = (struct actor){"backup.exe", 900, for_ever, 3100, 3200, false, false};
	scene.actor_count = 2;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_true(verdict->culprit_count == 2 && verdict->culprits_tied == 2);
	fixture_finish(&fixture, verdict);
}

static void what_went_with_its_holder_is_no_late_release(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, three_for_ever, 2700, 2800, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	print_message("# T: %lld s\n", (long long)(verdict->quiet_time / SECOND));
	assert_int_equal(verdict->quiet_time, 300 * SECOND);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void leak_that_begins_in_the_last_round_is_no_cache(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.users = 5;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever_from_95_on, 0, 0, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_false(verdict->bounded);
	fixture_finish(&fixture, verdict);
}

static void restarted_leaker_is_never_clean_where_ids_come_back(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.reuse = true;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void late_holder_of_ids_that_is_restarted_is_no_leaker(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, ten_minutes_at_most, 500, 600, true, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void leaker_whose_handles_have_no_image_is_never_clean(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, every_other_for_ever, 240, 4000, false, true};
	scene.actors[1] = (struct actor){"backup.exe", 900, two_minutes, 0, 0, false, true};
	scene.actor_count = 2;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void restarted_leaker_is_known_by_another_process_id(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.process_starts_unknown = true;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
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
	struct scene scene = scene_usual;
	scene.live = true;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, a_fifth_for_ever, 440, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void leaker_that_is_restarted_on_a_large_host_is_never_clean(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.ballast = 6000;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
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
	struct scene scene = scene_usual;
	/* As above; agent.exe leaks four of five, lets the fifth go in a minute, and is restarted with the other. */
	scene.period = 5;
	scene.length = 25;
	scene.settled = 4000;
	scene.actors[0] = (struct actor){"agent.exe", 140, most_for_ever, 600, 700, false, false};
	scene.actors[1] = (struct actor){"backup.exe", 900, ten_minutes, 600, 700, false, false};
	scene.actor_count = 2;
	struct verdict *verdict = scene_judge(&fixture, &scene);
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
	struct scene scene = scene_usual;
	scene.partial = true;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 240, 4000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	fixture_finish(&fixture, verdict);
}

static void once_is_enough_for_logon_sessions_that_go_a_moment_later(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 3100, 3200, false, false};
	scene.actor_count = 1;
	scene.lag = 10;
	scene.reuse = true; /* as before MS16-111 */
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_not_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void the_same_with_ids_that_stay(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	scene.actors[0] = (struct actor){"agent.exe", 140, for_ever, 3100, 3200, false, false};
	scene.actor_count = 1;
	scene.lag = 10;
	struct verdict *verdict = scene_judge(&fixture, &scene);
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
	struct scene scene = scene_usual;
	scene.users = 5;
	scene.actors[0] =
	    (struct actor){"agent.exe", 140, until_the_next_of_100, 1000, 2500, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_true(verdict->bounded);
	fixture_finish(&fixture, verdict);
}

static int64_t never(int64_t cycle)
{
	(void)cycle;
	return 0;
}

static void night_between_two_parts_that_settled_hides_nothing(void **state)
{
	(void)state;
	struct fixture fixture;
	struct scene scene = scene_usual;
	/* Resumed with --cycles +50 on the next day: after the first part the host had settled, and nothing was left. */
	scene.gap = 36000;
	scene.settled = 42000;
	scene.actors[0] = (struct actor){"wuauserv.exe", 140, never, 20000, 21000, false, false};
	scene.actor_count = 1;
	struct verdict *verdict = scene_judge(&fixture, &scene);
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
	    unit_test(night_between_two_parts_that_settled_hides_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
