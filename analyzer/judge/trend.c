/* Theil-Sen estimator: P. K. Sen, J. Amer. Statist. Assoc. 63 (1968), 1379. */
#include "judge/trend.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 400      /* of the bootstrap */
#define MOST_POINTS 1000 /* half a million pairs */

static int order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

/* The value that would be at this place if they were sorted; those before it are no larger. C. A. R. Hoare's FIND. */
static double at_place(double *values, size_t count, size_t place)
{
	size_t low = 0, high = count - 1;

	while (low < high) {
		const double pivot = values[place];
		size_t i = low, j = high;
		do {
			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i <= j) {
				const double swap = values[i];
				values[i++] = values[j];
				values[j] = swap;
				if (j == 0)
					break;
				j--;
			}
		} while (i <= j);
		if (j < place)
			low = i;
		if (place < i)
			high = j;
	}
	return values[place];
}

double trend_median(double *values, size_t count)
{
	const double upper = at_place(values, count, count / 2);
	double lower = values[0];

	if (count % 2)
		return upper;
	for (size_t i = 1; i < count / 2; i++)
		if (values[i] > lower)
			lower = values[i];
	return (lower + upper) / 2;
}

bool trend_slope(const double *x, const double *y, size_t count, double *out)
{
	size_t points = count < MOST_POINTS ? count : MOST_POINTS;
	if (points < 2)
		return false;
	double *slopes = malloc(points * (points - 1) / 2 * sizeof *slopes);
	if (!slopes)
		return false;
	size_t slope_count = 0;
	for (size_t i = 0; i < points; i++) {
		size_t from = i * (count - 1) / (points - 1);
		for (size_t j = i + 1; j < points; j++) {
			size_t to = j * (count - 1) / (points - 1);
			slopes[slope_count++] = (y[to] - y[from]) / (x[to] - x[from]);
		}
	}
	*out = trend_median(slopes, slope_count);
	free(slopes);
	return true;
}

size_t trend_floor(double *x, double *y, size_t count, size_t most)
{
	const size_t size = (count + most - 1) / most;
	size_t blocks = 0;

	for (size_t from = 0; from < count; from += size, blocks++) {
		size_t lowest = from;
		for (size_t i = from; i < count && i < from + size; i++)
			if (y[i] < y[lowest])
				lowest = i;
		x[blocks] = x[lowest];
		y[blocks] = y[lowest];
	}
	return blocks;
}

/* H. B. Mann, Econometrica 13 (1945), 245; ties: M. G. Kendall, Rank Correlation Methods. */
static double kendall_z(const double *y, size_t count, double *sorted)
{
	double score = 0, variance = (double)count * ((double)count - 1) * (2 * (double)count + 5);

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			score += (y[j] > y[i]) - (y[j] < y[i]);
	memcpy(sorted, y, count * sizeof *y);
	qsort(sorted, count, sizeof *sorted, order);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && sorted[to] == sorted[from];)
			to++;
		const double tied = (double)(to - from);
		variance -= tied * (tied - 1) * (2 * tied + 5);
	}
	if (variance <= 0)
		return 0;
	return (score - (score > 0) + (score < 0)) / sqrt(variance / 18);
}

/* xorshift64: the same evidence is judged the same each time. */
static size_t draw(uint64_t *state, size_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (size_t)(*state % below);
}

/* The slopes' standard deviation over series made of blocks of the residuals: neighbours depend on each other.
 * H. R. Kuensch, Ann. Statist. 17 (1989), 1217. */
static bool bootstrap(
    const double *x, const double *residuals, size_t count, double *work, double *out)
{
	const size_t block = (size_t)ceil(cbrt((double)count));
	uint64_t state = 0x9e3779b97f4a7c15;
	double sum = 0, squares = 0;

	for (int repeat = 0; repeat < REPEATS; repeat++) {
		double slope;
		for (size_t i = 0; i < count;) {
			const size_t from = draw(&state, count - block + 1);
			for (size_t j = 0; j < block && i < count; j++)
				work[i++] = residuals[from + j];
		}
		if (!trend_slope(x, work, count, &slope))
			return false;
		sum += slope;
		squares += slope * slope;
	}
	const double variance = (squares - sum * sum / REPEATS) / (REPEATS - 1);
	*out = variance > 0 ? sqrt(variance) : 0;
	return true;
}

bool trend_estimate(const double *x, const double *y, size_t count, struct trend *out)
{
	struct trend trend = {.points = count};
	bool good = false;

	if (count < TREND_POINTS || !trend_slope(x, y, count, &trend.slope))
		return false;
	double *residuals = malloc(2 * count * sizeof *residuals);
	if (!residuals)
		return false;
	double *work = residuals + count;
	for (size_t i = 0; i < count; i++)
		work[i] = residuals[i] = y[i] - trend.slope * x[i];
	const double middle = trend_median(work, count);
	for (size_t i = 0; i < count; i++)
		residuals[i] -= middle;
	trend.kendall_z = kendall_z(y, count, work);
	if (bootstrap(x, residuals, count, work, &trend.error)) {
		/* A fitted line takes two, and the residuals come out smaller than the noise. */
		trend.freedom = (double)count - 2;
		trend.error *= sqrt((double)count / trend.freedom);
		*out = trend;
		good = true;
	}
	free(residuals);
	return good;
}
