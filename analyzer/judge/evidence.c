/* Which captures of a run the verdict is made from, and which cycles. */
#include "judge/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "judge/logons.h"
#include "evidence/identity.h"

static bool came_to_its_end(const struct cycle *cycle)
{
	return cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	       cycle->result == CYCLE_DISCONNECTED;
}

bool cycle_counts(const struct evidence *evidence, const struct cycle *cycle)
{
	return came_to_its_end(cycle) && evidence->shown[cycle - evidence->cycles.items];
}

bool cycle_is_unshown(const struct evidence *evidence, const struct cycle *cycle)
{
	return came_to_its_end(cycle) && !evidence->shown[cycle - evidence->cycles.items];
}

const struct session *find_session(
    const struct snapshot *snapshot, int64_t id, const char *user, const char *domain)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (session->id == id && account_same(session->user, session->domain, user, domain))
			return session;
	}
	return NULL;
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
	moment->round = capture->round;
	moment->clock = clock_at(captures, mark, capture->round);
	return true;
}

static bool index_cycles(struct evidence *evidence, struct error *error)
{
	evidence->shown = calloc(evidence->cycles.count + 1, sizeof *evidence->shown);
	return (evidence->shown && cycle_index_init(&evidence->index, &evidence->cycles)) ||
	       error_set(error, EXIT_TARGET, "out of memory");
}

bool evidence_load(struct evidence *evidence, struct runfile *runfile, struct error *error)
{
	memset(evidence, 0, sizeof *evidence);
	if (runfile_cycles(runfile, &evidence->cycles, error) &&
	    runfile_captures(runfile, &evidence->captures, error) &&
	    index_cycles(evidence, error) &&
	    load_moment(
	        &evidence->before, runfile, &evidence->captures, MARK_BEFORE, true, error) &&
	    load_moment(&evidence->after, runfile, &evidence->captures, MARK_AFTER, false, error) &&
	    load_moment(
	        &evidence->settled, runfile, &evidence->captures, MARK_SETTLED, true, error) &&
	    logons_find(evidence, runfile, error))
		return true;
	evidence_deinit(evidence);
	return false;
}

void evidence_deinit(struct evidence *evidence)
{
	snapshot_destroy(evidence->before.snapshot);
	snapshot_destroy(evidence->after.snapshot);
	snapshot_destroy(evidence->settled.snapshot);
	cycle_index_deinit(&evidence->index);
	free(evidence->shown);
	captures_deinit(&evidence->captures);
	cycles_deinit(&evidence->cycles);
	memset(evidence, 0, sizeof *evidence);
}
