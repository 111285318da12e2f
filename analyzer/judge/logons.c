/* What shows that somebody logged on. Without NLA a connection is active while Windows still asks for the password, so
 * that alone shows nothing: a proven logoff does, a session ID (Save Session Info comes after the logon, MS-RDPBCGR
 * 2.2.10.1), or the host, if it listed a logon session or a session of the account. */
#include "judge/evidence.h"

#include <string.h>

#include "evidence/identity.h"

struct sighted {
	struct evidence *evidence;
	int64_t tolerance; /* of the clocks */
};

static void show(struct evidence *evidence, size_t at)
{
	evidence->shown[evidence->index.items[at] - evidence->cycles.items] = true;
}

/* A logon session shows that the cycle in which it was made logged on. */
static void see_logon(struct sighted *sighted, const struct left_logon *seen)
{
	const struct cycle_index *index = &sighted->evidence->index;
	size_t end, best = index->count;
	int64_t best_distance = 0;
	for (size_t i = cycle_index_find(index, seen->user, &end); i < end; i++) {
		const struct cycle *cycle = index->items[i];
		int64_t distance =
		    cycle_index_distance(index, i, seen->logon_time, sighted->tolerance);
		if (distance < 0 || !cycle_may_be_of(cycle, seen->user, seen->domain))
			continue;
		if (best == index->count || distance < best_distance) {
			best = i;
			best_distance = distance;
		}
	}
	if (best == index->count)
		return;
	show(sighted->evidence, best);
	presences_see(&sighted->evidence->presences, index->items[best], seen->session_id);
}

/* A new session shows that its account's cycles logged on, up to when it was last seen: they joined it again. */
static void see_session(struct sighted *sighted, const struct sighting *seen)
{
	const struct cycle_index *index = &sighted->evidence->index;
	const struct snapshot *before = sighted->evidence->before.snapshot;
	size_t end;
	if (before && snapshot_session(before, seen->session_id, seen->user, seen->domain))
		return;
	for (size_t i = cycle_index_find(index, seen->user, &end); i < end; i++) {
		const struct cycle *cycle = index->items[i];
		if (cycle->started <= seen->time &&
		    cycle_may_be_of(cycle, seen->user, seen->domain))
			show(sighted->evidence, i);
	}
}

static void see(void *data, const struct sighting *seen)
{
	struct sighted *sighted = data;
	if (cycle_index_has(&sighted->evidence->index, seen->user, seen->domain))
		sighted->evidence->sighted = true;
	see_session(sighted, seen);
}

/* Whether a logon session of the cycle's session began while the cycle went on; and some sample shows it from `since` on. */
static bool made_logon(const struct sighted *sighted, const struct cycle *cycle, int64_t since)
{
	size_t count;
	const struct left_logon *logons = leak_logons(sighted->evidence->leak, &count);
	for (size_t i = 0; i < count; i++) {
		const struct left_logon *logon = &logons[i];
		if (logon->session_id == cycle->session_id && logon->user &&
		    logon->shown >= since && logon->logon_time != TIMESTAMP_UNKNOWN &&
		    logon->logon_time >= cycle->started - sighted->tolerance &&
		    (cycle->ended == TIMESTAMP_UNKNOWN ||
		        logon->logon_time <= cycle->ended + sighted->tolerance) &&
		    cycle_may_be_of(cycle, logon->user, logon->domain))
			return true;
	}
	return false;
}

static bool same_session(const struct cycle *earlier, const struct cycle *later)
{
	return later->session_id > 0 && earlier->session_id == later->session_id &&
	       account_same(earlier->user, earlier->domain, later->user, later->domain);
}

/* Whether an ID was given again while a logon session of a session lived on that was proven to have ended, as before MS16-111: then a
 * session ID does not tell which session it is. */
static bool ids_come_back(const struct sighted *sighted)
{
	const struct cycle_index *index = &sighted->evidence->index;
	for (size_t i = 1; i < index->count; i++) {
		const struct cycle *earlier = index->items[i - 1], *later = index->items[i];
		if (earlier->result == CYCLE_LOGGED_OFF && same_session(earlier, later) &&
		    made_logon(sighted, earlier, later->started))
			return true;
	}
	return false;
}

/* Whoever lost the connection to a session is given that one at the next logon, with its ID: no logon that could leak again. What
 * distinguishes it from a new session with an ID that had become free is the lost cycle's logon session, which went on. */
static void find_rejoined(const struct sighted *sighted)
{
	struct evidence *evidence = sighted->evidence;
	const struct cycle *earlier = NULL; /* that did not fail */
	bool any = false;
	for (size_t i = 0; i < evidence->index.count; i++) {
		const struct cycle *later = evidence->index.items[i];
		const bool joins =
		    earlier &&
		    (earlier->result == CYCLE_LOST || earlier->result == CYCLE_NOT_RECONNECTED) &&
		    same_session(earlier, later) && made_logon(sighted, earlier, later->started) &&
		    !made_logon(sighted, later, later->started);
		evidence->rejoined[later - evidence->cycles.items] = joins;
		any |= joins;
		if (later->result != CYCLE_FAILED)
			earlier = later;
	}
	if (any && ids_come_back(sighted))
		memset(evidence->rejoined, 0, evidence->cycles.count * sizeof *evidence->rejoined);
}

bool logons_find(struct evidence *evidence, struct runfile *runfile, struct error *error)
{
	struct sighted sighted = {
	    evidence, clock_at(&evidence->clocks, MARK_SETTLED, evidence->settled.round).tolerance};
	size_t count;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		evidence->shown[i] = cycle->result == CYCLE_LOGGED_OFF ||
		                     cycle->result == CYCLE_RAN ||
		                     cycle->session_id != NUMBER_UNKNOWN;
	}
	for (size_t i = 0; i < count; i++) {
		if (!logons[i].user || logons[i].logon_time == TIMESTAMP_UNKNOWN)
			continue;
		evidence->sighted |=
		    cycle_index_has(&evidence->index, logons[i].user, logons[i].domain);
		see_logon(&sighted, &logons[i]);
	}
	find_rejoined(&sighted);
	return runfile_sightings(runfile, see, &sighted, error);
}
