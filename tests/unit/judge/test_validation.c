#include "tests/unit/unit.h"

#include <math.h>

#include "judge/validation.h"
#include "judge/verdict.h"

static struct verdict run(enum verdict_word word, int64_t k, int64_t n)
{
	return (struct verdict){
	    .word = word, .orphans_known = true, .k = k, .n = n, .rate = (double)k / (double)n};
}

static enum validation_word validate(const struct verdict *now, size_t now_count,
    const struct verdict *before, size_t before_count, int *code)
{
	const struct verdict *pointers[16];
	assert_true(now_count + before_count <= 16);
	for (size_t i = 0; i < now_count; i++)
		pointers[i] = &now[i];
	for (size_t i = 0; i < before_count; i++)
		pointers[now_count + i] = &before[i];
	struct validation *validation =
	    validation_create(pointers, now_count, pointers + now_count, before_count);
	assert_non_null(validation);
	const enum validation_word word = validation_word(validation);
	*code = validation_exit_code(validation);
	validation_destroy(validation);
	return word;
}

static void permutations_are_counted_exactly(void **state)
{
	(void)state;
	const double low[] = {0, 0, 0}, high[] = {1, 1, 1}, mixed[] = {0, 0.5, 1};
	assert_true(fabs(validation_permutation(low, 3, high, 3) - 1.0 / 20) < 1e-12);
	assert_true(fabs(validation_permutation(high, 3, low, 3) - 1) < 1e-12);
	assert_true(fabs(validation_permutation(low, 1, high, 1) - 0.5) < 1e-12);
	assert_true(validation_permutation(mixed, 3, mixed, 3) >= 0.5);
}

static void many_runs_are_drawn_from(void **state)
{
	(void)state;
	double low[20], high[20];
	for (int i = 0; i < 20; i++) {
		low[i] = 0.01 * i;
		high[i] = 0.5 + 0.01 * i;
	}
	assert_true(validation_permutation(low, 20, high, 20) < 0.001);
	assert_true(validation_permutation(low, 20, low, 20) > 0.3);
}

static void three_clean_runs_against_three_leaking_ones_are_fixed(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60)};
	const struct verdict before[] = {
	    run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 59, 60), run(VERDICT_LEAK, 60, 60)};
	int code;
	assert_int_equal(validate(now, 3, before, 3, &code), VALIDATION_FIXED);
	assert_int_equal(code, EXIT_CLEAN);
}

static void fewer_leaks_are_improved_but_not_fixed(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_LEAK, 6, 60), run(VERDICT_CLEAN, 0, 60), run(VERDICT_LEAK, 5, 60)};
	const struct verdict before[] = {
	    run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 59, 60), run(VERDICT_LEAK, 60, 60)};
	int code;
	assert_int_equal(validate(now, 3, before, 3, &code), VALIDATION_IMPROVED);
	assert_int_equal(code, EXIT_LEAK);
}

static void the_same_leak_is_not_fixed(void **state)
{
	(void)state;
	const struct verdict runs[] = {
	    run(VERDICT_LEAK, 20, 60), run(VERDICT_LEAK, 22, 60), run(VERDICT_LEAK, 19, 60)};
	int code;
	assert_int_equal(validate(runs, 3, runs, 3, &code), VALIDATION_NOT_FIXED);
	assert_int_equal(code, EXIT_LEAK);
}

static void one_run_each_cannot_tell(void **state)
{
	(void)state;
	const struct verdict now = run(VERDICT_CLEAN, 0, 60), before = run(VERDICT_LEAK, 60, 60);
	int code;
	assert_int_equal(validate(&now, 1, &before, 1, &code), VALIDATION_CANNOT_TELL);
	assert_int_equal(code, EXIT_INCONCLUSIVE);
}

static void what_did_not_leak_cannot_be_fixed(void **state)
{
	(void)state;
	const struct verdict clean[] = {
	    run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60)};
	int code;
	assert_int_equal(validate(clean, 3, clean, 3, &code), VALIDATION_CANNOT_TELL);
}

static void inconclusive_runs_do_not_count(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_INCONCLUSIVE, 0, 60), run(VERDICT_INCONCLUSIVE, 0, 60)};
	const struct verdict before[] = {run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 59, 60)};
	int code;
	assert_int_equal(validate(now, 2, before, 2, &code), VALIDATION_CANNOT_TELL);
}

static void a_leak_of_handles_alone_can_be_fixed_too(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60)};
	const struct verdict before[] = {
	    run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60)};
	int code;
	assert_int_equal(validate(now, 3, before, 3, &code), VALIDATION_FIXED);
	assert_int_equal(validate(before, 3, before, 3, &code), VALIDATION_NOT_FIXED);
}

static void handles_that_still_leak_are_improved_at_best(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60)};
	const struct verdict before[] = {
	    run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 60, 60)};
	int code;
	assert_int_equal(validate(now, 3, before, 3, &code), VALIDATION_IMPROVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(permutations_are_counted_exactly),
	    unit_test(many_runs_are_drawn_from),
	    unit_test(three_clean_runs_against_three_leaking_ones_are_fixed),
	    unit_test(fewer_leaks_are_improved_but_not_fixed),
	    unit_test(the_same_leak_is_not_fixed),
	    unit_test(one_run_each_cannot_tell),
	    unit_test(what_did_not_leak_cannot_be_fixed),
	    unit_test(a_leak_of_handles_alone_can_be_fixed_too),
	    unit_test(handles_that_still_leak_are_improved_at_best),
	    unit_test(inconclusive_runs_do_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
