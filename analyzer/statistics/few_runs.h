/* Leaks in runs with a fix against those in runs without it, where the runs are so few that their own spread is not known. */
#ifndef LEAKLAB_FEW_RUNS_H
#define LEAKLAB_FEW_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* From so many runs a side on their own spread decides. Of fewer it is assumed, on the scale of logits. */
#define FEW_RUNS_ENOUGH 3
#define FEW_RUNS_SPREAD 1.0
/* A difference that chance gives this rarely is taken for real; one-sided. */
#define FEW_RUNS_LEVEL 0.05

/* Of a hundred cycles without the fix so many have to leak, for none with it to show that it is fixed. */
#define FEW_RUNS_LEAST_SHARE 0.12

/* k of n cycles leaked in so many runs of a side. */
struct few_runs {
	int64_t k, n;
	size_t count;
};

/* How likely so large a difference is by chance alone. */
double few_runs_chance(const struct few_runs *one, const struct few_runs *other);
/* The spread between runs with which chance would explain the difference; NAN: chance explains it even without any. */
double few_runs_overturning(const struct few_runs *one, const struct few_runs *other);
/* How many of a side's cycles must leak without the fix, so that none with it shows that it works, where each side has so many runs
 * of so many cycles; of runs that are enough at least one in each. 0: no number does. */
int64_t few_runs_least_before(int64_t cycles, size_t runs);

#endif
