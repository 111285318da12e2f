/* Knows how the clocks of several machines relate. Each logon with NLA tells the host's clock (MS-NLMP 2.2.2.1, MsvAvTimestamp), and so do
 * samples that say when they were taken; files of one machine have one clock. */
#include "shards/inside.h"

#include <stdlib.h>

#include "common/order.h"
#include "judge/clock.h"

/* The files of one clock. */
struct group {
	const struct source *first;
	int64_t *offsets; /* host's clock minus this one, as logons told it */
	size_t count;
	int64_t narrowest; /* how sure the best sample is of it */
	int64_t sampled;   /* offset by that */
	bool known;
	int64_t offset;
};

static struct group *group_of(struct group *groups, size_t *count, const struct source *source)
{
	for (size_t i = 0; i < *count; i++) {
		if (part_clock_same(&groups[i].first->part.clock, &source->part.clock))
			return &groups[i];
	}
	groups[*count] = (struct group){.first = source, .narrowest = INT64_MAX};
	return &groups[(*count)++];
}

static bool add_logons(struct group *group, const struct cycles *cycles)
{
	int64_t *offsets =
	    realloc(group->offsets, (group->count + cycles->count + 1) * sizeof *offsets);
	if (!offsets)
		return false;
	group->offsets = offsets;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		/* Another host's clock is another clock. */
		if (cycle->host_clock_offset != NUMBER_UNKNOWN && !cycle->served_by)
			offsets[group->count++] = cycle->host_clock_offset;
	}
	return true;
}

static void add_samples(struct group *group, const struct captures *captures)
{
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		int64_t offset, width;
		if (!clock_of_capture(capture, &offset, &width) || width >= group->narrowest)
			continue;
		group->narrowest = width;
		group->sampled = offset;
	}
}

/* A busy machine reads some late, which makes them smaller: the larger ones are right, and a few of the smallest tell nothing. Where the others differ by
 * more than that, one of the clocks was set, and there is no one offset. A file that went on by another clock has two. */
#define READ_LATE 50 /* one of so many */
#define READ_LATE_LEAST 10
#define RIGHT 0.9

static void settle_offset(struct group *group)
{
	const bool one_clock = group->first->part.clock.boot[0];
	const int64_t most = one_clock ? CLOCK_JUMP : CLOCK_JUMP / 5;
	const size_t count = group->count;
	const size_t late = one_clock && count >= READ_LATE_LEAST ? 1 + count / READ_LATE : 0;

	group->known = count > 0 || group->narrowest <= CLOCK_JUMP;
	group->offset = group->sampled;
	if (count == 0)
		return;
	qsort(group->offsets, count, sizeof *group->offsets, order_of_numbers);
	group->known = group->offsets[count - 1] - group->offsets[late] <= most;
	group->offset = group->offsets[(size_t)(RIGHT * (double)(count - 1))];
}

static void note_groups(const struct group *groups, size_t count, struct shards_summary *summary)
{
	int64_t least = INT64_MAX, most = INT64_MIN;
	summary->one_clock = count == 1;
	for (size_t i = 0; i < count; i++) {
		summary->unordered |= count > 1 && !groups[i].known;
		least = groups[i].offset < least ? groups[i].offset : least;
		most = groups[i].offset > most ? groups[i].offset : most;
	}
	summary->apart = summary->one_clock || summary->unordered ? 0 : most - least;
}

/* A moment apart, so that what is put there is told apart. */
#define APART 1000000

/* What is before and after the load is so by what it is, whatever clocks say: samples that are ordered by clocks that do not relate show
 * what was left as older than the run. */
static void put_around_load(struct sources *sources)
{
	struct source *before = sources_first(sources, PART_BEFORE),
	              *after = sources_first(sources, PART_SETTLED);
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		if (source->part.kind != PART_SHARD || source->first == TIMESTAMP_UNKNOWN)
			continue;
		first =
		    source->first + source->shift < first ? source->first + source->shift : first;
		last = source->last + source->shift > last ? source->last + source->shift : last;
	}
	if (first > last)
		return;
	if (before->last != TIMESTAMP_UNKNOWN && before->last + before->shift > first - APART)
		before->shift = first - APART - before->last;
	if (after && after->first != TIMESTAMP_UNKNOWN &&
	    after->first + after->shift < last + APART)
		after->shift = last + APART - after->first;
}

bool sources_align(struct sources *sources, struct shards_summary *summary)
{
	struct group *groups = calloc(sources->count + 1, sizeof *groups);
	struct group **of = calloc(sources->count + 1, sizeof *of);
	size_t count = 0;
	bool good = groups && of;
	for (size_t i = 0; good && i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		of[i] = group_of(groups, &count, source);
		good = add_logons(of[i], &source->cycles);
		add_samples(of[i], &source->captures);
	}
	for (size_t i = 0; i < count; i++)
		settle_offset(&groups[i]);
	if (good)
		note_groups(groups, count, summary);
	for (size_t i = 0; good && !summary->one_clock && i < sources->count; i++)
		sources->items[i].shift = of[i]->known ? of[i]->offset : 0;
	if (good && summary->unordered)
		put_around_load(sources);
	for (size_t i = 0; i < count; i++)
		free(groups[i].offsets);
	free(groups);
	free(of);
	return good;
}
