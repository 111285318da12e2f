/* Which captures of a run count for the verdict, and how far the host's clock is off. */
#include "judge/evidence.h"

#include <string.h>

/* A logon is stamped by the host a moment before the driver hears of it, and some tools print whole seconds. */
#define CLOCK_TOLERANCE 2000000

bool cycle_counts(const struct cycle *cycle)
{
	return cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	       cycle->result == CYCLE_DISCONNECTED;
}

/* The capture that stands for the mark's first or last round with a snapshot. NULL: there is none. */
static const struct capture *find_round(const struct captures *captures, enum mark mark, bool last)
{
	const struct capture *found = NULL;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark != mark || capture->problem)
			continue;
		if (!found ||
		    (last ? capture->round > found->round : capture->round < found->round))
			found = capture;
	}
	return found;
}

static void relate_clocks(struct moment *moment, const struct capture *capture)
{
	moment->tolerance = CLOCK_TOLERANCE;
	if (capture->started == TIMESTAMP_UNKNOWN || capture->ended == TIMESTAMP_UNKNOWN)
		return;
	int64_t half = (capture->ended - capture->started) / 2;
	moment->tolerance += half;
	if (moment->snapshot->time != TIMESTAMP_UNKNOWN)
		moment->offset = moment->snapshot->time - (capture->started + half);
}

static bool load_moment(struct moment *moment, struct runfile *runfile,
    const struct captures *captures, enum mark mark, bool last, struct error *error)
{
	const struct capture *capture = find_round(captures, mark, last);
	if (!capture)
		return true;
	moment->snapshot = runfile_snapshot(runfile, mark, capture->round, error);
	if (!moment->snapshot)
		return error_prefix(
		    error, "snapshot \"%s\" %lld", mark_names[mark], (long long)capture->round);
	relate_clocks(moment, capture);
	return true;
}

bool evidence_load(struct evidence *evidence, struct runfile *runfile, struct error *error)
{
	memset(evidence, 0, sizeof *evidence);
	if (runfile_cycles(runfile, &evidence->cycles, error) &&
	    runfile_captures(runfile, &evidence->captures, error) &&
	    load_moment(
	        &evidence->before, runfile, &evidence->captures, MARK_BEFORE, true, error) &&
	    load_moment(&evidence->after, runfile, &evidence->captures, MARK_AFTER, false, error) &&
	    load_moment(
	        &evidence->settled, runfile, &evidence->captures, MARK_SETTLED, true, error))
		return true;
	evidence_deinit(evidence);
	return false;
}

void evidence_deinit(struct evidence *evidence)
{
	snapshot_destroy(evidence->before.snapshot);
	snapshot_destroy(evidence->after.snapshot);
	snapshot_destroy(evidence->settled.snapshot);
	captures_deinit(&evidence->captures);
	cycles_deinit(&evidence->cycles);
	memset(evidence, 0, sizeof *evidence);
}
