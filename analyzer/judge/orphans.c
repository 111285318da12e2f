/* Which logon sessions should have gone: those that the run's cycles made, and those that were there before and whose session a
 * cycle logged off. What is left, and since when, the leak rule says; here each is given to its cycle. */
#include "judge/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

/* A session that was there before the run ends with the first of our cycles in it that logged off. NULL: none joined it. */
static const struct cycle *cycle_that_joined(
    const struct evidence *evidence, const struct logon_session *logon)
{
	const struct cycle *last = NULL;
	size_t end;
	if (logon->session_id == NUMBER_UNKNOWN || !evidence->before.snapshot ||
	    !snapshot_session(
	        evidence->before.snapshot, logon->session_id, logon->user, logon->domain))
		return NULL;
	for (size_t i = cycle_index_find(&evidence->index, logon->user, &end); i < end; i++) {
		const struct cycle *cycle = evidence->index.items[i];
		if (cycle->session_id != logon->session_id ||
		    !cycle_may_be_of(cycle, logon->user, logon->domain))
			continue;
		last = cycle;
		if (cycle->result == CYCLE_LOGGED_OFF)
			break;
	}
	return last;
}

static int survivor_order(const void *a, const void *b)
{
	const struct survivor *left = a, *right = b;
	int64_t left_number = left->cycle ? left->cycle->number : 0;
	int64_t right_number = right->cycle ? right->cycle->number : 0;
	const int order = (left_number > right_number) - (left_number < right_number);
	return order ? order : logon_session_order(&left->logon, &right->logon);
}

/* What is older than the run counts only if its session was seen in it. */
static bool collect(struct orphans *found, const struct evidence *evidence, struct leak *leak)
{
	size_t count;
	struct left_logon *logons = leak_logons(leak, &count);
	found->items = calloc(count + 1, sizeof *found->items);
	for (size_t i = 0; found->items && i < count; i++) {
		struct left_logon *left = &logons[i];
		if (left->gone || !left->watched)
			continue;
		struct survivor survivor = {.left = left, .logon = left_record(left)};
		/* Without a sample from before the run, only the cycles tell what is theirs. */
		if (left->first == 1 && evidence->before.snapshot) { /* there before the run */
			survivor.cycle = cycle_that_joined(evidence, &survivor.logon);
			if (!survivor.cycle || left->fate == FATE_ALIVE) {
				found->older += left->fate == FATE_ORPHAN;
				continue;
			}
		} else if (left->older && evidence->before.snapshot) {
			found->older += left->fate == FATE_ORPHAN;
			continue;
		}
		found->items[found->count++] = survivor;
	}
	return found->items;
}

/* A proven logoff ended the session that the cycle was given; a later cycle there may be a reconnect, and proves nothing of this
 * one. */
static void prove_ends(struct orphans *found, const struct evidence *evidence, struct leak *leak)
{
	for (size_t i = 0; i < found->count; i++) {
		struct survivor *survivor = &found->items[i];
		const struct cycle *cycle = survivor->cycle;
		survivor->left->older &= !cycle;
		survivor->counts = cycle && cycle_counts(evidence, cycle);
		if (cycle && !evidence->unordered && cycle->result == CYCLE_LOGGED_OFF &&
		    (cycle->session_id == NUMBER_UNKNOWN ||
		        survivor->logon.session_id == cycle->session_id))
			leak_prove_end(leak, survivor->logon.luid, cycle->ended);
	}
}

static bool are_twins(const struct survivor *a, const struct survivor *b)
{
	return a->cycle == b->cycle && logons_are_twins(&a->logon, &b->logon);
}

/* follows: it is the other of the two logon sessions that one logon made. */
static void count_one(
    struct orphans *found, struct survivor *survivor, bool follows, const struct cycle **last)
{
	const enum fate fate = survivor->left->fate;
	if (fate == FATE_UNSURE) {
		if (found->unsure++ == 0)
			found->unsure_why = survivor->left->unsure;
		return;
	}
	if (fate != FATE_ORPHAN)
		return;
	found->young += !survivor->is_leak;
	if (!survivor->cycle && survivor->left->older) {
		found->older++;
		return;
	}
	if (!survivor->cycle) {
		found->unmatched_pairs += !follows;
		found->unmatched++;
		found->unmatched_leaks += survivor->is_leak;
	} else if (survivor->is_leak && survivor->counts) {
		found->orphans++;
		found->network += survivor->logon.logon_type &&
		                  strcmp(survivor->logon.logon_type, "Network") == 0;
		found->k += survivor->cycle != *last;
		*last = survivor->cycle;
	} else {
		found->uncounted += survivor->is_leak;
		found->failed += survivor->is_leak && survivor->cycle->result == CYCLE_FAILED &&
		                 survivor->cycle != *last;
		*last = survivor->is_leak ? survivor->cycle : *last;
	}
}

