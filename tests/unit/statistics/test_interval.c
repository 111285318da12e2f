/* Rates from counts: against scipy 1.10 (scipy.stats.beta, t) and published tables. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/interval.h"
#include "statistics/student.h"

static void assert_near(double value, double expected, double most)
{
	if (!(fabs(value - expected) <= most))
		fail_msg("%.10f is not %.10f", value, expected);
}

static void intervals_are_those_of_scipy(void **state)
{
	(void)state;
	static const struct {
		double hits, tries, lower, upper;
	} known[] = {{0, 10, 0, 0.3084971078}, {1, 10, 0.0025285785, 0.4450161170},
	    {5, 10, 0.1870860284, 0.8129139716}, {10, 10, 1 - 0.3084971078, 1},
	    {40, 40, 0.9119026971, 1}, {0, 1, 0, 0.975}, {2.5, 12.5, 0.0348131793, 0.5128120007},
	    {50000, 1000000, 0.0495736395, 0.0504289694}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct interval found = interval_exact(known[i].hits, known[i].tries);
		assert_near(found.lower, known[i].lower, 5e-10);
		assert_near(found.upper, known[i].upper, 5e-10);
	}
}

/* "0 40, 1 20": forty misses, then twenty hits. */
static size_t course_of(bool *hits, const char *text)
{
	size_t count = 0;
	char *end;
	while (*text) {
		const bool hit = strtol(text, &end, 10);
		for (long left = strtol(end, &end, 10); left > 0; left--)
			hits[count++] = hit;
		text = end + strspn(end, ", ");
	}
	return count;
}

static void hits_in_bursts_tell_less(void **state)
{
	(void)state;
	static const struct {
		const char *course;
		double effective, lower, upper;
	} known[] = {{"0 60", 60, 0, 0.0596294923}, {"1 40", 40, 0.911902697, 1},
	    {"0 99, 1 1", 100, 0.000253146033, 0.0544593854},
	    {"0 40, 1 20, 0 40", 0.671137363, 6.35278837e-13, 0.999107157},
	    {"0 50, 1 50", 0.5, 2.88502092e-07, 0.999999711},
	    {"0 19, 1 1, 0 19, 1 1, 0 19, 1 1, 0 19, 1 1, 0 19, 1 1", 100, 0.0164318792,
	        0.112834911},
	    {"0 40, 1 3, 0 1, 1 4, 0 1, 1 4, 0 1, 1 4, 0 1, 1 1, 0 40", 17.7246665, 0.0321881103,
	        0.408792873},
	    {"1 80, 0 10, 1 10", 1.22210081, 0.0313185978, 1},
	    {"0 70, 1 10, 0 10, 1 10", 1.53176368, 2.17477094e-06, 0.961390799}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		bool hits[100];
		const size_t count = course_of(hits, known[i].course);
		const struct course_rate found = interval_of_course(hits, count);
		assert_int_equal(found.tries, count);
		assert_near(found.effective, known[i].effective, 1e-6);
		assert_near(found.interval.lower, known[i].lower, 1e-8);
		assert_near(found.interval.upper, known[i].upper, 1e-8);
	}
}

static void every_second_cycle_is_no_burst(void **state)
{
	(void)state;
	bool hits[60];
	for (size_t i = 0; i < 60; i++)
		hits[i] = i % 2;
	const struct course_rate found = interval_of_course(hits, 60);
	assert_int_equal(found.hits, 30);
	assert_near(found.effective, 60, 1e-9);
	assert_near(found.interval.lower, 0.368062032, 1e-8);
}

static void no_cycle_has_no_rate(void **state)
{
	(void)state;
	assert_int_equal(interval_of_course(NULL, 0).tries, 0);
}

static void clean_at_99_percent_needs_so_many_cycles(void **state)
{
	(void)state;
	static const struct {
		double rate;
		int64_t tries;
	} known[] = {{0.1, 44}, {0.05, 90}, {0.02, 228}, {0.01, 459}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		assert_int_equal(interval_tries_for(known[i].rate), known[i].tries);
		assert_true(interval_smallest_visible(known[i].tries) <= known[i].rate);
		assert_true(interval_smallest_visible(known[i].tries - 1) > known[i].rate);
	}
	assert_near(interval_smallest_visible(60), 0.0739, 0.0001);
	assert_near(interval_smallest_visible_in_bursts(60, 20), 0.5548, 0.0001);
	assert_near(interval_smallest_visible_in_bursts(100, 20), 0.4431, 0.0001);
	assert_near(interval_smallest_visible_in_bursts(300, 20), 0.2242, 0.0001);
}

static void students_t_is_the_tables(void **state)
{
	(void)state;
	assert_near(student_tail(0, 5), 0.5, 1e-9);
	assert_near(student_quantile(0.025, 10), 2.22814, 0.00001);
	assert_near(student_quantile(0.025, 1), 12.70620, 0.00001);
	assert_near(student_quantile(0.005, 30), 2.75000, 0.00001);
	assert_near(student_tail(-2.22814, 10), 0.975, 0.00001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(intervals_are_those_of_scipy),
	    unit_test(hits_in_bursts_tell_less),
	    unit_test(every_second_cycle_is_no_burst),
	    unit_test(no_cycle_has_no_rate),
	    unit_test(clean_at_99_percent_needs_so_many_cycles),
	    unit_test(students_t_is_the_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
