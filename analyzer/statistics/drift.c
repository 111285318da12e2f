/* A test of a slope takes every third random walk for a rise. Two tests hold their level for random walks and for noise around a
 * line alike, and either of them may speak: by the steps from point to point, the stronger one where a count wanders, and
 * by how far the residuals pile up, where it is noisy (N. M. Kiefer, T. J. Vogelsang, H. Bunzel, Econometrica 68 (2000), 695,
 * with other critical values). */
#include "statistics/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/student.h"
#include "statistics/trend.h"

#define TAIL 0.0125 /* of each test's interval, on each side: the narrower of both is at 95 % */
#define LATE_TAIL 0.025
#define SLOW_LEVEL 0.05 /* one-sided: linear leaks that may be taken for ones that slow down */
#define SLOW_FALL 0.25  /* of the mean rate over the run: less is no cache that fills */
#define SLOW_PACE 0.6   /* a cache that fills with tau of half the run has 0.4 */

#define FLOOR_POINTS 32 /* of a series; more samples make broader blocks, not more points */

/* P(a random walk has such a pile) is exp(PILE_A - PILE_B sqrt(pile)), fitted to simulated walks of 18 and 32 points, 6 million
 * each, with normal steps and with steps of 1 to 3 up or down. From 1 % (a pile of 29) over 0.25 % (43) and 0.01 % (86) to
 * 0.0001 % (174) at most a tenth more of them had it. An AR(1) of 0.9 has it less than half as often, white noise never. */
#define PILE_A 1.75
#define PILE_B 1.18

struct slope {
	double value, reach; /* the interval is value +- reach */
	double chance;
};

/* Student's t of the steps beyond the limit. Of small steps that happen to be alike, as those of a count that goes up and down by ones, the spread is taken to be
 * the grain at least: t would be sure of what is once in 2^steps. */
static struct slope by_steps(
    const double *x, const double *y, size_t count, double limit, double grain)
{
	const double steps = (double)count - 1, width = x[count - 1] - x[0];
	const double mean = (y[count - 1] - y[0] - limit * width) / steps;
	double squares = 0;

	for (size_t i = 1; i < count; i++) {
		const double rest = y[i] - y[i - 1] - limit * (x[i] - x[i - 1]) - mean;
		squares += rest * rest;
	}
	squares = fmax(squares, grain * grain * (steps - 1));
	const double error = sqrt(squares / (steps - 1) / steps);
	return (struct slope){
	    .value = (y[count - 1] - y[0]) / width,
	    .reach = student_quantile(TAIL, steps - 1) * error * steps / width,
	    .chance = error > 0 ? student_tail(mean / error, steps - 1) : mean <= 0,
	};
}

static double mean_of(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum / (double)count;
}

/* Least squares. */
static double fit(const double *x, const double *y, size_t count, double *sum_of_squares)
{
	const double x_mean = mean_of(x, count), y_mean = mean_of(y, count);
	double products = 0;

	*sum_of_squares = 0;
	for (size_t i = 0; i < count; i++) {
		*sum_of_squares += (x[i] - x_mean) * (x[i] - x_mean);
		products += (x[i] - x_mean) * (y[i] - y_mean);
	}
	return products / *sum_of_squares;
}

static struct slope by_pile(const double *x, const double *y, size_t count, double limit)
{
	const double x_mean = mean_of(x, count), y_mean = mean_of(y, count);
	double spread, sum = 0, squares = 0;
	const double value = fit(x, y, count, &spread);

	for (size_t i = 0; i < count; i++) {
		sum += (x[i] - x_mean) * (y[i] - y_mean - value * (x[i] - x_mean));
		squares += sum * sum;
	}
	const double unit = sqrt(2 * squares / (double)count) / spread;
	const double pile = unit > 0 ? (value - limit) / unit : value > limit ? INFINITY : 0;
	return (struct slope){
	    .value = value,
	    .reach = pow((PILE_A - log(TAIL)) / PILE_B, 2) * unit,
	    .chance = fmin(1, exp(PILE_A - PILE_B * sqrt(fmax(0, pile)))),
	};
}

