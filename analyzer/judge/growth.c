/* Knows when a rise is a leak: its slope's interval lies above the limit, at a level corrected for the number of series that
 * were looked at (S. Holm, Scand. J. Statist. 6 (1979), 65), and so does that of its second half: what fills up and stays is
 * a plateau. */
#include "judge/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/gains.h"
#include "judge/series.h"
#include "judge/student.h"
#include "judge/trend.h"

#define FLOOR_POINTS 32 /* of a series; more snapshots make broader blocks, not more points */
#define LEVEL 0.005     /* family-wise, one-sided: the false alarms that are tolerated */
#define TAIL 0.025      /* of the interval that is shown: 95 %, two-sided */
#define KEPT 50         /* series that a verdict carries */

static bool copy_series(struct growth *growth, const struct series *series)
{
	growth->pid = series->pid;
	growth->image = series->image ? strdup(series->image) : NULL;
	growth->type = strdup(series->type);
	return growth->type && (growth->image || !series->image);
}

/* P(a slope like this | the true one is at the limit), one-sided. */
static double chance(const struct trend *trend, double limit)
{
	if (trend->error > 0)
		return student_tail((trend->slope - limit) / trend->error, trend->freedom);
	return trend->slope > limit ? 0 : 1;
}

/* The trend of the points from..count of the floor. False: there are too few. */
static bool trend_of(
    const struct series_set *set, const struct series *series, size_t from, struct trend *out)
{
	const size_t count = set->samples - from;
	double *x = malloc(2 * count * sizeof *x);

	if (!x)
		return false;
	double *y = x + count;
	memcpy(x, set->cycles + from, count * sizeof *x);
	memcpy(y, series->counts + from, count * sizeof *y);
	const size_t points = trend_floor(x, y, count, FLOOR_POINTS);
	const bool good = trend_estimate(x, y, points, out);
	free(x);
	return good;
}

/* Processes of sessions come and go with them: what is not there to the end has leaked nothing that stays. */
static bool stays(const struct series_set *set, const struct series *series)
{
	for (size_t i = set->samples - set->samples / 4; i < set->samples; i++)
		if (series->counts[i] == 0)
			return false;
	return true;
}

static bool is_flat(const struct series_set *set, const struct series *series)
{
	for (size_t i = 1; i < set->samples; i++)
		if (series->counts[i] != series->counts[0])
			return false;
	return true;
}

static bool measure(
    const struct series_set *set, const struct series *series, double limit, struct growth *growth)
{
	struct trend trend = {0};

	if (!copy_series(growth, series) ||
	    (!is_flat(set, series) && !trend_of(set, series, 0, &trend)))
		return false;
	const double reach =
	    trend.error > 0 ? student_quantile(TAIL, trend.freedom) * trend.error : 0;
	growth->slope = trend.slope;
	growth->error = trend.error;
	growth->lower = trend.slope - reach;
	growth->upper = trend.slope + reach;
	growth->kendall_z = trend.kendall_z;
	growth->chance = chance(&trend, limit);
	growth->first = series->counts[0];
	growth->last = series->counts[set->samples - 1];
	growth->totals = strcmp(series->type, SERIES_ALL_HANDLES) == 0;
	return true;
}

static int by_chance(const void *a, const void *b)
{
	const struct growth *one = a, *other = b;

	if (one->chance != other->chance)
		return one->chance < other->chance ? -1 : 1;
	return (one->slope < other->slope) - (one->slope > other->slope);
}

static const struct series *series_of(const struct series_set *set, const struct growth *growth)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct series *series = &set->items[i];
		if (series->pid == growth->pid && strcmp(series->type, growth->type) == 0 &&
		    (series->image == NULL) == (growth->image == NULL) &&
		    (!growth->image || strcmp(series->image, growth->image) == 0))
			return series;
	}
	return NULL;
}

/* Whether it still rises in the second half of the run. Not known with too few points there. */
static enum growth_word still_rises(
    const struct series_set *set, const struct growth *growth, double limit)
{
	const struct series *series = series_of(set, growth);
	struct trend trend;

	if (!series || !trend_of(set, series, set->samples / 2, &trend))
		return GROWTH_UNCERTAIN;
	const double reach =
	    trend.error > 0 ? student_quantile(TAIL, trend.freedom) * trend.error : 0;
	if (trend.slope - reach > limit)
		return GROWTH_LEAK;
	return trend.slope + reach < limit ? GROWTH_PLATEAU : GROWTH_UNCERTAIN;
}

