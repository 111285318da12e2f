/* How fast something grows. */
#ifndef LEAKLAB_TREND_H
#define LEAKLAB_TREND_H

#include <stdbool.h>
#include <stddef.h>

/* The median of the slopes between all pairs of points (Theil-Sen): outliers do not move it. The x must rise. Of
 * many points some are taken, evenly. False without two points, or when memory is out. */
bool trend_slope(const double *x, const double *y, size_t count, double *out);

/* Thins to at most `most` points, in place: of so many blocks of neighbours the lowest point of the last third each, so that what
 * comes and goes does not show. Thirds, as the steps between the lowest of adjoining blocks depend on each other. Returns how
 * many there are. */
size_t trend_floor(double *x, double *y, size_t count, size_t most);

#define TREND_POINTS 8 /* fewer tell nothing of a trend */

/* Mann-Kendall's test of a trend, corrected for ties. `sorted`: room for as many. */
double trend_kendall_z(const double *y, size_t count, double *sorted);

/* Of at least one value. Changes their order. */
double trend_median(double *values, size_t count);

#endif
