/* Knows when a rise is a leak: it is steadier than what only wanders, it does not slow down, as what fills up does, and the quiet
 * host shows what is left. */
#include "judge/rise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/drift.h"
#include "statistics/trend.h"

/* Of what is not too short; without points otherwise. False only when memory is out. */
static bool find_drift(const struct series *series, double limit, struct drift *out)
{
	return drift_of_counts(
	    series->axis->cycles, series->counts, series->samples->count, limit, 0, out);
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
	const bool flat = is_flat(series);
	struct drift drift = {.chance = 1, .pace = 1, .late_upper = flat ? 0 : INFINITY};

	if (!flat && !find_drift(series, limit, &drift))
		return false;
	const struct samples *samples = series->samples;
	*rise = (struct rise){
	    .series = series,
	    .points = drift.points,
	    .slows = drift.slows,
	    .late_upper = drift.late_upper,
	    .growth =
	        {
	            .pid = series->pid,
	            .before = count_at(series, samples->before, SAMPLE_BEFORE(samples)),
	            .settled = count_at(series, samples->settled, SAMPLE_SETTLED(samples)),
	            .samples = (int64_t)samples->count,
	            .totals = series_is_total(series),
	            .slope = drift.slope,
	            .lower = drift.lower,
	            .upper = drift.upper,
	            .kendall_z = drift.kendall_z,
	            .chance = drift.chance,
	            .pace = drift.pace,
	            .first = series->counts[0],
	            .last = series->counts[series->samples->count - 1],
	        },
	};
	rise_find_per(&rise->growth, series);
	return true;
}

/* What was gained from a quarter of the samples, the one that begins after so many eighths of them, until the host was quiet (not
 * seen: until the last sample), and in how many cycles. False only when memory is out. */
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
static bool is_released(const struct growth *growth)
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

/* What surely rises has to go on to the end, and to be left on the quiet host. */
static bool look_at_end(struct rise *rise, const struct rising *rising)
{
	const struct series *series = rise->series;
	struct growth *growth = &rise->growth;
	double gain, cycles;

	if (!gained_since(series, 5, &gain, &cycles))
		return false;
	const bool stops = gain < growth->slope * cycles / 3;
	if (!series->samples->settled)
		mark_uncertain(growth, DOUBT_UNSEEN);
	else if (is_released(growth) || (stops && growth->settled < growth->last))
		mark_uncertain(growth, DOUBT_RELEASED);
	else if (stops || rise->slows)
		mark_uncertain(growth, DOUBT_SLOWING);
	else if (rise->points < RISE_POINTS)
		mark_uncertain(growth, DOUBT_END);
	else if (may_be_of_strangers(series, rising))
		mark_uncertain(growth, DOUBT_OWNER);
	else
		growth->word = GROWTH_LEAK;
	return true;
}

/* By the first and the last sample, where it was not seen without load. */
static double seeming_gain(const struct growth *growth)
{
	const double from = isnan(growth->before) ? growth->first : growth->before,
	             to = isnan(growth->settled) ? growth->last : growth->settled;

	return to - from;
}

/* It had it by the middle of the run. False only when memory is out. */
static bool find_plateau(const struct rise *rise, double limit, bool *out)
{
	const struct growth *growth = &rise->growth;
	double gain, cycles;

	if (!gained_since(rise->series, 4, &gain, &cycles))
		return false;
	*out = !is_released(growth) && rise->late_upper < limit &&
	       gain <= fmin(limit * cycles, LEFT_TO_GAIN * seeming_gain(growth));
	return true;
}

/* What does not rise more surely than a walk, among so many series, may still do so by itself, and more slowly then. */
static bool look_for_shape(struct rise *rise, double limit)
{
	struct growth *growth = &rise->growth;
	double gain, cycles;

	if (!gained_since(rise->series, 5, &gain, &cycles))
		return false;
	mark_uncertain(growth, gain > seeming_gain(growth) / 2        ? DOUBT_LATE
	                       : rise->slows && growth->lower > limit ? DOUBT_SLOWING
	                                                              : DOUBT_WALK);
	return true;
}

/* No more than the limit allows for, beside what comes and goes on the quiet host: what leaks is there in each sample. */
static bool is_within(const struct rise *rise, double limit)
{
	return seeming_gain(&rise->growth) - rise->series->dip <= limit * rise->series->axis->total;
}

bool rise_decide(struct rise *rise, const struct rising *rising, bool above)
{
	const double limit = rising->limit;
	struct growth *growth = &rise->growth;
	bool plateau;

	if (!rise_may_have_gained(rise->series, limit)) {
		growth->word = above ? GROWTH_RELEASED : GROWTH_NONE;
		return true;
	}
	if (!above && is_within(rise, limit))
		return true;
	if (!find_plateau(rise, limit, &plateau))
		return false;
	if (plateau)
		growth->word = GROWTH_PLATEAU;
	return plateau || (above ? look_at_end(rise, rising) : look_for_shape(rise, limit));
}
