/* Whether hits depend on when they came, or on whose they were. */
#include "tests/unit/unit.h"

#include "statistics/dependence.h"

#define COUNT 100
#define ACCOUNTS 5

static uint64_t state64;

static double uniform(void)
{
	state64 = state64 * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(state64 >> 11) * 0x1p-53;
}

static struct dependence find(const bool *hits)
{
	size_t account[COUNT];
	struct dependence found;
	for (size_t i = 0; i < COUNT; i++)
		account[i] = i % ACCOUNTS;
	assert_true(dependence_find(&found, hits, account, COUNT, ACCOUNTS));
	return found;
}

static void independent_hits_are_said_to_depend_in_one_run_of_a_hundred(void **state)
{
	(void)state;
	int said = 0;
	state64 = 1;
	for (int run = 0; run < 300; run++) {
		bool hits[COUNT];
		for (size_t i = 0; i < COUNT; i++)
			hits[i] = uniform() < 0.1;
		said += find(hits).kind != DEPENDENCE_NONE;
	}
	assert_in_range(said, 0, 9); /* of 300 at 1 %: more than 9 once in a thousand */
}

static void a_burst_is_named(void **state)
{
	(void)state;
	bool hits[COUNT] = {false};
	for (size_t i = 40; i < 60; i++)
		hits[i] = true;
	const struct dependence found = find(hits);
	assert_int_equal(found.kind, DEPENDENCE_TIME);
	assert_true(found.chance < 0.01);
	assert_int_equal(found.first, 40);
	assert_int_equal(found.last, 59);
	assert_int_equal(found.hits, 20);
	assert_int_equal(found.tries, 20);
}

static void a_change_in_the_middle_is_named(void **state)
{
	(void)state;
	bool hits[COUNT] = {false};
	for (size_t i = 50; i < COUNT; i += 3)
		hits[i] = true;
	const struct dependence found = find(hits);
	assert_int_equal(found.kind, DEPENDENCE_TIME);
	assert_int_equal(found.first, 50);
	assert_true(found.last >= 95);
}

static void an_account_is_named(void **state)
{
	(void)state;
	bool hits[COUNT] = {false};
	for (size_t i = 3; i < COUNT; i += ACCOUNTS)
		hits[i] = true;
	const struct dependence found = find(hits);
	assert_int_equal(found.kind, DEPENDENCE_ACCOUNT);
	assert_int_equal(found.account, 3);
	assert_int_equal(found.hits, 20);
	assert_int_equal(found.tries, 20);
}

static void what_is_even_depends_on_nothing(void **state)
{
	(void)state;
	bool none[COUNT] = {false}, all[COUNT], second[COUNT], one[COUNT] = {false};
	for (size_t i = 0; i < COUNT; i++) {
		all[i] = true;
		second[i] = i % 2;
	}
	one[COUNT - 1] = true;
	assert_int_equal(find(none).kind, DEPENDENCE_NONE);
	assert_int_equal(find(all).kind, DEPENDENCE_NONE);
	assert_int_equal(find(second).kind, DEPENDENCE_NONE);
	assert_int_equal(find(one).kind, DEPENDENCE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(independent_hits_are_said_to_depend_in_one_run_of_a_hundred),
	    unit_test(a_burst_is_named),
	    unit_test(a_change_in_the_middle_is_named),
	    unit_test(an_account_is_named),
	    unit_test(what_is_even_depends_on_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
