/* The series of performance counters. A process that is known by its name alone is all of that name: when svchost#3 ends, svchost#4 takes its
 * number, so that of numbered instances only the sum is of something that lasts. Times without a zone are of one source; two sources are
 * not held against each other by them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compare/inside.h"

/* A counter, and which moment it is of. */
struct source {
	const struct counter *counter;
	size_t moment, place;
};

struct value {
	int64_t clock;
	size_t moment, place;
	double value;
};

static int text_order(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) : (a != NULL) - (b != NULL);
}

/* What a series is of: the image of a process, whatever its number, else the instance. */
static int thing_order(const struct counter *a, const struct counter *b)
{
	int order = (a->pid > b->pid) - (a->pid < b->pid);
	if (order == 0)
		order = text_order(a->object, b->object);
	if (order == 0)
		order = text_order(a->counter, b->counter);
	if (order == 0)
		order = text_order(a->image, b->image);
	if (order == 0 && !a->image)
		order = text_order(a->instance, b->instance);
	return order;
}

static int source_order(const void *a, const void *b)
{
	const struct source *one = a, *other = b;
	int order = thing_order(one->counter, other->counter);
	if (order == 0)
		order = (one->moment > other->moment) - (one->moment < other->moment);
	if (order == 0)
		order = text_order(one->counter->instance, other->counter->instance);
	return order ? order : (one->place > other->place) - (one->place < other->place);
}

static int value_order(const void *a, const void *b)
{
	const struct value *one = a, *other = b;
	if (one->moment != other->moment)
		return one->moment < other->moment ? -1 : 1;
	if (one->clock != other->clock)
		return one->clock < other->clock ? -1 : 1;
	return (one->place > other->place) - (one->place < other->place);
}

/* ---- sources ---- */

/* Those that have values; false: memory is out. */
static bool find_sources(
    struct source **out, size_t *found, struct snapshot *const *snapshots, size_t count)
{
	size_t most = 0;
	for (size_t i = 0; i < count; i++)
		most += snapshots[i]->counter_count;
	*out = malloc((most + 1) * sizeof **out);
	*found = 0;
	for (size_t i = 0; *out && i < count; i++) {
		for (size_t j = 0; j < snapshots[i]->counter_count; j++) {
			if (snapshots[i]->counters[j].point_count)
				(*out)[(*found)++] =
				    (struct source){&snapshots[i]->counters[j], i, j};
		}
	}
	if (*out && *found)
		qsort(*out, *found, sizeof **out, source_order);
	return *out;
}

/* The same instance once more in one moment, from a source whose times cannot be held against the first one's. */
static bool is_twice(const struct source *source, const struct source *before)
{
	return source->moment == before->moment &&
	       text_order(source->counter->instance, before->counter->instance) == 0;
}

static bool all_zoned(const struct source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!counter_is_zoned(sources[i].counter))
			return false;
	}
	return true;
}

/* ---- values ---- */

struct values {
	struct value *items;
	size_t count;
	bool timed; /* all have a clock */
};

/* False: memory is out. */
static bool take_values(struct values *values, struct series_set *set, const struct source *sources,
    size_t count, bool zoned)
{
	size_t most = 0;
	*values = (struct values){.timed = true};
	for (size_t i = 0; i < count; i++)
		most += sources[i].counter->point_count;
	values->items = malloc((most + 1) * sizeof *values->items);
	for (size_t i = 0; values->items && i < count; i++) {
		const struct counter *counter = sources[i].counter;
		/* By ID, one process has one count at a time. */
		const bool twice = i && is_twice(&sources[i], &sources[i - 1]);
		set->twice += twice;
		for (size_t j = 0; !twice && j < counter->point_count; j++) {
			const int64_t clock = counter_point_clock(&counter->points[j]);
			values->timed = values->timed && clock != TIMESTAMP_UNKNOWN;
			if (counter->points[j].value != NUMBER_UNKNOWN)
				values->items[values->count++] =
				    (struct value){clock, zoned ? 0 : sources[i].moment, j,
				        (double)counter->points[j].value};
		}
	}
	if (values->count)
		qsort(values->items, values->count, sizeof *values->items, value_order);
	return values->items;
}

