/* Theil-Sen estimator: P. K. Sen, J. Amer. Statist. Assoc. 63 (1968), 1379. */
#include "judge/trend.h"

#include <stdlib.h>

#define MOST_POINTS 1000 /* half a million pairs */

static int order(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, order);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
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
	*out = median(slopes, slope_count);
	free(slopes);
	return true;
}
