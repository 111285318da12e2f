#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge/validation.h"
#include "judge/verdict.h"

static struct verdict run(enum verdict_word word, int64_t k, int64_t n)
{
	return (struct verdict){
	    .word = word, .orphans_known = true, .k = k, .n = n, .rate = (double)k / (double)n};
}

/* What it tells, behind its word; the caller's to free(). */
static char *tell(const struct verdict *now, size_t now_count, const struct verdict *before,
    size_t before_count, enum validation_word *word, int *code)
{
	const struct verdict *pointers[16];
	char *text = NULL;
	size_t length = 0;
	assert_true(now_count + before_count <= 16);
	for (size_t i = 0; i < now_count; i++)
		pointers[i] = &now[i];
	for (size_t i = 0; i < before_count; i++)
		pointers[now_count + i] = &before[i];
	struct validation *validation =
	    validation_create(pointers, now_count, pointers + now_count, before_count);
	assert_non_null(validation);
	*word = validation_word(validation);
	*code = validation_exit_code(validation);
	FILE *out = open_memstream(&text, &length);
	assert_true(validation_print_json(validation, out, NULL));
	fclose(out);
	validation_destroy(validation);
	return text;
}

static enum validation_word validate(const struct verdict *now, size_t now_count,
    const struct verdict *before, size_t before_count, int *code)
{
	enum validation_word word;
	free(tell(now, now_count, before, before_count, &word, code));
	return word;
}

static void assert_tells(
    const struct verdict *now, const struct verdict *before, size_t count, const char *part)
{
	enum validation_word word;
	int code;
	char *text = tell(now, count, before, count, &word, &code);
	assert_contains(text, part);
	free(text);
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

static void runs_that_differ_are_told_by_their_range(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60), run(VERDICT_CLEAN, 0, 60)};
	const struct verdict before[] = {
	    run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 8, 60), run(VERDICT_LEAK, 60, 60)};
	assert_tells(now, before, 3,
	    "128 of 180 logon sessions leaked in 3 runs (71.1 %, 95 % interval 0 % to 100 %; by run from 13.3 % to "
	    "100 %)");
	assert_tells(now, before, 3, "fell by 71.1 points (95 % interval -");
	assert_tells(now, before, 3, "\"range\":[0.13333");
}

static void a_fix_that_makes_it_worse_is_told_so(void **state)
{
	(void)state;
	const struct verdict worse[] = {run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 60, 60)};
	const struct verdict leak[] = {run(VERDICT_LEAK, 8, 60), run(VERDICT_LEAK, 8, 60)};
	assert_tells(worse, leak, 2, "the rate rose by 86.7 points (95 % interval 78.7 to 92.2)\"");
	assert_tells(leak, leak, 2, "the rate stayed the same\"");
}

static void one_run_is_told_as_one(void **state)
{
	(void)state;
	const struct verdict clean = run(VERDICT_CLEAN, 0, 60), leak = run(VERDICT_LEAK, 60, 60);
	assert_tells(&clean, &leak, 1,
	    "60 of 60 logon sessions leaked in 1 run (100 %, 95 % interval 94 % to 100 %)");
	assert_tells(&clean, &leak, 1, "1 run against 1 cannot be told from luck");
	const struct verdict unknown[] = {run(VERDICT_INCONCLUSIVE, 0, 60), clean},
	                     leaks[] = {leak, leak};
	assert_tells(unknown, leaks, 2, "1 run with the fix is INCONCLUSIVE");
}

static void why_a_fix_of_orphans_alone_is_none_is_told(void **state)
{
	(void)state;
	const struct verdict now[] = {
	    run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60), run(VERDICT_CLEAN, 0, 60)};
	const struct verdict before[] = {
	    run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 60, 60), run(VERDICT_LEAK, 60, 60)};
	const struct verdict of_handles[] = {
	    run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60), run(VERDICT_LEAK, 0, 60)};
	assert_tells(
	    now, before, 3, "with the fix: 2 of 3 runs leak handles, but no logon session");
	assert_tells(now, of_handles, 3, "without the fix: 3 of 3 runs leak handles\"");
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
	    unit_test(runs_that_differ_are_told_by_their_range),
	    unit_test(a_fix_that_makes_it_worse_is_told_so),
	    unit_test(one_run_is_told_as_one),
	    unit_test(why_a_fix_of_orphans_alone_is_none_is_told),
	    unit_test(inconclusive_runs_do_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
