/* Knows how one run is made of the parts that several injectors played: by one clock, its cycles in the order of their logons. */
#include "shards/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/order.h"
#include "common/timestamp.h"
#include "judge/cycle_index.h"
#include "runfile/append.h"

#define CLOCK_TOLERANCE (2 * SECOND) /* how sure clocks are that are related */

/* A cycle, where it comes from, and when it logged on by the run's clock. */
struct placed {
	struct source *source;
	size_t place;
	int64_t logon;
};

struct merging {
	struct sources sources;
	struct shards_summary *summary;
	struct runfile *out;
	struct placed *placed; /* all cycles, by logon */
	size_t count;
	int64_t *ends; /* of those that ended, sorted */
	size_t end_count;
	struct error *error;
};

static int64_t shifted(const struct source *source, int64_t time)
{
	return time == TIMESTAMP_UNKNOWN ? time : time + source->shift;
}

/* ---- cycles ---- */

static int by_logon(const void *a, const void *b)
{
	const struct placed *left = a, *right = b;
	if (left->logon != right->logon)
		return left->logon < right->logon ? -1 : 1;
	if (left->source != right->source)
		return left->source < right->source ? -1 : 1;
	return (left->place > right->place) - (left->place < right->place);
}

static bool place_cycles(struct merging *merging)
{
	const struct sources *sources = &merging->sources;
	size_t most = 1;
	for (size_t i = 0; i < sources->count; i++)
		most += sources->items[i].cycles.count;
	merging->placed = malloc(most * sizeof *merging->placed);
	merging->ends = malloc(most * sizeof *merging->ends);
	bool good = merging->placed && merging->ends;
	for (size_t i = 0; good && i < sources->count; i++) {
		struct source *source = &sources->items[i];
		source->numbers = calloc(source->cycles.count + 1, sizeof *source->numbers);
		good = source->numbers != NULL;
		for (size_t j = 0; good && j < source->cycles.count; j++) {
			const struct cycle *cycle = &source->cycles.items[j];
			merging->placed[merging->count++] =
			    (struct placed){source, j, shifted(source, cycle_logon(cycle))};
			if (cycle->ended != TIMESTAMP_UNKNOWN)
				merging->ends[merging->end_count++] = shifted(source, cycle->ended);
		}
	}
	if (!good)
		return error_memory(merging->error);
	qsort(merging->placed, merging->count, sizeof *merging->placed, by_logon);
	qsort(merging->ends, merging->end_count, sizeof *merging->ends, order_of_numbers);
	return true;
}

/* Of a shard that was not finished: whoever carried it is gone, as after runfile_go_on(). */
static void lose(struct cycle *cycle, int64_t last)
{
	cycle->result = CYCLE_LOST;
	cycle->ended = last;
	cycle->code = RUNFILE_DRIVER_LOST;
	cycle->message = "the driver that carried this cycle was killed";
}

static bool put_cycle(struct merging *merging, const struct placed *placed, int64_t number)
{
	struct source *source = placed->source;
	struct cycle cycle = source->cycles.items[placed->place];
	cycle.number = number;
	source->numbers[placed->place] = number;
	/* Slots of several injectors are several slots. */
	if (source->part.kind == PART_SHARD && cycle.slot != NUMBER_UNKNOWN)
		cycle.slot = cycle.slot * source->part.injectors + source->part.shard;
	if (cycle.result == CYCLE_RUNNING)
		lose(&cycle, source->last);
	cycle.scheduled = shifted(source, cycle.scheduled);
	cycle.started = shifted(source, cycle.started);
	cycle.logged_on = shifted(source, cycle.logged_on);
	cycle.ended = shifted(source, cycle.ended);
	if (cycle.host_clock_offset != NUMBER_UNKNOWN)
		cycle.host_clock_offset -= source->shift;
	return runfile_put_cycle(merging->out, &cycle, merging->error);
}

/* That of a preflight stays before the first. */
static bool put_cycles(struct merging *merging)
{
	int64_t number = 0, before = 0;
	bool good = true;
	for (size_t i = 0; good && i < merging->count; i++) {
		const struct placed *placed = &merging->placed[i];
		const struct cycle *cycle = &placed->source->cycles.items[placed->place];
		const bool first = cycle->kind == CYCLE_PREFLIGHT;
		good = put_cycle(merging, placed, first ? before-- : ++number);
		merging->summary->cycles += cycle->kind == CYCLE_LOAD;
	}
	return good;
}

/* ---- the rest of each file ---- */

/* Whose captures and events are placed. */
struct placing_data {
	const struct merging *merging;
	const struct source *source;
};

static int64_t number_of(const void *data, int64_t number)
{
	const struct source *source = ((const struct placing_data *)data)->source;
	const struct cycle *cycle = cycles_find(&source->cycles, number);
	return cycle ? source->numbers[cycle - source->cycles.items] : 0;
}