/* Whether the steps become smaller as the run goes on. Steps, as a leak at random has residuals that wander, and by a curve's
 * t three in ten of those slow down. */
static bool steps_fall(const double *x, const double *y, size_t count, double *work)
{
	const size_t steps = count - 1;
	double *time = work, *rate = work + steps, spread, squares = 0;

	for (size_t i = 0; i < steps; i++) {
		time[i] = (x[i] + x[i + 1]) / 2;
		rate[i] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
	}
	const double fall = -fit(time, rate, steps, &spread), time_mean = mean_of(time, steps),
	             rate_mean = mean_of(rate, steps);
	for (size_t i = 0; i < steps; i++) {
		const double rest = rate[i] - rate_mean + fall * (time[i] - time_mean);
		squares += rest * rest;
	}
	const double freedom = (double)steps - 2, error = sqrt(squares / freedom / spread);
	return rate_mean > 0 && fall * (x[count - 1] - x[0]) > SLOW_FALL * rate_mean &&
	       fall > student_quantile(SLOW_LEVEL, freedom) * error;
}

/* What of the second half goes on. False only when memory is out. */
static bool find_late(const double *x, const double *y, size_t count, struct drift *out)
{
	const size_t half = count / 2, from = count - half;
	double first, second, spread, squares = 0;

	if (!trend_slope(x, y, from, &first) || !trend_slope(x + from, y + from, half, &second))
		return false;
	const double slope = fit(x + from, y + from, half, &spread),
	             x_mean = mean_of(x + from, half), y_mean = mean_of(y + from, half),
	             freedom = (double)half - 2;
	for (size_t i = from; i < count; i++) {
		const double rest = y[i] - y_mean - slope * (x[i] - x_mean);
		squares += rest * rest;
	}
	out->late_upper =
	    slope + student_quantile(LATE_TAIL, freedom) * sqrt(squares / freedom / spread);
	out->pace = first > 0 ? second / first : 1;
	return true;
}

/* Piles of few points have other critical values: with a grain the steps alone speak for those. */
static bool estimate(
    const double *x, const double *y, size_t count, double limit, double grain, struct drift *out)
{
	struct drift drift = {.points = count};

	if (count < TREND_POINTS)
		return false;
	double *work = malloc(2 * count * sizeof *work);
	if (!work || !find_late(x, y, count, &drift)) {
		free(work);
		return false;
	}
	const bool alone = grain > 0 && count < RISE_POINTS;
	const struct slope steps = by_steps(x, y, count, limit, grain),
	                   pile = by_pile(x, y, count, limit),
	                   *narrower = alone || steps.reach < pile.reach ? &steps : &pile;
	drift.slope = narrower->value;
	drift.lower = narrower->value - narrower->reach;
	drift.upper = narrower->value + narrower->reach;
	drift.chance = alone ? steps.chance : fmin(1, 2 * fmin(steps.chance, pile.chance));
	drift.kendall_z = trend_kendall_z(y, count, work);
	drift.slows = drift.pace < SLOW_PACE || steps_fall(x, y, count, work);
	free(work);
	*out = drift;
	return true;
}

bool drift_estimate(const double *x, const double *y, size_t count, double limit, struct drift *out)
{
	return estimate(x, y, count, limit, 0, out);
}

/* Of points with the same x the last is left. */
static size_t last_of_each(double *x, double *y, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		left += left == 0 || x[i] > x[left - 1];
		x[left - 1] = x[i];
		y[left - 1] = y[i];
	}
	return left;
}

bool drift_of_counts(
    const double *x, const double *y, size_t count, double limit, double grain, struct drift *out)
{
	double *own = malloc(2 * count * sizeof *own + 1);

	if (!own)
		return false;
	if (count)
		memcpy(own, x, count * sizeof *x);
	if (count)
		memcpy(own + count, y, count * sizeof *y);
	const size_t left = last_of_each(own, own + count, count),
	             points = left ? trend_floor(own, own + count, left, FLOOR_POINTS) : 0;
	const bool good =
	    points < TREND_POINTS || estimate(own, own + count, points, limit, grain, out);
	free(own);
	return good;
}
