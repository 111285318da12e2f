/* Which commands may have made the logon sessions that stay. A command makes any number of them, at any time of its own; where commands overlap, it
 * may have been one or the other. */
#include <stdlib.h>

#include "common/order.h"
#include "evidence/identity.h"
#include "judge/orphans.h"
#include "judge/weigh.h"

static int by_logon_time(const void *a, const void *b)
{
	const struct survivor *left = *(struct survivor *const *)a,
	                      *right = *(struct survivor *const *)b;
	const int64_t one = left->logon.logon_time, other = right->logon.logon_time;
	return one != other ? (one > other) - (one < other)
	                    : logon_session_order(&left->logon, &right->logon);
}

static int64_t end_of(const struct cycle *cycle)
{
	return cycle->ended != TIMESTAMP_UNKNOWN ? cycle->ended : INT64_MAX;
}

/* Of the commands that ran at the time, give or take, the one that ends last; NULL: none ran. */
static const struct cycle *last_to_end(
    const struct cycle_index *index, int64_t time, int64_t tolerance)
{
	const struct cycle *best = NULL;
	for (size_t i = cycle_index_since(index, time + tolerance + 1); i-- > 0;) {
		const struct cycle *cycle = index->by_logon[i];
		if (index->longest < time - tolerance - cycle->started)
			break;
		if (end_of(cycle) >= time - tolerance && (!best || end_of(cycle) > end_of(best)))
			best = cycle;
	}
	return best;
}

/* Commands that overlap may each have made a logon session of that time: they are given to as few commands as can have made them all, so that no
 * more are said to leak than do. */
bool match_commands(struct survivor *survivors, size_t count, const struct cycle_index *index,
    const struct clock *clock)
{
	struct survivor **sorted = malloc((count + 1) * sizeof *sorted);
	const struct cycle *current = NULL;
	size_t known = 0;
	for (size_t i = 0; sorted && i < count; i++)
		if (!survivors[i].cycle && survivors[i].logon.logon_time != TIMESTAMP_UNKNOWN)
			sorted[known++] = &survivors[i];
	if (known)
		qsort(sorted, known, sizeof *sorted, by_logon_time);
	for (size_t i = 0; i < known; i++) {
		const int64_t time = sorted[i]->logon.logon_time;
		if (!current || time > end_of(current)) {
			current = last_to_end(index, time, 0);
			if (!current)
				current = last_to_end(index, time, clock->tolerance);
		}
		sorted[i]->cycle = current;
	}
	free(sorted);
	return sorted;
}

/* Of the counted commands that ran at the time and were given none yet, the one that ends first; the count of the index: there is none. */
static size_t first_to_end(const struct evidence *evidence, const bool *given, int64_t time)
{
	const struct cycle_index *index = &evidence->index;
	size_t best = index->count;

	for (size_t i = cycle_index_since(index, time + 1); i-- > 0;) {
		const struct cycle *cycle = index->by_logon[i];
		if (index->longest < time - cycle->started)
			break;
		if (!given[i] && cycle_counts(evidence, cycle) && cycle->ended >= time &&
		    (best == index->count || cycle->ended < index->by_logon[best]->ended))
			best = i;
	}
	return best;
}

bool commands_most(int64_t *out, const struct evidence *evidence, const struct orphans *orphans)
{
	int64_t *times = malloc((orphans->count + 1) * sizeof *times);
	bool *given = calloc(evidence->index.count + 1, sizeof *given);
	size_t count = 0;

	*out = 0;
	for (size_t i = 0; times && i < orphans->count; i++)
		if (orphans->items[i].is_leak && orphans->items[i].counts)
			times[count++] = orphans->items[i].logon.logon_time;
	if (count)
		qsort(times, count, sizeof *times, order_of_numbers);
	for (size_t i = 0; times && given && i < count; i++) {
		const size_t at = first_to_end(evidence, given, times[i]);
		*out += at < evidence->index.count && !given[at];
		given[at] = true;
	}
	const bool good = times && given;
	free(times);
	free(given);
	return good;
}