/* Adds up what is of one time: of processes that are known by their name alone. */
static size_t fold(struct values *values, bool sum)
{
	size_t kept = 0;
	for (size_t i = 0; i < values->count; i++) {
		struct value *last = kept ? &values->items[kept - 1] : NULL;
		const struct value *value = &values->items[i];
		const bool same = last && values->timed && last->clock == value->clock &&
		                  last->moment == value->moment;
		if (same && sum)
			last->value += value->value;
		else if (!same)
			values->items[kept++] = *value;
	}
	return kept;
}

static enum counted counted_of(const struct counter *counter)
{
	if (counter->counter && strcasecmp(counter->counter, COUNTER_HANDLES) == 0)
		return COUNTED_HANDLES;
	if (counter->counter && strcasecmp(counter->counter, COUNTER_SESSIONS) == 0)
		return COUNTED_SESSIONS;
	return COUNTED_OTHER;
}

/* Hours, if one clock tells them all; else the values' numbers. */
static void place(struct series *series, const struct values *values)
{
	const struct value *items = values->items;
	bool hourly = values->timed;
	for (size_t i = 1; i < values->count; i++)
		hourly = hourly && items[i].moment == items[0].moment;
	for (size_t i = 0; i < values->count; i++) {
		series->x[i] =
		    hourly ? (double)(items[i].clock - items[0].clock) / (double)HOUR : (double)i;
		series->y[i] = items[i].value;
	}
	series->count = values->count;
	series->trail.hourly = hourly;
}

/* When the source was last read. */
static int64_t end_of(const struct snapshot *snapshot)
{
	int64_t end = TIMESTAMP_UNKNOWN;
	for (size_t i = 0; i < snapshot->counter_count; i++) {
		const struct counter *counter = &snapshot->counters[i];
		const int64_t clock =
		    counter->point_count
		        ? counter_point_clock(&counter->points[counter->point_count - 1])
		        : TIMESTAMP_UNKNOWN;
		end = clock > end ? clock : end;
	}
	return end;
}

static bool add_series(
    struct series_set *set, const struct source *sources, size_t count, const int64_t *ends)
{
	const struct counter *first = sources->counter;
	const bool is_process = first->image, by_name = is_process && first->pid == NUMBER_UNKNOWN;
	struct values values;
	if (!take_values(&values, set, sources, count, all_zoned(sources, count)))
		return false;
	values.count = fold(&values, by_name);
	struct series *series = series_add(set, values.count);
	if (!series) {
		free(values.items);
		return false;
	}
	series->trail = (struct trail){.counted = counted_of(first),
	    .pid = first->pid,
	    .image = first->image,
	    .counter = first->counter};
	place(series, &values);
	for (size_t i = 0; i < count; i++)
		series->trail.points_seen += (size_t)sources[i].counter->points_seen;
	const size_t moment = sources[count - 1].moment;
	series->trail.ended = is_process && values.timed && values.count &&
	                      values.items[values.count - 1].clock < ends[moment];
	set->by_name += by_name;
	free(values.items);
	return true;
}

bool counters_find(struct series_set *set, struct snapshot *const *snapshots, size_t count)
{
	struct source *sources;
	size_t found;
	int64_t *ends = malloc(count * sizeof *ends);
	bool good = ends && find_sources(&sources, &found, snapshots, count);
	if (!good) {
		free(ends);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		ends[i] = end_of(snapshots[i]);
	for (size_t i = 0, end; good && i < found; i = end) {
		for (end = i + 1;
		     end < found && thing_order(sources[i].counter, sources[end].counter) == 0;)
			end++;
		good = add_series(set, &sources[i], end - i, ends);
	}
	free(sources);
	free(ends);
	return good;
}
