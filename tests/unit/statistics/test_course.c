/* Where counts go over ten moments or hundreds: one that leaks is found among others, and none of those is accused. */
#include "tests/unit/unit.h"

#include <math.h>

#include "statistics/course.h"
#include "statistics/trend.h"

#define MOST 300

/* splitmix64, by Sebastiano Vigna: public domain. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double uniform(uint64_t *state)
{
	return (double)(next(state) >> 11) * 0x1p-53;
}

static double x[MOST];

static void moments(size_t count)
{
	for (size_t i = 0; i < count; i++)
		x[i] = (double)i;
}

static enum course_word word_of(const double *y, size_t count)
{
	struct course course, *one = &course;
	moments(count);
	assert_true(course_measure(x, y, count, &course));
	assert_true(courses_decide(&one, 1));
	return course.word;
}

static void each_course_has_its_word(void **state)
{
	(void)state;
	static const double steady[] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7},
	                    rises[] = {100, 104, 107, 112, 116, 119, 124, 128, 131, 136},
	                    falls[] = {136, 131, 128, 124, 119, 116, 112, 107, 104, 100},
	                    fills[] = {100, 150, 175, 188, 194, 197, 198, 199, 199, 199},
	                    step[] = {100, 100, 200, 200, 201, 200, 200, 199, 200, 200},
	                    wanders[] = {100, 103, 99, 104, 98, 101, 97, 103, 100, 102},
	                    late[] = {100, 100, 100, 100, 100, 100, 100, 100, 100, 160};
	assert_int_equal(word_of(steady, 10), COURSE_STEADY);
	assert_int_equal(word_of(rises, 10), COURSE_RISES);
	assert_int_equal(word_of(falls, 10), COURSE_FALLS);
	assert_int_equal(word_of(fills, 10), COURSE_LEVELS_OFF);
	assert_int_equal(word_of(step, 10), COURSE_LEVELS_OFF);
	assert_int_equal(word_of(wanders, 10), COURSE_WANDERS);
	assert_int_equal(word_of(late, 10), COURSE_WANDERS);
	assert_int_equal(word_of(rises, TREND_POINTS), COURSE_RISES);
	assert_int_equal(word_of(rises, TREND_POINTS - 1), COURSE_TOO_FEW);
}

/* Of so many counts in a comparison, each as long: how often at least one is said to rise, of 200 comparisons. */
static int accused(size_t family, size_t count)
{
	uint64_t random = 42;
	int wrong = 0;
	moments(count);
	for (int trial = 0; trial < 200; trial++) {
		struct course courses[40], *all[40];
		bool any = false;
		for (size_t i = 0; i < family; i++) {
			double y[MOST] = {1000};
			for (size_t j = 1; j < count; j++)
				y[j] = y[j - 1] + (uniform(&random) < 0.5 ? -1 : 1) *
				                      (double)(1 + next(&random) % 3);
			all[i] = &courses[i];
			assert_true(course_measure(x, y, count, all[i]));
		}
		assert_true(courses_decide(all, family));
		for (size_t i = 0; i < family; i++)
			any |= courses[i].word == COURSE_RISES;
		wrong += any;
	}
	return wrong;
}

/* 0.5 % of 200 is 1. */
static void what_wanders_is_not_said_to_rise(void **state)
{
	(void)state;
	assert_in_range(accused(1, 10), 0, 4);
	assert_in_range(accused(40, 10), 0, 4);
	assert_in_range(accused(40, 40), 0, 4);
	assert_in_range(accused(20, 300), 0, 4);
}

static void one_that_leaks_is_found_among_many(void **state)
{
	(void)state;
	uint64_t random = 7;
	int found = 0;
	moments(24);
	for (int trial = 0; trial < 100; trial++) {
		struct course courses[40], *all[40];
		for (size_t i = 0; i < 40; i++) {
			double y[24];
			for (size_t j = 0; j < 24; j++)
				y[j] = 500 + (i == 7 ? 4 * (double)j : 0) +
				       floor(10 * uniform(&random));
			all[i] = &courses[i];
			assert_true(course_measure(x, y, 24, all[i]));
		}
		assert_true(courses_decide(all, 40));
		found += courses[7].word == COURSE_RISES;
		for (size_t i = 0; i < 40; i++)
			assert_true(i == 7 || courses[i].word != COURSE_RISES);
	}
	assert_in_range(found, 90, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(each_course_has_its_word),
	    unit_test(what_wanders_is_not_said_to_rise),
	    unit_test(one_that_leaks_is_found_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
