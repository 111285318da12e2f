/* The life of a leak: samples are added one by one. */
#include <stdlib.h>

#include "common/intern.h"
#include "leak/inside.h"

/* Seconds; as long as a duration in a scenario can be. */
#define STATED_MOST INT64_C(1000000000)

struct leak *leak_create(const struct leak_terms *terms)
{
	struct leak *leak = calloc(1, sizeof *leak);
	if (!leak)
		return NULL;
	leak->terms = *terms;
	leak->time = leak->first_time = leak->last_gone = leak->references_time = TIMESTAMP_UNKNOWN;
	leak->stated = NUMBER_UNKNOWN;
	leak->tokens_keep_ids = YES; /* as Windows has it since MS16-111 */
	leak->pool = intern_create();
	if (leak->pool)
		return leak;
	free(leak);
	return NULL;
}

void leak_destroy(struct leak *leak)
{
	if (!leak)
		return;
	free(leak->logons);
	free(leak->ids);
	free(leak->processes);
	free(leak->stamps.slots);
	rows_free(&leak->rows);
	holds_free(leak);
	free(leak->then.items);
	free(leak->now.items);
	free(leak->looks);
	intern_destroy(leak->pool);
	free(leak);
}

static bool add(
    struct leak *leak, const struct snapshot *sample, int64_t time, int64_t until, int64_t offset)
{
	leak->samples++;
	leak->time = time;
	leak->until = until;
	if (sample->release_time >= 0)
		leak->stated =
		    (sample->release_time < STATED_MOST ? sample->release_time : STATED_MOST) *
		    1000000;
	/* A dump has the kernel's own variable; a probe reads the registry, which may have been written since the host started. */
	if (sample->tokens_keep_ids == NO && snapshot_is_of_dump(sample))
		leak->tokens_keep_ids = NO;
	leak->switched_off |= sample->tokens_keep_ids == NO;
	return left_add(leak, sample, time, offset) && ids_add(leak, sample, time);
}

bool leak_add(struct leak *leak, const struct snapshot *sample, int64_t time, int64_t offset)
{
	return add(leak, sample, time, time, offset);
}

bool leak_take(struct leak *leak, const struct snapshot *before, struct snapshot *sample,
    int64_t time, int64_t until, int64_t offset)
{
	leak->many = true;
	return leak_check_lists(before, sample) && rows_find(leak, sample) &&
	       add(leak, sample, time, until, offset) && stamps_add(leak, sample, until) &&
	       holds_add(leak, sample) && exited_note(leak, sample);
}
