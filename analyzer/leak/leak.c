/* The life of a leak, and its times. */
#include <math.h>
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
	free(leak->whole_times);
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

int64_t leak_release_time(const struct leak *leak)
{
	if (leak->terms.release_time != NUMBER_UNKNOWN)
		return leak->terms.release_time;
	return leak->stated != NUMBER_UNKNOWN ? leak->stated : RELEASE_TIME;
}

/* What releases later than the release time are late by, for the sums that wait for them: a quarter of it, or one and a half times the
 * mean of those that were seen. */
static double lateness(const struct leak *leak)
{
	const double quarter = (double)leak_release_time(leak) / 4;
	if (leak->late_releases == 0)
		return quarter;
	const double excess = 1.5 * leak->late_excess / (double)leak->late_releases;
	return excess > quarter ? excess : quarter;
}

/* Simulated: where releases are bounded a quarter suffices; once one is seen to go later, ln 100 times the lateness, after which one in a
 * hundred is still held. */
int64_t leak_quiet_time(const struct leak *leak)
{
	if (leak->late_releases == 0)
		return leak_release_time(leak) / 4;
	return (int64_t)(lateness(leak) * log(100));
}

/* Simulated, too. */
int64_t leak_stopping_age(const struct leak *leak)
{
	return leak_release_time(leak) +
	       (int64_t)(lateness(leak) * log(100 * ((double)leak->late_releases + 3)));
}

int64_t leak_age(const struct leak *leak, int64_t ended, int64_t shown)
{
	int64_t age = leak->terms.after_logoff;
	if (ended != TIMESTAMP_UNKNOWN && shown != TIMESTAMP_UNKNOWN &&
	    (age == NUMBER_UNKNOWN || shown - ended > age))
		age = shown - ended;
	return age;
}

bool leak_is_old(const struct leak *leak, int64_t ended, int64_t shown, int64_t more)
{
	const int64_t age = leak_age(leak, ended, shown);
	return age != NUMBER_UNKNOWN && age >= leak_release_time(leak) + more;
}

int64_t leak_last_gone(const struct leak *leak)
{
	return leak->last_gone;
}
