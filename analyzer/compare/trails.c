/* Where counts go over all moments, in a word each, and which rises are a doubt: handles that rise surely may leak, sessions and logon sessions rise as people log
 * on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/inside.h"
#include "statistics/trend.h"

#define RISES_NAMED 3
#define MOMENTS_LEAST 3 /* two are compared by the tables of what changed */

const char *const counted_words[COUNTED_OTHER + 1] = {
    [COUNTED_HANDLES] = "handles",
    [COUNTED_TOKENS] = "token handles",
    [COUNTED_ACCOUNT_TOKENS] = "token handles",
    [COUNTED_LOGONS] = "logon sessions",
    [COUNTED_SESSIONS] = "sessions",
    [COUNTED_HIGHEST_ID] = "highest ID",
    [COUNTED_OTHER] = "other",
};

/* ---- words ---- */

static void describe(struct series *series)
{
	struct trail *trail = &series->trail;
	if (!series->count)
		return;
	double low = series->y[0], high = low;
	for (size_t i = 1; i < series->count; i++) {
		low = series->y[i] < low ? series->y[i] : low;
		high = series->y[i] > high ? series->y[i] : high;
	}
	trail->points = series->count;
	trail->points_seen = trail->points_seen ? trail->points_seen : series->count;
	trail->first = (int64_t)series->y[0];
	trail->last = (int64_t)series->y[series->count - 1];
	trail->lowest = (int64_t)low;
	trail->highest = (int64_t)high;
}

/* False only when memory is out. */
static bool find_words(struct series_set *set)
{
	struct course *courses = malloc((set->count + 1) * sizeof *courses),
	              **tested = malloc((set->count + 1) * sizeof *tested);
	size_t count = 0;
	bool good = courses && tested;
	for (size_t i = 0; good && i < set->count; i++) {
		struct series *series = &set->items[i];
		/* What is not there to the end has leaked nothing that stays. */
		const size_t points = series->trail.ended ? 0 : series->count;
		describe(series);
		good = course_measure(series->x, series->y, points, &courses[i]);
		tested[count++] = &courses[i];
	}
	good = good && courses_decide(tested, count);
	for (size_t i = 0; good && i < set->count; i++) {
		struct trail *trail = &set->items[i].trail;
		trail->word = courses[i].word;
		trail->slope = courses[i].rise.slope;
		trail->lower = courses[i].rise.lower;
		trail->upper = courses[i].rise.upper;
	}
	free(courses);
	free(tested);
	return good;
}

/* ---- order ---- */

static int64_t gain_of(const struct trail *trail)
{
	return trail->last - trail->first;
}

static int trail_order(const void *a, const void *b)
{
	static const int ranks[] = {[COURSE_RISES] = 0,
	    [COURSE_LEVELS_OFF] = 1,
	    [COURSE_WANDERS] = 2,
	    [COURSE_TOO_FEW] = 3,
	    [COURSE_FALLS] = 4,
	    [COURSE_STEADY] = 5};
	const struct trail *one = a, *other = b;
	if (one->word != other->word)
		return ranks[one->word] - ranks[other->word];
	if (gain_of(one) != gain_of(other))
		return gain_of(one) > gain_of(other) ? -1 : 1;
	if (one->counted != other->counted)
		return (int)one->counted - (int)other->counted;
	return (one->pid > other->pid) - (one->pid < other->pid);
}

/* ---- what they do not show ---- */

static int64_t span_of(struct snapshot *const *snapshots, size_t count)
{
	int64_t first = TIMESTAMP_UNKNOWN, last = TIMESTAMP_UNKNOWN;
	if (count > 1) {
		first = snapshots[0]->time;
		last = snapshots[count - 1]->time;
	}
	for (size_t i = 0; count == 1 && i < snapshots[0]->counter_count; i++) {
		const struct counter *counter = &snapshots[0]->counters[i];
		if (!counter->point_count)
			continue;
		const int64_t from = counter_point_clock(&counter->points[0]),
		              to = counter_point_clock(&counter->points[counter->point_count - 1]);
		first = first == TIMESTAMP_UNKNOWN || from < first ? from : first;
		last = to > last ? to : last;
	}
	return first == TIMESTAMP_UNKNOWN || last < first ? NUMBER_UNKNOWN : last - first;
}

