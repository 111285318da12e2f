/* Knows which cycles of the plan are not in the files. */
#include "shards/inside.h"

#include <stdlib.h>
#include <string.h>

static int64_t late_of(struct runfile *runfile)
{
	char *seconds = runfile_get(runfile, "shard.late");
	const double late = seconds ? strtod(seconds, NULL) : 0;
	free(seconds);
	return late > 0 && late < 1e9 ? (int64_t)(late * 1e6) : 0;
}

/* Cycles of the load that count as played: those that were lost with an earlier driver are played again. */
static int64_t count_played(const struct source *source)
{
	int64_t count = 0;
	for (size_t i = 0; i < source->cycles.count; i++) {
		const struct cycle *cycle = &source->cycles.items[i];
		count += cycle->kind == CYCLE_LOAD && cycle->result != CYCLE_RUNNING &&
		         !(cycle->code && strcmp(cycle->code, RUNFILE_DRIVER_LOST) == 0);
	}
	return count;
}

/* A timed load plays as many as come. */
bool missing_find(
    const struct sources *sources, struct shards_summary *summary, struct error *error)
{
	const struct source *plan = sources_first(sources, PART_BEFORE);
	const int64_t planned = setting_number(plan->runfile, "load.cycles");
	summary->injectors = plan->part.injectors;
	summary->missing = calloc((size_t)summary->injectors, sizeof *summary->missing);
	bool *there = calloc((size_t)summary->injectors, sizeof *there);
	if (!there || !summary->missing) {
		free(there);
		return error_memory(error);
	}
	int64_t missing = 0;
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		if (source->part.kind != PART_SHARD)
			continue;
		const int64_t late = late_of(source->runfile);
		summary->late = late > summary->late ? late : summary->late;
		there[source->part.shard] = source->finished;
		if (!source->finished)
			missing -= count_played(source);
	}
	for (int64_t shard = 0; shard < summary->injectors; shard++) {
		if (there[shard])
			continue;
		summary->missing[summary->missing_count++] = shard;
		/* Each n-th cycle, as share_take() has it. */
		missing += planned > shard
		               ? (planned - shard + summary->injectors - 1) / summary->injectors
		               : 0;
	}
	summary->cycles_missing = missing > 0 ? missing : 0;
	free(there);
	return true;
}
