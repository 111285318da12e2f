/* Theil-Sen estimator: P. K. Sen, J. Amer. Statist. Assoc. 63 (1968), 1379. */
#include "statistics/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POINTS 1000 /* half a million pairs */

static int order(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;
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
	const size_t size = (count + most - 1) / most, third = size < 3 ? 1 : size / 3;
	size_t blocks = 0;

	for (size_t from = 0; from < count; from += size, blocks++) {
		const size_t end = from + size < count ? from + size : count;
		size_t lowest = end - 1;
		for (size_t i = end - 1; i > from && i > end - third; i--)
			if (y[i - 1] < y[lowest])
				lowest = i - 1;
		x[blocks] = x[lowest];
		y[blocks] = y[lowest];
	}
	return blocks;
}

/* H. B. Mann, Econometrica 13 (1945), 245; ties: M. G. Kendall, Rank Correlation Methods. */
double trend_kendall_z(const double *y, size_t count, double *sorted)
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
