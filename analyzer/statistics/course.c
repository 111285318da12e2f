/* Knows when a course is more than wandering: by drift.h's tests among all that were measured; and when a rise is over, by what its last quarter has gained since
 * the middle. */
#include "statistics/course.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/holm.h"
#include "statistics/trend.h"

#define STILL_RISING (1.0 / 3) /* of its slope: less is no rise that goes on */
#define GRAIN 1.5              /* handles, as they come and go one by one */
#define CLEAR_GAIN 2           /* beside the range of the second half */

/* Of the quarter that begins after so many eighths. False only when memory is out. */
static bool quarter_median(const double *values, size_t count, size_t eighths, double *out)
{
	const size_t from = count * eighths / 8, size = count * (eighths + 2) / 8 - from;
	double *quarter = malloc(size * sizeof *quarter);

	if (!quarter)
		return false;
	memcpy(quarter, values + from, size * sizeof *quarter);
	*out = trend_median(quarter, size);
	free(quarter);
	return true;
}

static double range_of(const double *values, size_t count)
{
	double low = values[0], high = values[0];

	for (size_t i = 1; i < count; i++) {
		low = fmin(low, values[i]);
		high = fmax(high, values[i]);
	}
	return high - low;
}

/* What the end gains, beside the rest. False only when memory is out. */
static bool find_end(const double *x, const double *y, size_t count, struct course *out)
{
	double begin, middle, end, middle_x, end_x;

	if (!quarter_median(y, count, 0, &begin) || !quarter_median(y, count, 3, &middle) ||
	    !quarter_median(y, count, 6, &end) || !quarter_median(x, count, 3, &middle_x) ||
	    !quarter_median(x, count, 6, &end_x))
		return false;
	const double late = range_of(y + count / 2, count - count / 2);
	out->stops = end - middle < STILL_RISING * out->rise.slope * (end_x - middle_x);
	out->flat_end = end - begin > 0 && end - begin >= CLEAR_GAIN * late &&
	                end - middle <= LEFT_TO_GAIN * (end - begin);
	return true;
}

bool course_measure(const double *x, const double *y, size_t count, struct course *out)
{
	static const struct drift none = {.chance = 1, .pace = 1};
	*out = (struct course){.word = COURSE_TOO_FEW, .rise = none, .fall = none};
	if (count < TREND_POINTS)
		return true;
	if (range_of(y, count) == 0) {
		out->word = COURSE_STEADY;
		return true;
	}
	double *negative = malloc(count * sizeof *negative);
	if (!negative)
		return false;
	for (size_t i = 0; i < count; i++)
		negative[i] = -y[i];
	const bool good = drift_of_counts(x, y, count, 0, GRAIN, &out->rise) &&
	                  drift_of_counts(x, negative, count, 0, GRAIN, &out->fall) &&
	                  find_end(x, y, count, out);
	free(negative);
	if (out->rise.points)
		out->word = COURSE_WANDERS;
	return good;
}

static int by_rise(const void *a, const void *b)
{
	const double one = (*(struct course *const *)a)->rise.chance,
	             other = (*(struct course *const *)b)->rise.chance;
	return (one > other) - (one < other);
}

static int by_fall(const void *a, const void *b)
{
	const double one = (*(struct course *const *)a)->fall.chance,
	             other = (*(struct course *const *)b)->fall.chance;
	return (one > other) - (one < other);
}

bool courses_decide(struct course *const *courses, size_t count)
{
	struct course **sorted = malloc((count + 1) * sizeof *sorted);
	size_t tested = 0;

	if (!sorted)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (courses[i]->word != COURSE_TOO_FEW)
			sorted[tested++] = courses[i];
	}
	struct holm falls = {.level = HOLM_LEVEL, .tested = tested},
	            rises = {.level = HOLM_LEVEL, .tested = tested};
	if (tested)
		qsort(sorted, tested, sizeof(struct course *), by_fall);
	for (size_t i = 0; i < tested; i++) {
		if (holm_next(&falls, sorted[i]->fall.chance))
			sorted[i]->word = COURSE_FALLS;
	}
	if (tested)
		qsort(sorted, tested, sizeof(struct course *), by_rise);
	for (size_t i = 0; i < tested; i++) {
		struct course *course = sorted[i];
		const bool rises_surely = holm_next(&rises, course->rise.chance);
		if (rises_surely)
			course->word =
			    course->stops || course->rise.slows ? COURSE_LEVELS_OFF : COURSE_RISES;
		else if (course->word == COURSE_WANDERS && course->flat_end)
			course->word = COURSE_LEVELS_OFF;
	}
	free(sorted);
	return true;
}
