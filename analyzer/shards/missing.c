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

/* It has all that it played, which is all that it had to, or says itself why not. A load of timed steps plays as many cycles as come. */
static bool came_back(const struct source *source, int64_t share)
{
	const int64_t there = count_played(source);
	int64_t played;
	return source->finished && runfile_get_number(source->runfile, "load.played", &played) &&
	       there >= played &&
	       (runfile_is_set(source->runfile, "ended-early") ||
	           runfile_is_set(source->runfile, "load.step") || there >= share);
}

static const struct source *shard_of(const struct sources *sources, int64_t shard)
{
	for (size_t i = 0; i < sources->count; i++) {
		if (sources->items[i].part.shard == shard)
			return &sources->items[i];
	}
	return NULL;
}

/* Each n-th cycle, as share_take() has it. */
static int64_t share_of(int64_t planned, int64_t shard, int64_t injectors)
{
	return planned > shard ? (planned - shard + injectors - 1) / injectors : 0;
}

bool missing_find(
    const struct sources *sources, struct shards_summary *summary, struct error *error)
{
	const struct source *plan = sources_first(sources, PART_BEFORE);
	int64_t planned;
	if (!runfile_get_number(plan->runfile, "load.cycles", &planned))
		return error_set(error, EXIT_TARGET,
		    "%s: damaged run file: its setting load.cycles is none", plan->path);
	summary->injectors = plan->part.injectors;
	summary->missing = calloc((size_t)summary->injectors, sizeof *summary->missing);
	if (!summary->missing)
		return error_memory(error);
	for (int64_t shard = 0; shard < summary->injectors; shard++) {
		const struct source *source = shard_of(sources, shard);
		const int64_t share = share_of(planned, shard, summary->injectors);
		const int64_t late = source ? late_of(source->runfile) : 0;
		summary->late = late > summary->late ? late : summary->late;
		if (source && came_back(source, share))
			continue;
		const int64_t missing = share - (source ? count_played(source) : 0);
		summary->missing[summary->missing_count++] = shard;
		summary->cycles_missing += missing > 0 ? missing : 0;
	}
	return true;
}
