/* A healthy host gives the lowest free ID again, so IDs that stay free below new ones are skipped for a reason. */
#include "compare/inside.h"

#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
	int64_t left = ((const struct session *)a)->id, right = ((const struct session *)b)->id;
	return (left > right) - (left < right);
}

struct session *sessions_sorted(const struct snapshot *snapshot, size_t *count)
{
	struct session *sorted = malloc((snapshot->session_count + 1) * sizeof *sorted);
	size_t kept = 0;
	for (size_t i = 0; sorted && i < snapshot->session_count; i++) {
		if (!session_is_listener(&snapshot->sessions[i]))
			sorted[kept++] = snapshot->sessions[i];
	}
	if (kept)
		qsort(sorted, kept, sizeof *sorted, by_id);
	*count = kept;
	return sorted;
}

const struct session *session_of_id(const struct session *sorted, size_t count, int64_t id)
{
	struct session key = {.id = id};
	return count ? bsearch(&key, sorted, count, sizeof *sorted, by_id) : NULL;
}

bool sessions_whole(const struct snapshot *snapshot)
{
	return snapshot_extent(snapshot, SECTION_SESSIONS) == EXTENT_WHOLE;
}

/* IDs from 1 that no session has: ID 0 is the services'. */
static int64_t count_missing(const struct session *sorted, size_t count)
{
	int64_t missing = 0, last = 0;
	for (size_t i = 0; i < count; i++) {
		if (sorted[i].id > last)
			missing += sorted[i].id - last - 1;
		if (sorted[i].id > last)
			last = sorted[i].id;
	}
	return missing;
}

static bool find_gaps(struct comparison *comparison, const struct session *sorted, size_t count)
{
	int64_t last = 0;
	comparison->gaps = calloc(count + 1, sizeof *comparison->gaps);
	for (size_t i = 0; comparison->gaps && i < count; i++) {
		if (sorted[i].id > last + 1)
			comparison->gaps[comparison->gap_count++] =
			    (struct id_gap){last + 1, sorted[i].id - 1};
		if (sorted[i].id > last)
			last = sorted[i].id;
	}
	return comparison->gaps;
}

/* IDs below the highest new session that are free at both moments. */
static int64_t count_skipped(const struct comparison *comparison, const struct session *before,
    size_t before_count, const struct session *after, size_t after_count)
{
	int64_t highest = 0, used = 0, skipped = 0;
	for (size_t i = 0; i < after_count; i++) {
		if (after[i].id > highest && !session_of_id(before, before_count, after[i].id))
			highest = after[i].id;
	}
	for (size_t i = 0; i < before_count; i++)
		used += before[i].id > 0 && before[i].id < highest &&
		        !session_of_id(after, after_count, before[i].id);
	for (size_t i = 0; i < comparison->gap_count; i++) {
		const struct id_gap *gap = &comparison->gaps[i];
		int64_t last = gap->last < highest ? gap->last : highest - 1;
		if (last >= gap->first)
			skipped += last - gap->first + 1;
	}
	return skipped - used;
}

bool ids_compare(struct comparison *comparison)
{
	size_t before_count = 0, after_count = 0;
	struct session *before = sessions_sorted(comparison->before, &before_count);
	struct session *after = sessions_sorted(comparison->after, &after_count);
	bool good = before && after && find_gaps(comparison, after, after_count);
	comparison->highest_before = comparison->highest_after = NUMBER_UNKNOWN;
	if (good) {
		/* Where a session may be missing from the list, so may be that of any ID. */
		comparison->ids_known = comparison->comparable &&
		                        sessions_whole(comparison->before) &&
		                        sessions_whole(comparison->after);
		if (!comparison->ids_known)
			comparison->gap_count = 0;
		comparison->sessions_before = (int64_t)before_count;
		comparison->sessions_after = (int64_t)after_count;
		if (before_count)
			comparison->highest_before = before[before_count - 1].id;
		if (after_count)
			comparison->highest_after = after[after_count - 1].id;
		comparison->missing_before = count_missing(before, before_count);
		comparison->missing_after = count_missing(after, after_count);
		if (comparison->ids_known)
			comparison->skipped =
			    count_skipped(comparison, before, before_count, after, after_count);
	}
	free(before);
	free(after);
	return good;
}

/* What still has the ID: a session, or what is left of one. */
static bool *find_explained(const struct comparison *comparison, int64_t highest)
{
	size_t logon_count, id_count;
	const struct left_logon *logons = leak_logons(comparison->leak, &logon_count);
	const struct left_id *ids = leak_ids(comparison->leak, &id_count);
	bool *explained = calloc((size_t)highest + 1, sizeof *explained);
	for (size_t i = 0; explained && i < comparison->after->session_count; i++) {
		const int64_t id = comparison->after->sessions[i].id;
		if (id >= 0 && id <= highest)
			explained[id] = true;
	}
	for (size_t i = 0; explained && i < logon_count; i++) {
		if (!logons[i].gone && logons[i].session_id >= 0 && logons[i].session_id <= highest)
			explained[logons[i].session_id] = true;
	}
	for (size_t i = 0; explained && i < id_count; i++) {
		if (!ids[i].gone && ids[i].id >= 0 && ids[i].id <= highest)
			explained[ids[i].id] = true;
	}
	return explained;
}

bool ids_explain(struct comparison *comparison)
{
	const int64_t highest = comparison->highest_after;
	if (!sessions_whole(comparison->after) || highest < 1 || highest > SESSION_ID_MOST)
		return true;
	bool *explained = find_explained(comparison, highest);
	comparison->unexplained = malloc(((size_t)highest + 1) * sizeof *comparison->unexplained);
	for (int64_t id = 1; explained && comparison->unexplained && id < highest; id++) {
		if (explained[id])
			continue;
		struct id_gap *last = &comparison->unexplained[comparison->unexplained_count -
		                                               (comparison->unexplained_count > 0)];
		if (comparison->unexplained_count && last->last == id - 1)
			last->last = id;
		else
			comparison->unexplained[comparison->unexplained_count++] =
			    (struct id_gap){id, id};
	}
	const bool good = explained && comparison->unexplained;
	free(explained);
	return good;
}
