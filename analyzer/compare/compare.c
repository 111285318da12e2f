/* What moments of one host prove: an orphan that is old enough proves a leak; that there is none is clean only where both lists
 * were seen whole, and somebody logged off. */
#include "compare/compare.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "compare/inside.h"

/* The holders of one moment, counted beside those of the other: either may have a million handles. */
struct count {
	struct holders *out;
	const struct snapshot *snapshot;
	const struct leak *leak;
	bool good;
};

static void *count_holders(void *data)
{
	struct count *count = data;
	count->good = holders_find(count->out, count->snapshot, count->leak);
	return NULL;
}

static bool find_holders(struct comparison *comparison)
{
	struct count before = {&comparison->holders_before, comparison->before, NULL, false},
	             after = {
	                 &comparison->holders_after, comparison->after, comparison->leak, false};
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, count_holders, &before) == 0;
	if (!beside)
		count_holders(&before);
	count_holders(&after);
	if (beside)
		pthread_join(thread, NULL);
	return before.good && after.good;
}

/* For how long a snapshot may be taken; what it shows is of some time within. */
#define CAPTURE_MOST (60 * INT64_C(1000000))

/* Moments that cannot be compared: the last one is looked at alone. */
static bool feed_leak(
    struct comparison *comparison, struct snapshot *const *snapshots, size_t count)
{
	const struct snapshot *last = NULL;
	for (size_t i = comparison->comparable ? 0 : count - 1; i < count; i++) {
		struct snapshot *now = snapshots[i];
		const int64_t until =
		    now->time == TIMESTAMP_UNKNOWN ? now->time : now->time + CAPTURE_MOST;
		if (!leak_take(comparison->leak, last, now, now->time, until, 0))
			return false;
		last = now;
	}
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct given_id *left = a, *right = b;
	return (left->started > right->started) - (left->started < right->started);
}

/* The IDs of logons that AFTER lists tell which IDs are not given. */
static bool pin(struct comparison *comparison)
{
	const struct snapshot *after = comparison->after;
	struct given_id *given = malloc((after->logon_session_count + 1) * sizeof *given);
	size_t count = 0;
	for (size_t i = 0; given && i < after->logon_session_count; i++) {
		const struct logon_session *logon = &after->logon_sessions[i];
		if (logon->logon_time != TIMESTAMP_UNKNOWN && logon->session_id > 0 &&
		    logon_is_remote(logon))
			given[count++] = (struct given_id){logon->session_id, logon->logon_time,
			    TIMESTAMP_UNKNOWN, TIMESTAMP_UNKNOWN};
	}
	if (count)
		qsort(given, count, sizeof *given, by_start);
	if (given)
		leak_pin(comparison->leak, given, count);
	free(given);
	return given;
}

static void add_holders(struct comparison *comparison, struct orphan *orphan)
{
	const uint64_t luid = orphan->left->luid;
	const struct holder *first =
	    holders_of(&comparison->holders_after, luid, &orphan->holder_count);
	orphan->first_holder = first ? (size_t)(first - comparison->holders_after.items) : 0;
	orphan->handles_shown =
	    handles_shown_of(comparison->after, &comparison->holders_after, luid);
}

static bool find_orphans(struct comparison *comparison)
{
	size_t count;
	const struct left_logon *logons = leak_logons(comparison->leak, &count);
	comparison->orphans = malloc((count + 1) * sizeof *comparison->orphans);
	for (size_t i = 0; comparison->orphans && i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left->fate == FATE_UNSURE && !left->gone)
			comparison->unsure[left->unsure]++;
		if (!left_is_orphan(left))
			continue;
		struct orphan *orphan = &comparison->orphans[comparison->orphan_count++];
		*orphan = (struct orphan){.left = left,
		    .kind = left->seen_alive  ? ORPHAN_OUTLIVED
		            : left->first > 1 ? ORPHAN_NEW
		            : left->was_left  ? ORPHAN_BEFORE
		                              : ORPHAN_OUTLIVED,
		    .is_old = leak_is_old(comparison->leak, left->ended, left->shown, 0)};
		comparison->old_count += orphan->is_old;
		add_holders(comparison, orphan);
	}
	comparison->orphans_known = snapshot_has(comparison->after, SECTION_SESSIONS) &&
	                            (snapshot_has(comparison->after, SECTION_LOGON_SESSIONS) ||
	                                comparison->holders_after.count);
	return comparison->orphans;
}

static bool is_of_orphan(const struct comparison *comparison, int64_t id)
{
	for (size_t i = 0; i < comparison->orphan_count; i++) {
		if (comparison->orphans[i].left->session_id == id)
			return true;
	}
	return false;
}

