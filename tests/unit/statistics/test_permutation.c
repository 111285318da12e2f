#include "tests/unit/unit.h"

#include <math.h>

#include "statistics/permutation.h"

static void permutations_are_counted_exactly(void **state)
{
	(void)state;
	const double low[] = {0, 0, 0}, high[] = {1, 1, 1}, mixed[] = {0, 0.5, 1};
	assert_true(fabs(permutation_chance(low, 3, high, 3) - 1.0 / 20) < 1e-12);
	assert_true(fabs(permutation_chance(high, 3, low, 3) - 1) < 1e-12);
	assert_true(fabs(permutation_chance(low, 1, high, 1) - 0.5) < 1e-12);
	assert_true(permutation_chance(mixed, 3, mixed, 3) >= 0.5);
}

static void many_runs_are_drawn_from(void **state)
{
	(void)state;
	double low[20], high[20];
	for (int i = 0; i < 20; i++) {
		low[i] = 0.01 * i;
		high[i] = 0.5 + 0.01 * i;
	}
	assert_true(permutation_chance(low, 20, high, 20) < 0.001);
	assert_true(permutation_chance(low, 20, low, 20) > 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(permutations_are_counted_exactly),
	    unit_test(many_runs_are_drawn_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
