/* Knows when a rise is a leak: its slope's interval lies above the limit, and so does that of its second half: what fills up and
 * stays is a plateau. And the quiet host must show what is left. */
#include "judge/rise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/student.h"
#include "judge/trend.h"

#define FLOOR_POINTS 32 /* of a series; more snapshots make broader blocks, not more points */
#define TAIL 0.025      /* of the interval that is shown: 95 %, two-sided */

/* P(a slope like this | the true one is at the limit), one-sided. */
static double chance(const struct trend *trend, double limit)
{
	if (trend->error > 0)
		return student_tail((trend->slope - limit) / trend->error, trend->freedom);
	return trend->slope > limit ? 0 : 1;
}

static double reach_of(const struct trend *trend)
{
	return trend->error > 0 ? student_quantile(TAIL, trend->freedom) * trend->error : 0;
}

/* Of points with the same x the lowest is left. */
static size_t lowest_of_each(double *x, double *y, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		if (left == 0 || x[i] > x[left - 1]) {
			x[left] = x[i];
			y[left++] = y[i];
		} else if (y[i] < y[left - 1]) {
			y[left - 1] = y[i];
		}
	}
	return left;
}

/* The trend of the floor from this sample on; without points if they are too few. False only when memory is out. */
static bool trend_of(const struct series *series, size_t from, struct trend *out)
{
	size_t count = series->samples->count - from;
	double *x = malloc(2 * count * sizeof *x + 1);

	*out = (struct trend){0};
	if (!x)
		return false;
	double *y = x + count;
	memcpy(x, series->axis->cycles + from, count * sizeof *x);
	memcpy(y, series->counts + from, count * sizeof *y);
	count = trend_floor(x, y, lowest_of_each(x, y, count), FLOOR_POINTS);
	const bool good = count < TREND_POINTS || trend_estimate(x, y, count, out);
	free(x);
	return good;
}

static bool is_flat(const struct series *series)
{
	for (size_t i = 1; i < series->samples->count; i++)
		if (series->counts[i] != series->counts[0])
			return false;
	return true;
}

/* It has more at the end than the limit allows for so many cycles. */
bool rise_has_gained(const struct series *series, double limit)
{
	return series_gain(series) > limit * series->axis->total;
}

/* The same, or the end is not known. */
bool rise_may_have_gained(const struct series *series, double limit)
{
	return rise_has_gained(series, limit) || isnan(series_gain(series));
}

static double count_at(const struct series *series, bool known, size_t place)
{
	return known ? series->counts[place] : NAN;
}

bool rise_measure(struct rise *rise, const struct series *series, double limit)
{
	struct trend trend = {0};

	if (!is_flat(series) && !trend_of(series, 0, &trend))
		return false;
	const double reach = reach_of(&trend);
	const struct samples *samples = series->samples;
	*rise = (struct rise){
	    .series = series,
	    .growth =
	        {
	            .pid = series->pid,
	            .before = count_at(series, samples->before, SAMPLE_BEFORE(samples)),
	            .settled = count_at(series, samples->settled, SAMPLE_SETTLED(samples)),
	            .samples = (int64_t)samples->count,
	            .totals = series_is_total(series),
	            .slope = trend.slope,
	            .error = trend.error,
	            .lower = trend.slope - reach,
	            .upper = trend.slope + reach,
	            .kendall_z = trend.kendall_z,
	            .chance = chance(&trend, limit),
	            .first = series->counts[0],
	            .last = series->counts[series->samples->count - 1],
	        },
	};
	return true;
}

/* What was gained from a quarter of the looks, the one that begins after so many eighths of them, until the host was quiet (not
 * seen: until the last look), and in how many cycles. False only when memory is out. */
static bool gained_since(const struct series *series, size_t eighths, double *gain, double *cycles)
{
	const struct samples *samples = series->samples;
	const size_t from = samples->count * eighths / 8,
	             count = samples->count * (eighths + 2) / 8 - from;
	double *quarter = malloc(count * sizeof *quarter + 1);

	if (!quarter)
		return false;
	memcpy(quarter, series->counts + from, count * sizeof *quarter);
	*gain = series->counts[samples->settled ? SAMPLE_SETTLED(samples) : samples->count - 1] -
	        trend_median(quarter, count);
	memcpy(quarter, series->axis->cycles + from, count * sizeof *quarter);
	*cycles = series->axis->total - trend_median(quarter, count);
	free(quarter);
	return true;
}