static bool is_leak(const struct comparison *comparison, const struct left_id *id)
{
	return id->pinned && leak_is_old(comparison->leak, id->ended, id->shown, 0);
}

static bool find_referred(struct comparison *comparison)
{
	size_t count;
	const struct left_id *ids = leak_ids(comparison->leak, &count);
	comparison->referred = malloc((count + 1) * sizeof *comparison->referred);
	for (size_t i = 0; comparison->referred && i < count; i++) {
		if (ids[i].gone || is_of_orphan(comparison, ids[i].id) ||
		    left_id_is_harmless(comparison->leak, &ids[i]))
			continue;
		comparison->referred[comparison->referred_count++] = ids[i].id;
		comparison->pinned_count += is_leak(comparison, &ids[i]);
	}
	return comparison->referred;
}

/* Whoever holds what is a leak; and where nothing is one yet, what may become one. Orphans are in the order of their LUIDs, IDs in
 * theirs. */
static bool find_culprits(struct comparison *comparison)
{
	const bool proven = comparison->old_count + comparison->pinned_count > 0;
	size_t logon_count = 0, id_count = 0, count;
	const struct left_id *ids = leak_ids(comparison->leak, &count);
	struct held_logon *logons = malloc((comparison->orphan_count + 1) * sizeof *logons);
	int64_t *numbers = malloc((count + 1) * sizeof *numbers);
	for (size_t i = 0; logons && i < comparison->orphan_count; i++) {
		if (!proven || comparison->orphans[i].is_old)
			logons[logon_count++] =
			    held_logon_of(comparison->leak, comparison->orphans[i].left);
	}
	for (size_t i = 0; numbers && i < count; i++) {
		if (!ids[i].gone && !is_of_orphan(comparison, ids[i].id) &&
		    !left_id_is_harmless(comparison->leak, &ids[i]) &&
		    (!proven || is_leak(comparison, &ids[i])))
			numbers[id_count++] = ids[i].id;
	}
	const bool before = comparison->comparable && comparison->before != comparison->after &&
	                    snapshot_has(comparison->before, SECTION_HANDLES);
	const bool good = logons && numbers &&
	                  culprits_find(&comparison->culprits, comparison->after, logons,
	                      logon_count, numbers, id_count) &&
	                  (comparison->orphan_count == 0 ||
	                      suspects_find(&comparison->suspects,
	                          before ? comparison->before : NULL, comparison->after));
	comparison->without_holder = comparison->culprits.without_holder;
	comparison->followers_only = comparison->culprits.followers_only;
	free(logons);
	free(numbers);
	return good;
}

struct comparison *compare_snapshots(struct snapshot *const *snapshots, size_t count,
    const struct leak_terms *terms, struct error *error)
{
	struct comparison *comparison = calloc(1, sizeof *comparison);
	struct notes notes = {.comparison = comparison};
	bool good = comparison && (comparison->leak = leak_create(terms));
	if (good) {
		comparison->before = snapshots[0];
		comparison->after = snapshots[count - 1];
		comparison->verdict = EXIT_INCONCLUSIVE;
		comparison->moments = count;
		comparison->comparable = count > 1;
		if (count > 1)
			times_check(&notes, snapshots, count);
		for (size_t i = 1; i < count; i++)
			pair_check(&notes, snapshots[i - 1], snapshots[i]);
		good = feed_leak(comparison, snapshots, count) && pin(comparison) &&
		       find_holders(comparison) && ids_compare(comparison) &&
		       find_orphans(comparison) && find_referred(comparison) &&
		       ids_explain(comparison) && find_culprits(comparison) &&
		       changes_find(comparison) && logon_groups_find(comparison) &&
		       logoffs_find(comparison);
	}
	if (good && (comparison->comparable || count == 1))
		trails_find(&notes, snapshots);
	if (good)
		verdict_find(&notes);
	if (good && !notes.failed)
		return comparison;
	error_memory(error);
	comparison_destroy(comparison);
	return NULL;
}

static void destroy_texts(char **items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(items[i]);
	free(items);
}

void comparison_destroy(struct comparison *comparison)
{
	if (!comparison)
		return;
	destroy_texts(comparison->reasons, comparison->reason_count);
	destroy_texts(comparison->limits, comparison->limit_count);
	free(comparison->gaps);
	free(comparison->unexplained);
	free(comparison->orphans);
	free(comparison->referred);
	free(comparison->by_process);
	free(comparison->by_logon);
	free(comparison->growth);
	free(comparison->groups);
	free(comparison->trails);
	culprits_deinit(&comparison->culprits);
	suspects_deinit(&comparison->suspects);
	holders_deinit(&comparison->holders_before);
	holders_deinit(&comparison->holders_after);
	leak_destroy(comparison->leak);
	free(comparison);
}