/* The survivors are in the order of their cycles. */
static void count_young_cycles(struct orphans *found)
{
	bool young = false, leaks = false;
	for (size_t i = 0; i < found->count; i++) {
		const struct survivor *survivor = &found->items[i];
		young |= survivor->left->fate == FATE_ORPHAN && survivor->counts;
		leaks |= survivor->is_leak;
		if (i + 1 < found->count && survivor[1].cycle == survivor->cycle)
			continue;
		found->young_cycles += young && !leaks;
		young = leaks = false;
	}
}

static void count_strangers(struct orphans *found, struct leak *leak)
{
	size_t count;
	const struct left_logon *logons = leak_logons(leak, &count);
	const int64_t quiet = leak_quiet_time(leak);
	for (size_t i = 0; i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left->watched || !left_is_orphan(left))
			continue;
		if (left->older)
			found->older++;
		else if (leak_is_old(leak, left->ended, left->shown, quiet))
			found->strangers++;
		else
			found->young_strangers++;
	}
}

bool orphans_find(struct orphans *out, const struct evidence *evidence, struct leak *leak)
{
	struct orphans found = {0};
	const struct cycle *last = NULL;
	const struct clock clock = {.tolerance = evidence_last(evidence)->clock.tolerance};
	if (!collect(&found, evidence, leak) ||
	    !match_survivors(found.items, found.count, &evidence->index, &clock)) {
		free(found.items);
		return false;
	}
	prove_ends(&found, evidence, leak);
	const int64_t quiet = leak_quiet_time(leak);
	for (size_t i = 0; i < found.count; i++) {
		struct survivor *survivor = &found.items[i];
		survivor->is_leak =
		    survivor->left->fate == FATE_ORPHAN &&
		    leak_is_old(leak, survivor->left->ended, survivor->left->shown, quiet);
	}
	if (found.count)
		qsort(found.items, found.count, sizeof *found.items, survivor_order);
	for (size_t i = 0; i < found.count; i++)
		count_one(&found, &found.items[i],
		    i > 0 && are_twins(&found.items[i - 1], &found.items[i]), &last);
	count_young_cycles(&found);
	count_strangers(&found, leak);
	*out = found;
	return true;
}

void orphans_deinit(struct orphans *orphans)
{
	free(orphans->items);
	memset(orphans, 0, sizeof *orphans);
}

bool orphans_count_after(int64_t *out, const struct evidence *evidence, const struct limits *limits)
{
	struct leak_terms terms = {
	    .release_time = limits->release_time, .after_logoff = NUMBER_UNKNOWN};
	const struct moment *before = &evidence->before, *after = &evidence->after;
	cycle_index_answers(&evidence->index, &evidence->watched, &terms);
	struct leak *leak = leak_create(&terms);
	struct orphans orphans = {0};
	const struct cycle *last = NULL;
	bool good = leak && leak_add(leak, before->snapshot, 0, before->clock.offset) &&
	            leak_add(leak, after->snapshot, 1, after->clock.offset) &&
	            orphans_find(&orphans, evidence, leak);
	*out = 0;
	for (size_t i = 0; good && i < orphans.count; i++) {
		const struct survivor *survivor = &orphans.items[i];
		if (survivor->left->fate != FATE_ORPHAN || !survivor->counts ||
		    survivor->cycle == last)
			continue;
		last = survivor->cycle;
		++*out;
	}
	orphans_deinit(&orphans);
	leak_destroy(leak);
	return good;
}

static bool holds_survivor(const struct orphans *orphans, const struct session *session)
{
	for (size_t i = 0; orphans && i < orphans->count; i++) {
		const struct survivor *survivor = &orphans->items[i];
		if (survivor->left->fate == FATE_ALIVE && survivor->logon.session_id == session->id)
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
		        (!snapshot_session(before, session->id, session->user, session->domain) ||
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
	if (snapshot_has(before, SECTION_SESSIONS))
		return count;
	for (size_t i = 0; i < before->logon_session_count; i++) {
		const struct logon_session *logon = &before->logon_sessions[i];
		count += logon->session_id > 0 &&
		         cycle_index_has(&evidence->index, logon->user, logon->domain);
	}
	return count;
}
