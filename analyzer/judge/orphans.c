/* Which logon session belongs to which cycle. Its identity is (boot, LUID, logon time): session IDs are used again
 * on healthy hosts, so an ID alone identifies nothing. */
#include "judge/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "judge/account.h"

/* Cycles by user, then by start. */
struct cycle_index {
	const struct cycle **items;
	size_t count;
};

static int cycle_order(const void *a, const void *b)
{
	const struct cycle *left = *(const struct cycle *const *)a,
	                   *right = *(const struct cycle *const *)b;
	int by_user = account_user_order(left->user, right->user);
	return by_user ? by_user
	               : (left->started > right->started) - (left->started < right->started);
}

static bool index_cycles(struct cycle_index *index, const struct cycles *cycles)
{
	index->count = cycles->count;
	index->items = malloc((cycles->count + 1) * sizeof *index->items);
	if (!index->items)
		return false;
	for (size_t i = 0; i < cycles->count; i++)
		index->items[i] = &cycles->items[i];
	qsort(index->items, index->count, sizeof *index->items, cycle_order);
	return true;
}

/* The first cycle of the user; those that follow are the user's as long as account_user_order says so. */
static size_t first_of_user(const struct cycle_index *index, const char *user)
{
	size_t low = 0, high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (account_user_order(index->items[middle]->user, user) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_ours(const struct cycle_index *index, const char *user, const char *domain)
{
	if (!user)
		return false;
	for (size_t i = first_of_user(index, user); i < index->count; i++) {
		const struct cycle *cycle = index->items[i];
		if (account_user_order(cycle->user, user) != 0)
			return false;
		if (account_same(cycle->user, cycle->domain, user, domain))
			return true;
	}
	return false;
}

/* How far the logon is from the cycle's own; -1 if it lies outside of the cycle. */
static int64_t distance(const struct cycle *cycle, int64_t time, int64_t tolerance)
{
	if (cycle->started == TIMESTAMP_UNKNOWN || time < cycle->started - tolerance)
		return -1;
	if (cycle->ended != TIMESTAMP_UNKNOWN && time > cycle->ended + tolerance)
		return -1;
	return llabs(
	    time - (cycle->logged_on != TIMESTAMP_UNKNOWN ? cycle->logged_on : cycle->started));
}

/* By time, the nearest logon. Where the tolerance reaches into a neighbour, the same session ID decides. */
static const struct cycle *match_by_time(
    const struct cycle_index *index, const struct logon_session *logon, const struct moment *moment)
{
	const struct cycle *best = NULL;
	int64_t best_distance = 0;
	bool best_same_id = false;
	int64_t time = logon->logon_time - moment->offset;
	for (size_t i = first_of_user(index, logon->user); i < index->count; i++) {
		const struct cycle *cycle = index->items[i];
		if (account_user_order(cycle->user, logon->user) != 0)
			break;
		int64_t off = distance(cycle, time, moment->tolerance);
		if (off < 0 ||
		    !account_same(cycle->user, cycle->domain, logon->user, logon->domain))
			continue;
		bool same_id =
		    cycle->session_id != NUMBER_UNKNOWN && cycle->session_id == logon->session_id;
		if (!best || same_id > best_same_id ||
		    (same_id == best_same_id && off < best_distance)) {
			best = cycle;
			best_distance = off;
			best_same_id = same_id;
		}
	}
	return best;
}

/* Without a logon time: the only cycle of the account that had the session ID. */
static const struct cycle *match_by_id(
    const struct cycle_index *index, const struct logon_session *logon)
{
	const struct cycle *found = NULL;
	if (logon->session_id == NUMBER_UNKNOWN)
		return NULL;
	for (size_t i = first_of_user(index, logon->user); i < index->count; i++) {
		const struct cycle *cycle = index->items[i];
		if (account_user_order(cycle->user, logon->user) != 0)
			break;
		if (cycle->session_id != logon->session_id ||
		    !account_same(cycle->user, cycle->domain, logon->user, logon->domain))
			continue;
		if (found)
			return NULL;
		found = cycle;
	}
	return found;
}

static int logon_order(const void *a, const void *b)
{
	const struct logon_session *left = a, *right = b;
	return (left->luid > right->luid) - (left->luid < right->luid);
}

/* A copy of the snapshot's logon sessions by LUID. NULL when memory is out. */
static struct logon_session *sorted_logons(const struct snapshot *snapshot)
{
	struct logon_session *logons = malloc((snapshot->logon_session_count + 1) * sizeof *logons);
	if (!logons || snapshot->logon_session_count == 0)
		return logons;
	memcpy(logons, snapshot->logon_sessions, snapshot->logon_session_count * sizeof *logons);
	qsort(logons, snapshot->logon_session_count, sizeof *logons, logon_order);
	return logons;
}

static bool was_there(
    const struct logon_session *sorted, size_t count, const struct logon_session *logon)
{
	const struct logon_session *known =
	    bsearch(logon, sorted, count, sizeof *sorted, logon_order);
	return known &&
	       (known->logon_time == logon->logon_time || known->logon_time == TIMESTAMP_UNKNOWN ||
	           logon->logon_time == TIMESTAMP_UNKNOWN);
}

static bool session_is_listed(const struct snapshot *snapshot, const struct logon_session *logon)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (session->id == logon->session_id &&
		    account_same(session->user, session->domain, logon->user, logon->domain))
			return true;
	}
	return false;
}

bool survivor_is_orphan(const struct survivor *survivor)
{
	return survivor->cycle && !survivor->left && cycle_counts(survivor->cycle);
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
		} else if (!survivor->left) {
			if (survivor->cycle)
				orphans->uncounted++;
			else
				orphans->unmatched++;
		}
	}
}

bool orphans_find(struct orphans *out, const struct cycles *cycles, const struct moment *before,
    const struct moment *later)
{
	const struct snapshot *snapshot = later->snapshot;
	struct cycle_index index = {0};
	struct orphans found = {0};
	struct logon_session *known = sorted_logons(before->snapshot);
	found.items = malloc((snapshot->logon_session_count + 1) * sizeof *found.items);
	bool good = known && found.items && index_cycles(&index, cycles);
	for (size_t i = 0; good && i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		if (!is_ours(&index, logon->user, logon->domain) ||
		    was_there(known, before->snapshot->logon_session_count, logon))
			continue;
		found.items[found.count++] = (struct survivor){
		    .logon = logon,
		    .cycle = logon->logon_time != TIMESTAMP_UNKNOWN
		                 ? match_by_time(&index, logon, later)
		                 : match_by_id(&index, logon),
		    .left = session_is_listed(snapshot, logon),
		};
	}
	free(index.items);
	free(known);
	if (!good) {
		free(found.items);
		return false;
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

static bool session_was_there(const struct snapshot *before, const struct session *session)
{
	for (size_t i = 0; i < before->session_count; i++) {
		const struct session *known = &before->sessions[i];
		if (known->id == session->id &&
		    account_same(known->user, known->domain, session->user, session->domain))
			return true;
	}
	return false;
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

int64_t sessions_left(const struct cycles *cycles, const struct snapshot *before,
    const struct snapshot *later, const struct orphans *orphans)
{
	int64_t left = 0;
	for (size_t i = 0; i < later->session_count; i++) {
		const struct session *session = &later->sessions[i];
		bool ours = false;
		for (size_t j = 0; !ours && session->user && j < cycles->count; j++)
			ours = account_same(session->user, session->domain, cycles->items[j].user,
			    cycles->items[j].domain);
		left += ours &&
		        (!session_was_there(before, session) || holds_survivor(orphans, session));
	}
	return left;
}
