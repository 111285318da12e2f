/* Knows when a rise is a leak: its slope's interval lies above the limit, at a level corrected for the number of series that
 * were looked at (S. Holm, Scand. J. Statist. 6 (1979), 65), and so does that of its second half: what fills up and stays is
 * a plateau. */
#include "judge/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/series.h"
#include "judge/student.h"
#include "judge/trend.h"

#define FLOOR_POINTS 32 /* of a series; more snapshots make broader blocks, not more points */
#define LEVEL 0.005     /* family-wise, one-sided: the false alarms that are tolerated */
#define TAIL 0.025      /* of the interval that is shown: 95 %, two-sided */
#define KEPT 50         /* series that a verdict carries */

/* A series and what was found of it. */
struct rise {
	const struct series *series;
	struct growth growth; /* its texts belong to the series */
};

struct rises {
	struct rise *items; /* the surest first */
	size_t count;
	size_t tested; /* and those that were not worth measuring */
	double limit;  /* handles a cycle */
};

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

/* Processes of sessions come and go with them: what is not there to the end has leaked nothing that stays. */
static bool stays(const struct series *series)
{
	const size_t count = series->samples->count;

	for (size_t i = count - count / 4; i < count; i++)
		if (series->counts[i] == 0)
			return false;
	return true;
}

static bool is_flat(const struct series *series)
{
	for (size_t i = 1; i < series->samples->count; i++)
		if (series->counts[i] != series->counts[0])
			return false;
	return true;
}

/* It has more at the end than the limit allows for so many cycles. */
static bool has_gained(const struct series *series, double limit)
{
	return series_gain(series) > limit * series->axis->total;
}

/* The same, or the end is not known. */
static bool may_have_gained(const struct series *series, double limit)
{
	return has_gained(series, limit) || isnan(series_gain(series));
}

