/* How fast something grows. Inside this folder. */
#ifndef LEAKLAB_TREND_H
#define LEAKLAB_TREND_H

#include <stdbool.h>
#include <stddef.h>

/* The median of the slopes between all pairs of points (Theil-Sen): outliers do not move it. The x must rise. Of
 * many points some are taken, evenly. False without two points, or when memory is out. */
bool trend_slope(const double *x, const double *y, size_t count, double *out);

#endif
