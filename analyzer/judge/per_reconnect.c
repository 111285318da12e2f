/* Knows whether handles rise with the cycles, with their reconnects, or with time. Over whole cycles the two are one; but a sample falls into cycles that
 * have made some of their reconnects and not the others, and what rises with those is then as far as they are. What an agent or a monitor leaks by the clock rises with
 * both: reconnects are steps of time, and finer ones than logons. */
#include <math.h>

#include "judge/rise.h"
#include "statistics/trend.h"

/* Each of the three is a line through the counts; what is left around it decides. */
#define SURE                                                                                       \
	10.0 /* of the logarithms of their likelihoods, the difference: samples in a row are alike */
#define LEAST_NOISE 0.1 /* handles, root mean square: counts are whole */

/* Squares around the line of least squares. */
static double squares_left(const double *x, const double *y, size_t count)
{
	double x_mean = 0, y_mean = 0, xx = 0, xy = 0, yy = 0;

	for (size_t i = 0; i < count; i++) {
		x_mean += x[i] / (double)count;
		y_mean += y[i] / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		xx += (x[i] - x_mean) * (x[i] - x_mean);
		xy += (x[i] - x_mean) * (y[i] - y_mean);
		yy += (y[i] - y_mean) * (y[i] - y_mean);
	}
	return xx > 0 ? fmax(0, yy - xy * xy / xx) : yy;
}

/* The best of all times at which the observers may have looked, so that a slow one spoils no line. */
static double least_squares_left(double *const x[SAMPLE_TIMES], const struct series *series)
{
	double least = INFINITY;

	for (int at = 0; at < SAMPLE_TIMES; at++)
		least = fmin(least, squares_left(x[at], series->counts, series->samples->count));
	return least;
}

/* By the squares that they leave. */
static bool is_surely(double one, double other, size_t count)
{
	return (double)count / 2 * log(other / one) > SURE;
}

void rise_find_per(struct growth *growth, const struct series *series)
{
	const struct axis *axis = series->axis;
	const size_t count = series->samples->count;

	if (count < TREND_POINTS || !axis->reconnects[0] || axis->logons[0][count - 1] <= 0)
		return;
	const double noise = (double)count * LEAST_NOISE * LEAST_NOISE,
	             with_logons = noise + fmin(least_squares_left(axis->logons, series),
	                                       squares_left(axis->cycles, series->counts, count)),
	             with_reconnects = noise + least_squares_left(axis->reconnects, series),
	             with_time = noise + least_squares_left(axis->times, series);
	growth->reconnects = axis->reconnects[0][count - 1] / axis->logons[0][count - 1];
	if (is_surely(with_reconnects, fmin(with_logons, with_time), count))
		growth->per = PER_RECONNECT;
	else if (is_surely(with_time, fmin(with_logons, with_reconnects), count))
		growth->per = PER_TIME;
	else
		growth->per =
		    is_surely(with_logons, with_reconnects, count) ? PER_CYCLE : PER_EITHER;
}