static bool measure(struct rise *rise, const struct series *series, double limit)
{
	struct trend trend = {0};

	if (!is_flat(series) && !trend_of(series, 0, &trend))
		return false;
	const double reach = reach_of(&trend);
	*rise = (struct rise){
	    .series = series,
	    .growth =
	        {
	            .pid = series->pid,
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

static int by_chance(const void *a, const void *b)
{
	const struct growth *one = &((const struct rise *)a)->growth,
	                    *other = &((const struct rise *)b)->growth;

	if (one->chance != other->chance)
		return one->chance < other->chance ? -1 : 1;
	return (one->slope < other->slope) - (one->slope > other->slope);
}

static bool is_worth_measuring(const struct series *series, double limit)
{
	/* Of single accounts there are many. */
	return series_is_pooled(series) ? stays(series) || has_gained(series, limit)
	                                : stays(series) && may_have_gained(series, limit);
}

static bool measure_all(struct rises *rises, const struct series_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct series *series = &set->items[i];
		if (series->samples->count < TREND_POINTS)
			continue;
		const bool measured = is_worth_measuring(series, rises->limit);
		/* What came and went with its session was never a question. */
		rises->tested += measured || stays(series);
		if (measured && !measure(&rises->items[rises->count++], series, rises->limit))
			return false;
	}
	qsort(rises->items, rises->count, sizeof *rises->items, by_chance);
	return true;
}

static void mark_uncertain(struct growth *growth, enum growth_doubt doubt)
{
	growth->word = GROWTH_UNCERTAIN;
	growth->doubt = doubt;
}

/* What a series is that may be above the limit; `above`: it surely is. The second half of the run tells what goes on from
 * what filled up and stays. */
static bool look_at_second_half(struct rise *rise, double limit, bool above)
{
	struct growth *growth = &rise->growth;
	struct trend trend;

	if (!trend_of(rise->series, rise->series->samples->count / 2, &trend))
		return false;
	if (trend.points > 0 && trend.slope + reach_of(&trend) < limit)
		growth->word = GROWTH_PLATEAU;
	else if (!above)
		mark_uncertain(growth, growth->upper > limit ? DOUBT_SLOPE : DOUBT_UNSTEADY);
	else if (trend.points == 0 || trend.slope - reach_of(&trend) <= limit)
		mark_uncertain(growth, DOUBT_END);
	else if (!rise->series->samples->settled)
		mark_uncertain(growth, DOUBT_UNSEEN);
	else
		growth->word = GROWTH_LEAK;
	return true;
}

/* What was let go once the load was over has not leaked: what is left on the quiet host judges. */
static bool decide_one(struct rise *rise, double limit, bool above)
{
	struct growth *growth = &rise->growth;
	const bool unsteady = series_is_pooled(rise->series) && has_gained(rise->series, limit);

	if ((above || growth->upper > limit || unsteady) &&
	    !look_at_second_half(rise, limit, above))
		return false;
	if (growth->word != GROWTH_NONE && !may_have_gained(rise->series, limit))
		growth->word = GROWTH_RELEASED;
	return true;
}

/* By Holm's steps down: the surest first, and none after the first that fails. */
static bool decide(struct rises *rises)
{
	bool holds = true;

	for (size_t i = 0; i < rises->count; i++) {
		struct rise *rise = &rises->items[i];
		holds = holds && rise->growth.chance * (double)(rises->tested - i) <= LEVEL;
		if (!decide_one(rise, rises->limit, holds))
			return false;
	}
	return true;
}

static bool same_process(const struct series *a, const struct series *b)
{
	return a->pid == b->pid && a->image == b->image;
}

/* The handles of all types rise with those of each type: only what goes beyond them is news. */
static bool explained_by_types(const struct rises *rises, const struct rise *rise)
{
	double beyond = rise->growth.slope;

	for (size_t i = 0; i < rises->count; i++) {
		const struct rise *other = &rises->items[i];
		if (!other->growth.totals && series_is_pooled(other->series) &&
		    same_process(rise->series, other->series))
			beyond -= other->growth.slope;
	}
	return beyond <= rises->limit;
}

/* Those of one account rise with those of all. */
static bool explained_by_all_accounts(const struct rises *rises, const struct rise *rise)
{
	for (size_t i = 0; i < rises->count; i++) {
		const struct rise *other = &rises->items[i];
		if (other->growth.word == GROWTH_LEAK && series_is_pooled(other->series) &&
		    same_process(rise->series, other->series) &&
		    rise->series->type == other->series->type)
			return true;
	}
	return false;
}

static void take_off_explained(struct rises *rises)
{
	for (size_t i = 0; i < rises->count; i++) {
		struct rise *rise = &rises->items[i];
		if (rise->growth.word != GROWTH_LEAK)
			continue;
		if (rise->growth.totals
		        ? explained_by_types(rises, rise)
		        : !series_is_pooled(rise->series) && explained_by_all_accounts(rises, rise))
			rise->growth.word = GROWTH_EXPLAINED;
	}
}

/* With too few snapshots for a trend, what was gained from the beginning to the end may be one. */
static void note_too_few(struct rises *rises, const struct series_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct series *series = &set->items[i];
		const struct samples *samples = series->samples;
		if (samples->count >= TREND_POINTS || series_is_total(series) ||
		    !series_is_pooled(series) || !has_gained(series, rises->limit))
			continue;
		rises->items[rises->count++] = (struct rise){
		    .series = series,
		    .growth = {.pid = series->pid,
		        .word = GROWTH_UNCERTAIN,
		        .doubt = DOUBT_TOO_FEW,
		        .first = series->counts[SAMPLE_BEFORE(samples)],
		        .last = series->counts[SAMPLE_SETTLED(samples)]},
		};
	}
}

const char *const growth_words[6] = {
    [GROWTH_NONE] = "none",
    [GROWTH_LEAK] = "leak",
    [GROWTH_PLATEAU] = "plateau",
    [GROWTH_UNCERTAIN] = "uncertain",
    [GROWTH_EXPLAINED] = "explained",
    [GROWTH_RELEASED] = "released",
};

const char *const growth_doubts[6] = {
    [DOUBT_NONE] = "",
    [DOUBT_SLOPE] = "slope",
    [DOUBT_END] = "end",
    [DOUBT_UNSTEADY] = "unsteady",
    [DOUBT_UNSEEN] = "unseen",
    [DOUBT_TOO_FEW] = "too few",
};

/* How much a word tells. */
static int weight(enum growth_word word)
{
	static const int weights[] = {[GROWTH_LEAK] = 3,
	    [GROWTH_UNCERTAIN] = 2,
	    [GROWTH_PLATEAU] = 1,
	    [GROWTH_EXPLAINED] = 0};

	return weights[word];
}

static int by_weight(const void *a, const void *b)
{
	const struct rise *one = a, *other = b;
	const int difference = weight(other->growth.word) - weight(one->growth.word);

	return difference ? difference : by_chance(a, b);
}

static bool keep(struct verdict *verdict, const struct rise *rise)
{
	const struct series *series = rise->series;
	const char *user = series_is_pooled(series) ? NULL : series->axis->user;
	struct growth *growth = &verdict->growths[verdict->growth_count++];

	*growth = rise->growth;
	growth->image = series->image ? strdup(series->image) : NULL;
	growth->user = user ? strdup(user) : NULL;
	growth->type = strdup(series->type);
	return growth->type && (growth->image || !series->image) && (growth->user || !user);
}

static bool keep_most_telling(struct verdict *verdict, struct rises *rises)
{
	const size_t kept = rises->count < KEPT ? rises->count : KEPT;

	qsort(rises->items, rises->count, sizeof *rises->items, by_weight);
	verdict->growths = calloc(kept + 1, sizeof *verdict->growths);
	bool good = verdict->growths != NULL;
	for (size_t i = 0; good && i < kept; i++)
		good = keep(verdict, &rises->items[i]);
	return good;
}

bool growth_find(struct verdict *verdict, const struct evidence *evidence,
    const struct limits *limits, struct runfile *runfile, struct error *error)
{
	struct series_set set;
	struct rises rises = {.limit = limits->growth};

	if (!series_load(&set, evidence, runfile, error))
		return false;
	rises.items = calloc(set.count + 1, sizeof *rises.items);
	bool good = rises.items && measure_all(&rises, &set) && decide(&rises);
	if (good) {
		take_off_explained(&rises);
		note_too_few(&rises, &set);
		good = keep_most_telling(verdict, &rises);
	}
	if (!good)
		error_set(error, EXIT_TARGET, "out of memory");
	verdict->growth_tested = (int64_t)rises.tested;
	verdict->growth_samples = (int64_t)set.handles.count;
	free(rises.items);
	series_deinit(&set);
	return good;
}

void growths_deinit(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->growth_count; i++) {
		free(verdict->growths[i].image);
		free(verdict->growths[i].type);
		free(verdict->growths[i].user);
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
