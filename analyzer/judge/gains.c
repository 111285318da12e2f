/* Knows whose handles count as the run's, in the two snapshots of a host without load. */
#include "judge/gains.h"

#include <stdlib.h>
#include <string.h>

static struct gain *count_of(struct gains *gains, const struct handle *handle)
{
	for (size_t i = gains->count; i-- > 0;) {
		const struct handle *first = gains->items[i].first;
		if (first->pid == handle->pid && strcmp(first->type, handle->type) == 0)
			return &gains->items[i];
	}
	struct gain *larger = realloc(gains->items, (gains->count + 1) * sizeof *larger);
	if (!larger)
		return NULL;
	gains->items = larger;
	larger[gains->count] = (struct gain){.first = handle};
	return &larger[gains->count++];
}

static bool count_ours(struct gains *gains, const struct evidence *evidence, bool settled)
{
	const struct snapshot *snapshot =
	    settled ? evidence->settled.snapshot : evidence->before.snapshot;

	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		if (!handle->type || (handle->user && !cycle_index_has(&evidence->index,
		                                          handle->user, handle->domain)))
			continue;
		struct gain *count = count_of(gains, handle);
		if (!count)
			return false;
		*(settled ? &count->settled : &count->before) += 1;
	}
	return true;
}

bool gains_find(struct gains *gains, const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;

	*gains = (struct gains){.known = before && settled && snapshot_has(before, "handles") &&
	                                 snapshot_has(settled, "handles")};
	if (!gains->known ||
	    (count_ours(gains, evidence, true) && count_ours(gains, evidence, false)))
		return true;
	gains_deinit(gains);
	return false;
}

void gains_deinit(struct gains *gains)
{
	free(gains->items);
	*gains = (struct gains){0};
}

int64_t gains_of(
    const struct gains *gains, const struct evidence *evidence, const struct growth *growth)
{
	const struct snapshot *sides[] = {evidence->before.snapshot, evidence->settled.snapshot};
	int64_t totals[2] = {0, NUMBER_UNKNOWN}; /* a process that was not there yet had none */

	if (growth->totals) {
		for (size_t side = 0; side < 2; side++)
			for (size_t i = 0; i < sides[side]->process_count; i++)
				if (sides[side]->processes[i].pid == growth->pid &&
				    sides[side]->processes[i].handle_count != NUMBER_UNKNOWN)
					totals[side] = sides[side]->processes[i].handle_count;
		return totals[1] == NUMBER_UNKNOWN ? NUMBER_UNKNOWN : totals[1] - totals[0];
	}
	for (size_t i = 0; i < gains->count; i++)
		if (gains->items[i].first->pid == growth->pid &&
		    strcmp(gains->items[i].first->type, growth->type) == 0)
			return gains->items[i].settled - gains->items[i].before;
	return 0;
}
