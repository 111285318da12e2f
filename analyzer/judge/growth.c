/* Knows what many series say together: whether one rises beyond the limit is asked at a level that is corrected for their
 * number, and what one tells, another need not tell again. */
#include "judge/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/rise.h"
#include "judge/series.h"
#include "statistics/holm.h"
#include "statistics/trend.h"

#define KEPT 50 /* series that a verdict carries */

struct rises {
	struct rise *items; /* the surest first */
	size_t count;
	size_t tested; /* and those that were not worth measuring */
	struct rising against;
};

/* Processes of sessions come and go with them: what is not there to the end has leaked nothing that stays. */
static bool stays(const struct series *series)
{
	const size_t count = series->samples->count;

	for (size_t i = count - count / 4; i < count; i++)
		if (series->counts[i] == 0)
			return false;
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
	return series_is_pooled(series) ? stays(series) || rise_has_gained(series, limit)
	                                : stays(series) && rise_may_have_gained(series, limit);
}

static bool measure_all(struct rises *rises, const struct series_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct series *series = &set->items[i];
		if (series->samples->count < TREND_POINTS)
			continue;
		const bool measured = is_worth_measuring(series, rises->against.limit);
		/* What came and went with its session was never a question. */
		rises->tested += measured || stays(series);
		if (measured &&
		    !rise_measure(&rises->items[rises->count++], series, rises->against.limit))
			return false;
	}
	qsort(rises->items, rises->count, sizeof *rises->items, by_chance);
	return true;
}

/* The surest first. */
static bool decide(struct rises *rises)
{
	struct holm holm = {.level = HOLM_LEVEL, .tested = rises->tested};

	for (size_t i = 0; i < rises->count; i++) {
		struct rise *rise = &rises->items[i];
		if (!rise_decide(rise, &rises->against, holm_next(&holm, rise->growth.chance)))
			return false;
	}
	return true;
}

static bool same_process(const struct series *a, const struct series *b)
{
	return a->pid == b->pid && a->image == b->image;
}

/* The handles of all types rise with those of each type: only what goes beyond them is new. */
static bool explained_by_types(const struct rises *rises, const struct rise *rise)
{
	double beyond = rise->growth.slope;

	for (size_t i = 0; i < rises->count; i++) {
		const struct rise *other = &rises->items[i];
		if (!other->growth.totals && series_is_pooled(other->series) &&
		    same_process(rise->series, other->series))
			beyond -= other->growth.slope;
	}
	return beyond <= rises->against.limit;
}

/* One need not be told beside the other: a leak beside a leak, or what is not clear beside anything; and what one account has is no
 * leak if all together it slows down. */
static bool covers(const struct rise *other, const struct rise *rise)
{
	return other->growth.word == GROWTH_LEAK ||
	       (other->growth.word == GROWTH_UNCERTAIN &&
	           (rise->growth.word == GROWTH_UNCERTAIN ||
	               (other->growth.doubt == DOUBT_SLOWING && !series_is_pooled(rise->series))));
}

/* Those of one account rise with those of all, and what one observer saw another one saw too. `end`: of the rises that may
 * explain it. */
static bool explained_by_another(const struct rises *rises, size_t end, const struct rise *rise)
{
	for (size_t i = 0; i < end; i++) {
		const struct rise *other = &rises->items[i];
		if (other != rise && covers(other, rise) && series_is_pooled(other->series) &&
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
		const bool leak = rise->growth.word == GROWTH_LEAK;
		if (!leak && rise->growth.word != GROWTH_UNCERTAIN)
			continue;
		const size_t end = series_is_pooled(rise->series) ? i : rises->count;
		if ((leak && rise->growth.totals && explained_by_types(rises, rise)) ||
		    explained_by_another(rises, end, rise))
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
		    !series_is_pooled(series) || !rise_has_gained(series, rises->against.limit))
			continue;
		rises->items[rises->count++] = (struct rise){
		    .series = series,
		    .growth = {.pid = series->pid,
		        .word = GROWTH_UNCERTAIN,
		        .doubt = DOUBT_TOO_FEW,
		        .samples = (int64_t)samples->count,
		        .before = series->counts[SAMPLE_BEFORE(samples)],
		        .settled = series->counts[SAMPLE_SETTLED(samples)],
		        .first = NAN,
		        .last = NAN},
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

const char *const growth_doubts[9] = {
    [DOUBT_NONE] = "",
    [DOUBT_WALK] = "walk",
    [DOUBT_SLOWING] = "slowing",
    [DOUBT_END] = "end",
    [DOUBT_UNSEEN] = "unseen",
    [DOUBT_TOO_FEW] = "too few",
    [DOUBT_LATE] = "late",
    [DOUBT_RELEASED] = "mostly released",
    [DOUBT_OWNER] = "owner",
};

const char *const growth_pers[4] = {
    [PER_CYCLE] = "cycle",
    [PER_RECONNECT] = "reconnect",
    [PER_EITHER] = "cycle or reconnect",
    [PER_TIME] = "time",
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
	struct rises rises = {.against.limit = limits->growth};

	if (!series_load(&set, evidence, runfile, error))
		return false;
	rises.against.strangers = set.strangers;
	rises.items = calloc(set.count + 1, sizeof *rises.items);
	bool good = rises.items && measure_all(&rises, &set) && decide(&rises);
	if (good) {
		take_off_explained(&rises);
		note_too_few(&rises, &set);
		good = keep_most_telling(verdict, &rises);
	}
	if (!good)
		error_memory(error);
	verdict->growth_tested = (int64_t)rises.tested;
	verdict->growth_samples = (int64_t)series_samples(&set);
	verdict->growth_strangers = (int64_t)set.strangers;
	free(rises.items);
	series_deinit(&set);
	return good;
}

enum growth_per growth_of_reconnects(const struct verdict *verdict, const struct growth *growth)
{
	return verdict->growth_strangers == 0 ? growth->per : PER_CYCLE;
}

bool growth_is_leak(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->growth_count; i++)
		if (verdict->growths[i].word == GROWTH_LEAK &&
		    (!verdict->growths[i].totals ||
		        growth_of_reconnects(verdict, &verdict->growths[i]) == PER_RECONNECT))
			return true;
	return false;
}
