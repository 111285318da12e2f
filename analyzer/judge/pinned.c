/* Knows which session IDs stay taken, and of which cycles they were. */
#include "judge/weigh.h"

#include <stdlib.h>
#include <string.h>

#include "common/order.h"

/* The number of the last cycle that had the session ID, if that cycle counts; else 0. */
static int64_t counted_with(const struct evidence *evidence, int64_t id)
{
	const struct cycle *last = NULL;
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle->session_id == id && (!last || cycle->started > last->started))
			last = cycle;
	}
	return last && cycle_counts(evidence, last) ? last->number : 0;
}

bool pinned_is_of_orphan(const struct leak *leak, const struct left_id *id)
{
	size_t count;
	const struct left_logon *logons = leak_logons(leak, &count);
	for (size_t i = 0; id->own > 0 && id->logons > 0 && i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left->session_id == id->id && left_is_orphan(left) && !left->older &&
		    (left->watched || leak_is_old(leak, left->ended, left->shown, 0)))
			return true;
	}
	return id->logons > 0 && id->own == 0;
}

static struct logon_span *counted_logons(const struct evidence *evidence, size_t *count)
{
	struct logon_span *logons = malloc((evidence->cycles.count + 1) * sizeof *logons);
	*count = 0;
	for (size_t i = 0; logons && i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle_counts(evidence, cycle) && cycle->started != TIMESTAMP_UNKNOWN &&
		    cycle->ended != TIMESTAMP_UNKNOWN)
			logons[(*count)++] = (struct logon_span){cycle->started, cycle->ended};
	}
	return logons;
}

/* The verdict outlives the leak. */
static bool keep_taken(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	size_t count;
	struct logon_span *logons = counted_logons(evidence, &count);
	bool good = logons && leak_taken_along(evidence->leak, logons, count, limits->smallest_rate,
	                          &verdict->taken);
	free(logons);
	for (size_t i = 0; i < verdict->taken.count; i++) {
		const char *image = verdict->taken.items[i].image;
		verdict->taken.items[i].image = image ? strdup(image) : NULL;
		good = good && (!image || verdict->taken.items[i].image);
	}
	return good;
}

bool pinned_find(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	const struct leak *leak = evidence->leak;
	const int64_t quiet = leak_quiet_time(leak);
	size_t count, left_count;
	struct given_id *given = cycles_given(&evidence->cycles, &count);
	if (evidence->unordered)
		count = 0; /* no ID was given before or after another */
	bool good = given && leak_prove_id_ends(evidence->leak, given, count);
	if (good)
		leak_pin(evidence->leak, given, count);
	good = good && leak_skipped_ids(leak, given, count, evidence_last(evidence)->snapshot,
	                   &verdict->skipped);
	free(given);
	good = good && keep_taken(verdict, evidence, limits);
	const struct left_id *ids = leak_ids(leak, &left_count);
	verdict->referred = malloc((left_count + 1) * sizeof *verdict->referred);
	verdict->pinned = malloc((left_count + 1) * sizeof *verdict->pinned);
	if (!good || !verdict->referred || !verdict->pinned)
		return false;
	for (size_t i = 0; i < left_count; i++) {
		const struct left_id *left = &ids[i];
		const bool is_pinned =
		    left->pinned && leak_is_old(leak, left->ended, left->shown, quiet);
		if (left->gone || left->older)
			continue;
		const int64_t number = is_pinned ? counted_with(evidence, left->id) : 0;
		if (number > 0)
			verdict->pinned[verdict->pinned_k++] = number;
		if (pinned_is_of_orphan(leak, left))
			continue;
		if (is_pinned)
			verdict->pinned_ids++;
		else if (left->watched && left_id_is_harmless(leak, left))
			verdict->harmless_ids++;
		else if (left->watched)
			verdict->referred[verdict->referred_ids++] = left->id;
	}
	if (verdict->pinned_k)
		qsort(verdict->pinned, (size_t)verdict->pinned_k, sizeof *verdict->pinned,
		    order_of_numbers);
	return true;
}
