/* Which logon sessions should have gone: new ones of our accounts, and old ones whose session our cycles logged off.
 * The identity of a logon session is (boot, LUID, logon time): session IDs are used again on healthy hosts, so an ID
 * alone identifies nothing. */
#include "judge/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "judge/match.h"
#include "evidence/identity.h"

/* A copy of the snapshot's logon sessions by LUID. NULL when memory is out. */
static struct logon_session *sorted_logons(const struct snapshot *snapshot)
{
	struct logon_session *logons = malloc((snapshot->logon_session_count + 1) * sizeof *logons);
	if (!logons || snapshot->logon_session_count == 0)
		return logons;
	memcpy(logons, snapshot->logon_sessions, snapshot->logon_session_count * sizeof *logons);
	qsort(logons, snapshot->logon_session_count, sizeof *logons, logon_session_order);
	return logons;
}

static bool was_there(
    const struct logon_session *sorted, size_t count, const struct logon_session *logon)
{
	const struct logon_session *known =
	    bsearch(logon, sorted, count, sizeof *sorted, logon_session_order);
	return known && logon_session_same(known, logon);
}

/* A session that was there before the run ends with the first of our cycles in it that logged off. NULL: none joined it. */
static const struct cycle *cycle_that_joined(
    const struct evidence *evidence, const struct logon_session *logon)
{
	const struct cycle *last = NULL;
	size_t end;
	if (logon->session_id == NUMBER_UNKNOWN ||
	    !find_session(evidence->before.snapshot, logon->session_id, logon->user, logon->domain))
		return NULL;
	for (size_t i = cycle_index_find(&evidence->index, logon->user, &end); i < end; i++) {
		const struct cycle *cycle = evidence->index.items[i];
		if (cycle->session_id != logon->session_id ||
		    !account_same(cycle->user, cycle->domain, logon->user, logon->domain))
			continue;
		last = cycle;
		if (cycle->result == CYCLE_LOGGED_OFF)
			break;
	}
	return last;
}

static bool has_nameless_session(const struct snapshot *snapshot, int64_t id)
{
	for (size_t i = 0; i < snapshot->session_count; i++)
		if (snapshot->sessions[i].id == id && id != NUMBER_UNKNOWN &&
		    !snapshot->sessions[i].user)
			return true;
	return false;
}

static void tell_left(struct survivor *survivor, const struct snapshot *snapshot)
{
	const struct logon_session *logon = survivor->logon;
	if (snapshot_has(snapshot, "sessions")) {
		survivor->left =
		    find_session(snapshot, logon->session_id, logon->user, logon->domain);
		/* Whose session it is is not known: it may be in use. */
		survivor->in_use =
		    !survivor->left && has_nameless_session(snapshot, logon->session_id);
	} else
		survivor->in_use = !survivor->cycle || survivor->cycle->result != CYCLE_LOGGED_OFF;
}

bool survivor_is_orphan(const struct survivor *survivor)
{
	return survivor->counts && !survivor->left && !survivor->in_use;
}

static int survivor_order(const void *a, const void *b)
{
	const struct survivor *left = a, *right = b;
	int64_t left_number = left->cycle ? left->cycle->number : 0;
	int64_t right_number = right->cycle ? right->cycle->number : 0;
	return (left_number > right_number) - (left_number < right_number);
}

static void count(struct orphans *orphans)
{
	const struct cycle *last = NULL;
	if (orphans->count)
		qsort(orphans->items, orphans->count, sizeof *orphans->items, survivor_order);
	for (size_t i = 0; i < orphans->count; i++) {
		const struct survivor *survivor = &orphans->items[i];
		if (survivor_is_orphan(survivor)) {
			orphans->orphans++;
			orphans->k += survivor->cycle != last;
			last = survivor->cycle;
		} else if (survivor->in_use) {
			orphans->in_use++;
		} else if (!survivor->left) {
			if (survivor->cycle)
				orphans->uncounted++;
			else
				orphans->unmatched++;
		}
	}
}

/* The new logon sessions of our accounts, and those of sessions that a cycle joined. */
static bool collect(
    struct orphans *found, const struct evidence *evidence, const struct snapshot *snapshot)
{
	const struct snapshot *before = evidence->before.snapshot;
	struct logon_session *known = sorted_logons(before);
	found->items = calloc(snapshot->logon_session_count + 1, sizeof *found->items);
	bool good = known && found->items;
	for (size_t i = 0; good && i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		struct survivor survivor = {.logon = logon};
		if (!cycle_index_has(&evidence->index, logon->user, logon->domain))
			continue;
		if (was_there(known, before->logon_session_count, logon)) {
			survivor.cycle = cycle_that_joined(evidence, logon);
			tell_left(&survivor, snapshot);
			if (!survivor.cycle || survivor.left)
				continue;
		}
		found->items[found->count++] = survivor;
	}
	free(known);
	return good;
}

bool orphans_find(struct orphans *out, const struct evidence *evidence, const struct moment *later)
{
	struct orphans found = {0};
	if (!collect(&found, evidence, later->snapshot) ||
	    !match_survivors(found.items, found.count, &evidence->index, &later->clock)) {
		free(found.items);
		return false;
	}
	for (size_t i = 0; i < found.count; i++) {
		struct survivor *survivor = &found.items[i];
		survivor->counts = survivor->cycle && cycle_counts(evidence, survivor->cycle);
		tell_left(survivor, later->snapshot);
	}
	count(&found);
	*out = found;
	return true;
}

void orphans_deinit(struct orphans *orphans)
{
	free(orphans->items);
	memset(orphans, 0, sizeof *orphans);
}

static bool holds_survivor(const struct orphans *orphans, const struct session *session)
{
	for (size_t i = 0; orphans && i < orphans->count; i++) {
		const struct survivor *survivor = &orphans->items[i];
		if (survivor->left && survivor->logon->session_id == session->id)
			return true;
	}
	return false;
}

int64_t sessions_left(const struct evidence *evidence, const struct orphans *orphans)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;
	int64_t left = 0;
	for (size_t i = 0; i < settled->session_count; i++) {
		const struct session *session = &settled->sessions[i];
		left += cycle_index_has(&evidence->index, session->user, session->domain) &&
		        (!find_session(before, session->id, session->user, session->domain) ||
		            holds_survivor(orphans, session));
	}
	return left;
}

int64_t sessions_before(const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot;
	int64_t count = 0;
	for (size_t i = 0; i < before->session_count; i++)
		count += cycle_index_has(
		    &evidence->index, before->sessions[i].user, before->sessions[i].domain);
	if (snapshot_has(before, "sessions"))
		return count;
	for (size_t i = 0; i < before->logon_session_count; i++) {
		const struct logon_session *logon = &before->logon_sessions[i];
		count += logon->session_id > 0 &&
		         cycle_index_has(&evidence->index, logon->user, logon->domain);
	}
	return count;
}
