/* How surely a count rises, also one that may only wander. */
#ifndef LEAKLAB_DRIFT_H
#define LEAKLAB_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

struct drift {
	size_t points;
	double slope;        /* per unit of x */
	double lower, upper; /* its 95 % interval */
	double
	    chance; /* of such a rise by a random walk, or an AR(1) of less, that gains no more than the limit */
	double kendall_z; /* Mann-Kendall's, corrected for ties: support only, never proof */
	double
	    pace; /* slope of the second half as a share of the first half's; 1: that one does not rise */
	bool slows;
	double
	    late_upper; /* the second half's slope is lower, if what is around it is noise: at 97.5 % */
};

/* The x must rise; limit: a slope. False with fewer than TREND_POINTS points, or when memory is out. */
bool drift_estimate(
    const double *x, const double *y, size_t count, double limit, struct drift *out);

/* The same of counts of any number, in any number of points: of those with the same x the last counts, and many are thinned to the lowest of
 * each of so many blocks, so that what comes and goes does not show. grain: steps are taken to be spread by this at least; 0: as they are. Without points where they are too few. False only
 * when memory is out. */
bool drift_of_counts(
    const double *x, const double *y, size_t count, double limit, double grain, struct drift *out);

#define RISE_POINTS 16   /* fewer do not tell a leak from a cache that fills */
#define LEFT_TO_GAIN 0.1 /* of its gain, in the second half: more is no plateau */

#endif
