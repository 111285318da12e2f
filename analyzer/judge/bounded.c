#include "judge/weigh.h"

#include <stdlib.h>

#include "common/order.h"
#include "evidence/identity.h"

#define ACCOUNTS_LEAST 2
#define CYCLES_LEAST 3 /* of each account, on average */
#define SHARE_LEAST                                                                                \
	0.33 /* of what was seen to be left of earlier cycles: a late holder may hold some longer */

static bool has(const int64_t *numbers, int64_t count, int64_t number)
{
	return count > 0 &&
	       bsearch(&number, numbers, (size_t)count, sizeof *numbers, order_of_numbers);
}

static bool leaked(const struct verdict *verdict, const struct cycle *cycle)
{
	return has(verdict->orphaned, verdict->k, cycle->number) ||
	       has(verdict->pinned, verdict->pinned_k, cycle->number);
}

static bool same_account(const struct cycle *a, const struct cycle *b)
{
	return account_user_order(a->user, b->user) == 0;
}

/* The account's cycles are those from `first` to `end`, exclusive, by their start. */
static bool only_latest_leaked(
    const struct verdict *verdict, const struct evidence *evidence, size_t first, size_t end)
{
	bool latest = true;

	for (size_t i = end; i-- > first;) {
		const struct cycle *cycle = evidence->index.items[i];
		if (!cycle_counts(evidence, cycle))
			continue;
		if (leaked(verdict, cycle) != latest)
			return false;
		latest = false;
	}
	return !latest;
}

/* Some sample showed it after its session was over. */
static bool was_left(const struct left_logon *left, const struct cycle *cycle)
{
	return left->fate == FATE_ORPHAN || left->was_left || left->shown > cycle->ended;
}

/* When samples showed last what the cycle left, and were without it first; TIMESTAMP_UNKNOWN: nothing of it was seen to go. */
struct going {
	int64_t shown, gone;
};

static struct going going_of(const struct evidence *evidence, const struct cycle *cycle)
{
	struct going going = {TIMESTAMP_UNKNOWN, TIMESTAMP_UNKNOWN};
	size_t count;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);

	for (size_t i = 0; i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left->gone && left->watched && left->session_id == cycle->session_id &&
		    account_same(left->user, left->domain, cycle->user, cycle->domain) &&
		    left->logon_time >= cycle->started && left->logon_time <= cycle->ended &&
		    was_left(left, cycle) && left->shown > going.shown)
			going = (struct going){left->shown, left->went_at};
	}
	return going;
}

struct seen {
	size_t left,
	    replaced; /* cycles that were seen to leave something; of them, until about their account's next logon */
};

static struct seen look_at_earlier(const struct evidence *evidence, size_t first, size_t end)
{
	struct seen seen = {0};

	for (size_t i = first; i + 1 < end; i++) {
		const struct cycle *cycle = evidence->index.items[i],
		                   *next = evidence->index.items[i + 1];
		if (cycle->session_id == NUMBER_UNKNOWN || cycle->ended == TIMESTAMP_UNKNOWN)
			continue;
		const struct going going = going_of(evidence, cycle);
		if (going.shown == TIMESTAMP_UNKNOWN)
			continue;
		/* One that went before the account logged on again was no cache's; one may take its time to replace it. */
		seen.left++;
		seen.replaced += going.gone >= next->started &&
		                 going.shown <= next->ended + leak_release_time(evidence->leak);
	}
	return seen;
}

void bounded_find(struct verdict *verdict, const struct evidence *evidence)
{
	const struct cycle_index *index = &evidence->index;
	struct seen all = {0};
	size_t end;

	if (evidence->unordered || verdict->account_count < ACCOUNTS_LEAST ||
	    verdict->unmatched_leaks > 0 || verdict->uncounted > 0 || verdict->strangers > 0 ||
	    verdict->taken.leaks > 0 ||
	    verdict->n < CYCLES_LEAST * (int64_t)verdict->account_count ||
	    verdict->leaked_k != (int64_t)verdict->account_count)
		return;
	for (size_t i = 0; i < index->count; i = end) {
		for (end = i + 1;
		     end < index->count && same_account(index->items[i], index->items[end]);)
			end++;
		if (!only_latest_leaked(verdict, evidence, i, end))
			return;
		const struct seen seen = look_at_earlier(evidence, i, end);
		if (seen.replaced == 0)
			return;
		all.left += seen.left;
		all.replaced += seen.replaced;
	}
	verdict->bounded = (double)all.replaced >= SHARE_LEAST * (double)all.left;
}