static int64_t finished_by(const void *data, int64_t time)
{
	const struct merging *merging = ((const struct placing_data *)data)->merging;
	size_t low = 0, high = merging->end_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (merging->ends[middle] <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return (int64_t)low;
}

static void count_rounds(const struct captures *captures, int64_t rounds[MARK_COUNT])
{
	int64_t most[MARK_COUNT] = {0};
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->round > most[capture->mark])
			most[capture->mark] = capture->round;
	}
	for (int mark = 0; mark < MARK_COUNT; mark++)
		rounds[mark] += most[mark];
}

/* Samples of the load tell nothing where it is not known between which logons they were. */
static bool is_left_out(const struct merging *merging, const struct source *source)
{
	return merging->summary->unordered && source->part.kind == PART_DURING;
}

static bool append_sources(struct merging *merging)
{
	struct placing placing = {.number = number_of, .finished = finished_by};
	bool good = true;
	for (size_t i = 0; good && i < merging->sources.count; i++) {
		const struct source *source = &merging->sources.items[i];
		const struct placing_data data = {merging, source};
		char speaker[PART_WORD];
		placing.data = &data;
		placing.shift = source->shift;
		snprintf(speaker, sizeof speaker, "shard %" PRId64, source->part.shard);
		placing.speaker = source->part.kind == PART_SHARD ? speaker : NULL;
		good = (is_left_out(merging, source) ||
		           runfile_append_captures(
		               merging->out, source->runfile, &placing, merging->error)) &&
		       runfile_append_events(
		           merging->out, source->runfile, &placing, merging->error) &&
		       runfile_append_details(merging->out, source->runfile, &source->cycles,
		           &placing, merging->error);
		count_rounds(&source->captures, placing.rounds);
	}
	return good;
}

/* What shards did after the host was sampled was not seen: nothing of it may be called clean. Clocks that do not relate cannot tell. */
static bool check_after(struct merging *merging)
{
	const struct source *after = sources_first(&merging->sources, PART_SETTLED);
	char shown[TIMESTAMP_TEXT];
	int64_t begun;
	if (!after || merging->summary->unordered)
		return true;
	if (!source_time(after, "started", &begun))
		return error_set(merging->error, EXIT_TARGET,
		    "%s: damaged run file: it does not say when it was begun", after->path);
	for (size_t i = 0; i < merging->sources.count; i++) {
		const struct source *source = &merging->sources.items[i];
		const int64_t end = shifted(source, source->last);
		if (source->part.kind == PART_SHARD && end != TIMESTAMP_UNKNOWN &&
		    begun < end - CLOCK_TOLERANCE)
			return error_set(merging->error, EXIT_USAGE,
			    "%s was begun before %s had ended (at %s): sample the host again, once all shards have ended (leaklab observe --mark settled)",
			    after->path, source->path, timestamp_format(end, shown));
	}
	return true;
}

static bool append_watched(struct merging *merging)
{
	const struct source *plan = sources_first(&merging->sources, PART_BEFORE);
	struct watched watched;
	if (!runfile_watched(plan->runfile, &watched, merging->error))
		return false;
	bool good = true;
	for (size_t i = 0; good && i < watched.count; i++)
		good = runfile_add_watched(
		    merging->out, watched.items[i].user, watched.items[i].domain, merging->error);
	watched_deinit(&watched);
	return good;
}

/* ---- all ---- */

static bool fill(struct merging *merging)
{
	return runfile_begin(merging->out, merging->error) &&
	       settings_put(merging->out, &merging->sources, merging->summary, merging->error) &&
	       append_watched(merging) && put_cycles(merging) && append_sources(merging) &&
	       runfile_commit(merging->out, merging->error) &&
	       runfile_finish(merging->out, merging->error);
}

bool shards_merge(const char *out, char *const *paths, size_t count, struct shards_summary *summary,
    struct error *error)
{
	struct merging merging = {.summary = summary, .error = error};
	*summary = (struct shards_summary){0};
	bool good = sources_open(&merging.sources, paths, count, error) &&
	            (sources_align(&merging.sources, summary) || error_memory(error)) &&
	            missing_find(&merging.sources, summary, error) && check_after(&merging) &&
	            place_cycles(&merging);
	if (good) {
		summary->has_after = sources_first(&merging.sources, PART_SETTLED) != NULL;
		merging.out = runfile_create(out, error);
		good = merging.out && fill(&merging);
	}
	if (good)
		runfile_close(merging.out);
	else
		runfile_discard(merging.out);
	free(merging.placed);
	free(merging.ends);
	sources_deinit(&merging.sources);
	if (!good)
		shards_summary_deinit(summary);
	return good;
}

void shards_summary_deinit(struct shards_summary *summary)
{
	free(summary->missing);
	*summary = (struct shards_summary){0};
}
