/* Healthy hosts give the lowest free session ID again. Since MS16-111 (2016) an ID stays taken while a logon session of
 * its session lives; before, it was free at logoff. */
#include "judge/session_ids.h"

#include <stdlib.h>

#include "judge/trend.h"

/* A session ID as it was given to a cycle. */
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

/* Orphans are in the order of their cycles. */
static void count_orphaned(
    struct session_ids *ids, const struct given *given, size_t count, const struct orphans *orphans)
{
	const struct cycle *last = NULL;
	for (size_t i = 0; i < orphans->count; i++) {
		const struct survivor *survivor = &orphans->items[i];
		const struct cycle *cycle = survivor->cycle;
		if (!survivor_is_orphan(survivor) || cycle == last ||
		    cycle->session_id == NUMBER_UNKNOWN)
			continue;
		last = cycle;
		if (given_later(given, count, cycle->session_id, time_given(cycle)))
			ids->reused_while_orphaned++;
		else
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

bool session_ids_find(
    struct session_ids *out, const struct cycles *cycles, const struct orphans *orphans)
{
	struct session_ids ids = {0};
	size_t count = 0;
	struct given *given = malloc((cycles->count + 1) * sizeof *given);
	double *points = malloc((cycles->count + 1) * 2 * sizeof *points);
	bool good = given && points;
	if (good) {
		double *numbers = points, *values = points + cycles->count;
		for (size_t i = 0; i < cycles->count; i++) {
			const struct cycle *cycle = &cycles->items[i];
			if (cycle->session_id == NUMBER_UNKNOWN)
				continue;
			numbers[count] = (double)cycle->number;
			values[count] = (double)cycle->session_id;
			given[count++] = (struct given){cycle->session_id, time_given(cycle)};
		}
		qsort(given, count, sizeof *given, given_order);
		ids.cycles = (int64_t)count;
		count_distinct(&ids, given, count);
		ids.has_growth = trend_slope(numbers, values, count, &ids.growth_per_cycle);
		good = ids.has_growth || count < 2;
		if (orphans)
			count_orphaned(&ids, given, count, orphans);
	}
	free(given);
	free(points);
	if (good)
		*out = ids;
	return good;
}
