/* Healthy hosts give the lowest free session ID again. Since MS16-111 (2016) an ID stays taken while a logon session of
 * its session lives; before, it was free at logoff. */
#include "judge/weigh.h"

#include <stdlib.h>
#include <string.h>

#include "statistics/drift.h"
#include "statistics/trend.h"

/* A session ID as it was given to a cycle. By ID and time, or by time with the highest ID from there on. */
struct given {
	int64_t id;
	int64_t time;
};

static int given_order(const void *a, const void *b)
{
	const struct given *left = a, *right = b;
	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return (left->time > right->time) - (left->time < right->time);
}

static int64_t time_given(const struct cycle *cycle)
{
	return cycle->logged_on != TIMESTAMP_UNKNOWN ? cycle->logged_on : cycle->started;
}

/* From when on another cycle could have been given the cycle's ID. */
static int64_t free_time(const struct cycle *cycle)
{
	return cycle->ended != TIMESTAMP_UNKNOWN ? cycle->ended : time_given(cycle);
}

/* True if the ID was given again after that time. */
static bool given_later(const struct given *given, size_t count, int64_t id, int64_t time)
{
	size_t low = 0, high = count;
	struct given wanted = {id, time};
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (given_order(&given[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && given[low].id == id;
}

static int time_order(const void *a, const void *b)
{
	const struct given *left = a, *right = b;
	return (left->time > right->time) - (left->time < right->time);
}

/* The same by time, each with the highest ID that was given from then on. NULL when memory is out. */
static struct given *highest_from(const struct given *given, size_t count)
{
	struct given *by_time = malloc((count + 1) * sizeof *by_time);
	if (!by_time || count == 0)
		return by_time;
	memcpy(by_time, given, count * sizeof *by_time);
	qsort(by_time, count, sizeof *by_time, time_order);
	for (size_t i = count - 1; i-- > 0;) {
		if (by_time[i].id < by_time[i + 1].id)
			by_time[i].id = by_time[i + 1].id;
	}
	return by_time;
}

/* True if a higher ID was given after that time: hosts give the lowest free one. */
static bool higher_later(const struct given *highest, size_t count, int64_t id, int64_t time)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (highest[middle].time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && highest[low].id > id;
}

/* Orphans are in the order of their cycles; those without an RDS session tell nothing of its ID. */
static void count_orphaned(struct session_ids *ids, const struct given *given,
    const struct given *highest, size_t count, const struct orphans *orphans)
{
	const struct cycle *last = NULL;
	for (size_t i = 0; i < orphans->count; i++) {
		const struct survivor *survivor = &orphans->items[i];
		const struct cycle *cycle = survivor->cycle;
		if (!survivor->is_leak || !survivor->counts || cycle == last ||
		    cycle->session_id == NUMBER_UNKNOWN || survivor->logon.session_id <= 0)
			continue;
		last = cycle;
		ids->orphaned++;
		if (given_later(given, count, cycle->session_id, time_given(cycle)))
			ids->reused_while_orphaned++;
		else if (higher_later(highest, count, cycle->session_id, free_time(cycle)))
			ids->pinned++;
	}
}

static void count_distinct(struct session_ids *ids, const struct given *given, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ids->distinct += i == 0 || given[i].id != given[i - 1].id;
	ids->lowest = count ? given[0].id : NUMBER_UNKNOWN;
	ids->highest = count ? given[count - 1].id : NUMBER_UNKNOWN;
}

#define SLOTS_MOST 1024

/* How many IDs are in use at once on a healthy host: as many as there are slots, and some of the sessions that are just
 * going. */
static int64_t count_slots(const struct cycles *cycles)
{
	int64_t slots[SLOTS_MOST];
	size_t count = 0;
	for (size_t i = 0; i < cycles->count && count < SLOTS_MOST; i++) {
		size_t at = 0;
		while (at < count && slots[at] != cycles->items[i].slot)
			at++;
		slots[at] = cycles->items[i].slot;
		count += at == count;
	}
	return (int64_t)count;
}

/* True if the second half of the cycles reached IDs that are higher by more than the slots explain. */
static bool climbs(const struct cycles *cycles)
{
	int64_t first = NUMBER_UNKNOWN, second = NUMBER_UNKNOWN;
	for (size_t i = 0; i < cycles->count; i++) {
		if (cycles->items[i].kind != CYCLE_LOAD)
			continue;
		int64_t id = cycles->items[i].session_id;
		int64_t *highest = i < cycles->count / 2 ? &first : &second;
		if (id > *highest)
			*highest = id;
	}
	return first != NUMBER_UNKNOWN && second != NUMBER_UNKNOWN &&
	       second - first > count_slots(cycles);
}

/* given: how many IDs there are, the same ones counted again. */
static enum ids_word find_word(
    const struct session_ids *ids, const struct cycles *cycles, size_t given)
{
	if (ids->cycles < 2)
		return IDS_UNKNOWN;
	if (ids->pinned > ids->reused_while_orphaned)
		return IDS_RISING;
	if (ids->reused_while_orphaned > 0)
		return IDS_REUSED;
	if (climbs(cycles))
		return IDS_RISING;
	return ids->orphaned > 0 || ids->distinct == (int64_t)given ? IDS_UNKNOWN : IDS_REUSED;
}

/* The cycles' IDs with their numbers, in the order of the cycles. Returns how many there are. */
static size_t list_ids(
    const struct cycles *cycles, struct given *given, double *numbers, double *values)
{
	size_t count = 0;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle->session_id == NUMBER_UNKNOWN || cycle->kind != CYCLE_LOAD)
			continue;
		numbers[count] = (double)cycle->number;
		values[count] = (double)cycle->session_id;
		given[count++] = (struct given){cycle->session_id, time_given(cycle)};
	}
	return count;
}

/* Hosts that give no session back give another one. Adds to the list, and returns how many there are then. */
static size_t list_others(const struct reconnects *reconnects, struct given *given, size_t count)
{
	for (size_t i = 0; i < reconnects->others; i++) {
		const struct reconnect *other = &reconnects->items[reconnects->count + i];
		given[count++] = (struct given){other->session_id, other->logged_on};
	}
	return count;
}

#define FLOOR_POINTS 32 /* as of other series */

/* Changes the points. False only when memory is out. */
static bool test_growth(struct session_ids *ids, double *numbers, double *values, size_t count)
{
	const size_t points = trend_floor(numbers, values, count, FLOOR_POINTS);
	struct drift drift;

	if (points < TREND_POINTS)
		return true;
	if (!drift_estimate(numbers, values, points, 0, &drift))
		return false;
	ids->growth_tested = true;
	ids->growth_lower = drift.lower;
	ids->growth_upper = drift.upper;
	ids->growth_chance = drift.chance;
	return true;
}

void session_ids_forget_order(struct session_ids *ids)
{
	ids->word = IDS_UNKNOWN;
	ids->has_growth = ids->growth_tested = false;
	ids->pinned = ids->reused_while_orphaned = 0;
}

bool session_ids_find(struct session_ids *out, const struct cycles *cycles,
    const struct reconnects *reconnects, const struct orphans *orphans)
{
	struct session_ids ids = {0};
	struct given *highest = NULL,
	             *given = malloc((cycles->count + reconnects->others + 1) * sizeof *given);
	double *points = calloc((cycles->count + 1) * 2, sizeof *points);
	bool good = given && points;
	if (!good)
		goto out;
	double *values = points + cycles->count;
	size_t count = list_ids(cycles, given, points, values);
	ids.cycles = (int64_t)count;
	ids.has_growth = trend_slope(points, values, count, &ids.growth_per_cycle);
	good = (ids.has_growth || count < 2) && test_growth(&ids, points, values, count);
	count = list_others(reconnects, given, count);
	highest = highest_from(given, count);
	good = good && highest;
	if (!good)
		goto out;
	qsort(given, count, sizeof *given, given_order);
	count_distinct(&ids, given, count);
	if (orphans)
		count_orphaned(&ids, given, highest, count, orphans);
	ids.word = find_word(&ids, cycles, count);
	*out = ids;
out:
	free(highest);
	free(given);
	free(points);
	return good;
}
