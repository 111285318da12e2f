/* A temporary profile changes what is loaded in a session, and no verdict. */
#include "tests/unit/unit.h"

#include <string.h>

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 50

/* Every tenth cycle is sampled; the first of them show a temporary profile, the others what is said. */
static struct verdict *judge_with(struct fixture *fixture, int64_t temporary, enum yes_no others)
{
	*fixture = fixture_create();
	for (int64_t i = 1; i <= CYCLES; i++)
		fixture_add_cycle(fixture, i, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(fixture, MARK_BEFORE, fixture_snapshot());
	for (int64_t i = 1; i <= CYCLES / 10; i++) {
		struct snapshot *during = fixture_snapshot();
		fixture_add_session(during, 2);
		during->sessions[during->session_count - 1].temporary_profile =
		    i <= temporary ? YES : others;
		fixture_add_round(fixture, i * 10, during);
	}
	fixture_add_snapshot(fixture, MARK_SETTLED, fixture_snapshot());
	return fixture_judge(fixture);
}

static bool tells_of_profiles(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->reasons.count; i++)
		if (strstr(verdict->reasons.items[i], "profile"))
			return true;
	return false;
}

static void temporary_profiles_are_told_and_change_no_word(void **state)
{
	struct fixture fixture;
	struct verdict *verdict = judge_with(&fixture, 2, NO);

	(void)state;
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_reason(verdict, "2 of 5 sessions whose profile was seen had a temporary one");
	fixture_finish(&fixture, verdict);
}

static void what_is_not_seen_of_a_profile_is_not_counted(void **state)
{
	struct fixture fixture;
	struct verdict *verdict = judge_with(&fixture, 1, YES_NO_UNKNOWN);

	(void)state;
	assert_reason(verdict, "1 of 1 sessions whose profile was seen had a temporary one");
	fixture_finish(&fixture, verdict);
}

static void without_a_temporary_profile_nothing_is_told_of_profiles(void **state)
{
	struct fixture fixture;
	struct verdict *verdict = judge_with(&fixture, 0, NO);

	(void)state;
	assert_false(tells_of_profiles(verdict));
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(temporary_profiles_are_told_and_change_no_word),
	    unit_test(what_is_not_seen_of_a_profile_is_not_counted),
	    unit_test(without_a_temporary_profile_nothing_is_told_of_profiles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