static void note_limits(struct notes *notes, const struct series_set *set)
{
	const struct comparison *comparison = notes->comparison;
	size_t most = comparison->moments, few = 0, ended = 0;
	for (size_t i = 0; i < comparison->trail_count; i++) {
		const struct trail *trail = &comparison->trails[i];
		most = trail->points > most ? trail->points : most;
		few += trail->points < RISE_POINTS && trail->word == COURSE_RISES;
		ended += trail->ended;
	}
	if (most < TREND_POINTS)
		note_limit(notes,
		    "%zu moments show what changed, and no trend: %d are needed to tell a count that rises from one that wanders up and "
		    "down",
		    most, TREND_POINTS);
	else if (few)
		note_limit(notes,
		    "fewer than %d moments do not tell a leak from a cache that fills",
		    RISE_POINTS);
	if (ended)
		note_limit(notes,
		    "%zu count%s of processes that are not there to the end: what they held went with them",
		    ended, ended == 1 ? " is" : "s are");
	if (set->by_name)
		note_limit(notes,
		    "%zu process%s known by name alone, and all of that name are added up: log Process V2, or ID Process beside Handle Count, to "
		    "tell them apart",
		    set->by_name, set->by_name == 1 ? " is" : "es are");
	if (set->twice)
		note_limit(notes,
		    "%zu counter%s in two sources whose times have no zone and are not compared: the first is used",
		    set->twice, set->twice == 1 ? " is" : "s are");
}

void trails_find(struct notes *notes, struct snapshot *const *snapshots)
{
	struct comparison *comparison = notes->comparison;
	const size_t count = comparison->moments;
	struct series_set set = {0};
	bool good = counters_find(&set, snapshots, count) &&
	            (count < MOMENTS_LEAST || counts_find(&set, snapshots, count)) &&
	            find_words(&set);
	comparison->trails = malloc((set.count + 1) * sizeof *comparison->trails);
	good = good && comparison->trails;
	for (size_t i = 0; good && i < set.count; i++) {
		if (set.items[i].count > 1)
			comparison->trails[comparison->trail_count++] = set.items[i].trail;
	}
	if (comparison->trail_count)
		qsort(comparison->trails, comparison->trail_count, sizeof *comparison->trails,
		    trail_order);
	comparison->span = span_of(snapshots, count);
	if (good)
		note_limits(notes, &set);
	notes->failed |= !good;
	series_set_deinit(&set);
}

/* ---- what they tell ---- */

static bool is_of_handles(const struct trail *trail)
{
	return trail->counted == COUNTED_HANDLES || trail->counted == COUNTED_TOKENS ||
	       trail->counted == COUNTED_ACCOUNT_TOKENS;
}

static void name_rise(struct notes *notes, const struct trail *trail)
{
	char whose[200] = "";
	if (trail->user)
		snprintf(whose, sizeof whose, "%s%s%s", trail->domain ? trail->domain : "",
		    trail->domain ? "\\" : "", trail->user);
	else if (trail->pid != NUMBER_UNKNOWN)
		snprintf(whose, sizeof whose, "%s (%" PRId64 ")",
		    trail->image ? trail->image : "a process without a name", trail->pid);
	else
		snprintf(whose, sizeof whose, "all processes%s%s", trail->image ? " named " : "",
		    trail->image ? trail->image : "");
	note_reason(notes,
	    "%s of %s rise from %" PRId64 " to %" PRId64
	    ", by %.2f a%s (95 %% interval %.2f to %.2f, %zu "
	    "points)",
	    counted_words[trail->counted], whose, trail->first, trail->last, trail->slope,
	    trail->hourly ? "n hour" : " moment", trail->lower, trail->upper, trail->points);
}

static const struct trail *find_trail(const struct comparison *comparison, enum counted counted)
{
	for (size_t i = 0; i < comparison->trail_count; i++) {
		if (comparison->trails[i].counted == counted)
			return &comparison->trails[i];
	}
	return NULL;
}

/* A healthy host gives the lowest ID that is free: with no more sessions, the highest does not rise. */
static bool name_ids(struct notes *notes)
{
	const struct trail *ids = find_trail(notes->comparison, COUNTED_HIGHEST_ID),
	                   *sessions = find_trail(notes->comparison, COUNTED_SESSIONS);
	if (!ids || ids->word != COURSE_RISES || !sessions || sessions->last > sessions->first)
		return false;
	note_reason(notes,
	    "the highest session ID rises from %" PRId64 " to %" PRId64
	    ", though there are no more sessions than before (%" PRId64 ", then %" PRId64 ")",
	    ids->first, ids->last, sessions->first, sessions->last);
	return true;
}

bool trails_tell(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	size_t rising = 0;
	for (size_t i = 0; i < comparison->trail_count; i++) {
		const struct trail *trail = &comparison->trails[i];
		if (trail->word != COURSE_RISES || !is_of_handles(trail))
			continue;
		if (rising++ < RISES_NAMED)
			name_rise(notes, trail);
	}
	if (rising > RISES_NAMED)
		note_reason(notes, "and %zu more counts of handles rise", rising - RISES_NAMED);
	return name_ids(notes) || rising > 0;
}