static void mark_uncertain(struct growth *growth, enum growth_doubt doubt)
{
	growth->word = GROWTH_UNCERTAIN;
	growth->doubt = doubt;
}

/* Less than half of what it gained under load is left. */
static bool is_let_go(const struct growth *growth)
{
	return growth->settled - growth->before < (growth->last - growth->before) / 2;
}

/* Others who log on make it rise at most twice each: as they do, and as their programs start. */
static bool may_be_of_strangers(const struct series *series, const struct rising *rising)
{
	const struct samples *samples = series->samples;
	size_t rises = series->counts[SAMPLE_SETTLED(samples)] > series->counts[samples->count - 1];

	for (size_t i = 1; i < samples->count; i++)
		rises += series->counts[i] > series->counts[i - 1];
	return series->unowned_gain > rising->limit * series->axis->total &&
	       rises <= 2 * rising->strangers;
}

/* Of what is surely above the limit, in the second half as well: the quiet host has to show it, too. */
static bool look_at_end(struct rise *rise, const struct rising *rising)
{
	const struct series *series = rise->series;
	struct growth *growth = &rise->growth;
	double gain, cycles;

	if (!gained_since(series, 5, &gain, &cycles))
		return false;
	if (!series->samples->settled)
		mark_uncertain(growth, DOUBT_UNSEEN);
	else if (is_let_go(growth))
		mark_uncertain(growth, DOUBT_LET_GO);
	else if (gain < growth->slope * cycles / 3)
		mark_uncertain(growth, growth->settled < growth->last ? DOUBT_LET_GO : DOUBT_END);
	else if (may_be_of_strangers(series, rising))
		mark_uncertain(growth, DOUBT_OWNER);
	else
		growth->word = GROWTH_LEAK;
	return true;
}

/* What a series is that may be above the limit; `above`: it surely is. The second half of the run tells what goes on from
 * what filled up and stays. */
static bool look_at_second_half(struct rise *rise, const struct rising *rising, bool above)
{
	const double limit = rising->limit;
	struct growth *growth = &rise->growth;
	struct trend trend;
	double gain, cycles;

	if (!trend_of(rise->series, rise->series->samples->count / 2, &trend) ||
	    !gained_since(rise->series, 4, &gain, &cycles))
		return false;
	if (trend.points > 0 && trend.slope + reach_of(&trend) < limit) {
		if (gain > limit * cycles)
			mark_uncertain(growth, DOUBT_LATE);
		else
			growth->word = GROWTH_PLATEAU;
	} else if (!above) {
		mark_uncertain(growth, growth->upper > limit ? DOUBT_SLOPE : DOUBT_UNSTEADY);
	} else if (trend.points == 0 || trend.slope - reach_of(&trend) <= limit) {
		mark_uncertain(growth, DOUBT_END);
	} else {
		return look_at_end(rise, rising);
	}
	return true;
}

/* What was let go once the load was over has not leaked: what is left on the quiet host judges. */
/* By the first and the last look, where it was not seen without load. */
static bool seems_gained(const struct rise *rise, double limit)
{
	const struct growth *growth = &rise->growth;
	const double from = isnan(growth->before) ? growth->first : growth->before,
	             to = isnan(growth->settled) ? growth->last : growth->settled;

	return to - from > limit * rise->series->axis->total;
}

bool rise_decide(struct rise *rise, const struct rising *rising, bool above)
{
	const double limit = rising->limit;
	struct growth *growth = &rise->growth;
	const bool unsteady = series_is_pooled(rise->series) && seems_gained(rise, limit);

	if ((above || growth->upper > limit || unsteady) &&
	    !look_at_second_half(rise, rising, above))
		return false;
	if (growth->word != GROWTH_NONE && !rise_may_have_gained(rise->series, limit))
		growth->word = GROWTH_RELEASED;
	return true;
}
