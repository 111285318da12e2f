/* How fast something grows, and how surely. Inside this folder. */
#ifndef LEAKLAB_TREND_H
#define LEAKLAB_TREND_H

#include <stdbool.h>
#include <stddef.h>

/* The median of the slopes between all pairs of points (Theil-Sen): outliers do not move it. The x must rise. Of
 * many points some are taken, evenly. False without two points, or when memory is out. */
bool trend_slope(const double *x, const double *y, size_t count, double *out);

/* The lowest point of each of at most `most` blocks of neighbours, in place: a sawtooth's floor, on which what comes and goes
 * does not show. Returns how many there are. */
size_t trend_floor(double *x, double *y, size_t count, size_t most);

struct trend {
	size_t points;
	double slope;     /* Theil-Sen, per unit of x */
	double error;     /* its standard error, by a moving-block bootstrap of the residuals */
	double freedom;   /* of that error, for Student's t */
	double kendall_z; /* Mann-Kendall's, corrected for ties: support only, never proof */
};

#define TREND_POINTS 8 /* fewer say nothing of an error */

/* The x must rise. False with fewer than TREND_POINTS points, or when memory is out. The same points give the same result. */
bool trend_estimate(const double *x, const double *y, size_t count, struct trend *out);

/* Of at least one value. Changes their order. */
double trend_median(double *values, size_t count);

#endif
