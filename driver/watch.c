/* Knows how the host is sampled while other machines load it. */
#include "driver/run.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/duration.h"
#include "common/timestamp.h"

/* By what is in the folder of the plan. */
static bool is_done(struct run *run, int64_t *told)
{
	const int64_t finished = run->part->until_done ? part_count_finished(run->part) : 0;
	char text[96];

	if (finished != *told) {
		snprintf(text, sizeof(text), "%" PRId64 " of %" PRId64 " shards are finished",
		    finished, run->part->is.injectors);
		run_event(run, "shards", text, true);
	}
	*told = finished;
	return finished >= run->part->is.injectors;
}

bool run_watch_load(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	const int64_t over = timestamp_monotonic() + scenario->limits.duration.least;
	int64_t told = 0;

	run->monitor->tally.doing = DOING_WATCHING;
	for (int64_t round = 1; !is_done(run, &told); round++) {
		const int64_t next = timestamp_monotonic() + scenario->settle.poll.least;

		if (!run_observe(run, MARK_DURING, round, 1))
			return false;
		while (timestamp_monotonic() < next && run->interrupts == 0)
			if (!run_turn(run, next))
				return false;
		if (run->interrupts > 0)
			return true;
		if (timestamp_monotonic() >= over) {
			run_event(run, "not-done",
			    "limits.duration is over, and not all shards are finished", true);
			return true;
		}
	}
	return true;
}