/* By Holm's steps down: the surest first, and none after the first that fails. */
static void decide(struct verdict *verdict, const struct series_set *set, double limit)
{
	bool holds = true;

	for (size_t i = 0; i < verdict->growth_count; i++) {
		struct growth *growth = &verdict->growths[i];
		holds = holds && growth->chance * (double)(verdict->growth_count - i) <= LEVEL;
		if (holds)
			growth->word = still_rises(set, growth, limit);
		else if (growth->upper > limit)
			growth->word = GROWTH_UNCERTAIN;
		else
			growth->word = GROWTH_NONE;
	}
}

static bool same_process(const struct growth *a, const struct growth *b)
{
	return a->pid == b->pid &&
	       (a->image == b->image || (a->image && b->image && strcmp(a->image, b->image) == 0));
}

/* The handles of all types rise with those of each type: only what goes beyond them is news. */
static void take_off_explained(struct verdict *verdict, double limit)
{
	for (size_t i = 0; i < verdict->growth_count; i++) {
		struct growth *all = &verdict->growths[i];
		double beyond = all->slope;
		if (!all->totals || all->word != GROWTH_LEAK)
			continue;
		for (size_t j = 0; j < verdict->growth_count; j++)
			if (!verdict->growths[j].totals && same_process(all, &verdict->growths[j]))
				beyond -= verdict->growths[j].slope;
		if (beyond <= limit)
			all->word = GROWTH_EXPLAINED;
	}
}

/* What was let go once the load was over has not leaked: settled counts judge, not those under load. */
static bool drop_released(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	struct gains gains;

	if (!gains_find(&gains, evidence))
		return false;
	for (size_t i = 0; i < verdict->growth_count && gains.known; i++) {
		struct growth *growth = &verdict->growths[i];
		const int64_t gain = gains_of(&gains, evidence, growth);
		if (growth->word != GROWTH_NONE && gain != NUMBER_UNKNOWN &&
		    (double)gain <= limits->growth * (double)verdict->n)
			growth->word = GROWTH_RELEASED;
	}
	gains_deinit(&gains);
	return true;
}

static void keep_most_telling(struct verdict *verdict)
{
	for (size_t i = KEPT; i < verdict->growth_count; i++) {
		free(verdict->growths[i].image);
		free(verdict->growths[i].type);
	}
	if (verdict->growth_count > KEPT)
		verdict->growth_count = KEPT;
}

const char *const growth_words[6] = {
    [GROWTH_NONE] = "none",
    [GROWTH_LEAK] = "leak",
    [GROWTH_PLATEAU] = "plateau",
    [GROWTH_UNCERTAIN] = "uncertain",
    [GROWTH_EXPLAINED] = "explained",
    [GROWTH_RELEASED] = "released",
};

bool growth_find(struct verdict *verdict, const struct evidence *evidence,
    const struct limits *limits, struct runfile *runfile, struct error *error)
{
	struct series_set set;
	bool good = true;

	if (!series_load(&set, evidence, runfile, error))
		return false;
	verdict->growth_samples = (int64_t)set.samples;
	if (set.samples >= TREND_POINTS && set.count > 0) {
		verdict->growths = calloc(set.count, sizeof *verdict->growths);
		good = verdict->growths != NULL;
		for (size_t i = 0; i < set.count && good; i++)
			if (stays(&set, &set.items[i]))
				good = measure(&set, &set.items[i], limits->growth,
				    &verdict->growths[verdict->growth_count++]);
		if (!good)
			error_set(error, EXIT_TARGET, "out of memory");
	}
	verdict->growth_tested = (int64_t)verdict->growth_count;
	if (good && verdict->growth_count > 0) {
		qsort(verdict->growths, verdict->growth_count, sizeof *verdict->growths, by_chance);
		decide(verdict, &set, limits->growth);
		if (!drop_released(verdict, evidence, limits))
			good = error_set(error, EXIT_TARGET, "out of memory");
		take_off_explained(verdict, limits->growth);
		keep_most_telling(verdict);
	}
	series_deinit(&set);
	return good;
}

