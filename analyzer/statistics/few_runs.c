/* The difference of two logits in units of its error, which has a part that more cycles do not make smaller: runs differ. */
#include "statistics/few_runs.h"

#include <math.h>
#include <stdbool.h>

#define LEVEL_Z 1.645 /* of the normal distribution */

/* A half more on each side keeps the logit finite where none or all leaked (Haldane, Anscombe). */
static double logit(const struct few_runs *side)
{
	return log(((double)side->k + 0.5) / ((double)(side->n - side->k) + 0.5));
}

static double logit_variance(const struct few_runs *side)
{
	return 1 / ((double)side->k + 0.5) + 1 / ((double)(side->n - side->k) + 0.5);
}

static double between_runs(const struct few_runs *one, const struct few_runs *other)
{
	return 1 / (double)one->count + 1 / (double)other->count;
}

double few_runs_chance(const struct few_runs *one, const struct few_runs *other)
{
	const double variance = logit_variance(one) + logit_variance(other) +
	                        FEW_RUNS_SPREAD * FEW_RUNS_SPREAD * between_runs(one, other);

	return erfc(fabs(logit(one) - logit(other)) / sqrt(2 * variance)) / 2;
}

double few_runs_overturning(const struct few_runs *one, const struct few_runs *other)
{
	const double most = pow((logit(one) - logit(other)) / LEVEL_Z, 2),
	             variance = logit_variance(one) + logit_variance(other);

	return most > variance ? sqrt((most - variance) / between_runs(one, other)) : NAN;
}

/* Enough runs decide by themselves: each of those without the fix leaks more than any with it. */
static bool tells(int64_t k, int64_t n, size_t runs)
{
	const struct few_runs now = {0, n, runs}, before = {k, n, runs};

	return runs >= FEW_RUNS_ENOUGH ? k >= (int64_t)runs
	                               : few_runs_chance(&before, &now) <= FEW_RUNS_LEVEL;
}

int64_t few_runs_least_before(int64_t cycles, size_t runs)
{
	const int64_t n = cycles * (int64_t)runs;

	for (int64_t k = 1; k <= n; k++)
		if ((double)k >= FEW_RUNS_LEAST_SHARE * (double)n && tells(k, n, runs))
			return k;
	return 0;
}