void growths_deinit(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->growth_count; i++) {
		free(verdict->growths[i].image);
		free(verdict->growths[i].type);
	}
	free(verdict->growths);
}

bool growth_is_leak(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->growth_count; i++)
		if (verdict->growths[i].word == GROWTH_LEAK && !verdict->growths[i].totals)
			return true;
	return false;
}

static const char *image_of(const struct growth *growth)
{
	return growth->image ? growth->image : "a process without a name";
}

static bool tell_leak(
    struct sentences *out, const struct verdict *verdict, const struct growth *growth)
{
	const char *what = growth->totals ? "" : growth->type;
	const char *blank = growth->totals ? "" : " ";

	return sentences_add(out,
	    "%s%shandles of %s (process %lld) rise by %.2f a cycle (95 %% interval %.2f to %.2f)%s",
	    what, blank, image_of(growth), (long long)growth->pid, growth->slope, growth->lower,
	    growth->upper,
	    growth->totals ? ": a leak of its own, which is not judged here"
	    : verdict->k == 0 && verdict->orphans_known
	        ? ": they leak, though no logon session outlives its RDS session"
	        : "");
}

bool growth_tell(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->k == 0 && verdict->growth_samples < TREND_POINTS && verdict->culprits_known &&
	    !sentences_add(out,
	        "how handles rise with the cycles was not tested: %lld snapshots during the load count, and %d are needed "
	        "(observe_every)",
	        (long long)verdict->growth_samples, TREND_POINTS))
		return false;
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		/* With orphans their holders are named by identity, which says more. */
		if (growth->word == GROWTH_LEAK && (growth->totals || verdict->k == 0) &&
		    !tell_leak(out, verdict, growth))
			return false;
		if (growth->word == GROWTH_PLATEAU && !growth->totals &&
		    !sentences_add(out,
		        "%s handles of %s (process %lld) rose from %.0f to %.0f and stay there: a plateau, no leak",
		        growth->type, image_of(growth), (long long)growth->pid, growth->first,
		        growth->last))
			return false;
	}
	return true;
}

/* How many times the cycles it takes until the interval lies on one side of the limit: a slope's error falls with the power 1.5
 * of the length. */
static double lengthening(const struct growth *growth, double limit)
{
	const double reach = (growth->upper - growth->lower) / 2,
	             distance = fabs(growth->slope - limit);

	return distance > reach / 30 ? pow(reach / distance, 2.0 / 3) : 10;
}

/* With too few snapshots for a trend, what was gained from the beginning to the end may be one. */
static bool doubt_gain(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	struct gains gains;
	bool good = true;

	if (verdict->growth_samples >= TREND_POINTS)
		return true;
	if (!gains_find(&gains, evidence))
		return false;
	for (size_t i = 0; i < gains.count && good; i++) {
		const struct gain *gain = &gains.items[i];
		if ((double)(gain->settled - gain->before) <= limits->growth * (double)verdict->n)
			continue;
		good = sentences_add(out,
		    "%s handles of %s (process %lld) for the run's accounts rose from %lld to %lld, and %lld snapshots during "
		    "the load are too few to tell why: take %d at least (observe_every)",
		    gain->first->type,
		    gain->first->image ? gain->first->image : "a process without a name",
		    (long long)gain->first->pid, (long long)gain->before, (long long)gain->settled,
		    (long long)verdict->growth_samples, TREND_POINTS);
	}
	gains_deinit(&gains);
	return good;
}

bool growth_doubt(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	if (!doubt_gain(out, verdict, evidence, limits))
		return false;
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (growth->word != GROWTH_UNCERTAIN || growth->totals)
			continue;
		const double times = lengthening(growth, limits->growth);
		const int64_t more =
		    (int64_t)ceil((double)verdict->n * (times > 1.2 ? times - 1 : 0.2));
		if (!sentences_add(out,
		        "%s handles of %s (process %lld) may rise by up to %.2f a cycle (limit %.2f, judge.growth): run "
		        "%lld more cycles to tell",
		        growth->type, image_of(growth), (long long)growth->pid, growth->upper,
		        limits->growth, (long long)more))
			return false;
	}
	return true;
}
