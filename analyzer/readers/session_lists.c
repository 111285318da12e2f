/* A text may have several lists of sessions: if they are of one moment, those of qwinsta have every session of the others.
 * Session 0 is on every host, so that a list without it is not whole: rows were left out, or only one was asked for. */
#include "readers/session_lists.h"

#include <string.h>

#define SESSIONS_MOST 5000 /* more than a host can have */

static bool has(const struct session *sessions, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (sessions[i].id == id)
			return true;
	}
	return false;
}

/* A session that is in the list and not in the other one, which has all; or NULL. */
static const struct session *find_missing(
    const struct session *whole, size_t whole_count, const struct session *list, size_t list_count)
{
	for (size_t i = 0; i < list_count; i++) {
		if (!session_is_listener(&list[i]) && !has(whole, whole_count, list[i].id))
			return &list[i];
	}
	return NULL;
}

/* Compares the last list with the one before it. */
static bool check(struct reading *reading)
{
	const struct session *all = reading->snapshot->sessions, *missing = NULL;
	const struct session_list *earlier = &reading->earlier, *last = &reading->list;
	size_t earlier_count = last->first - earlier->first,
	       last_count = reading->snapshot->session_count - last->first;
	if (!earlier_count || !last_count || earlier_count > SESSIONS_MOST ||
	    last_count > SESSIONS_MOST)
		return true;
	const struct session *then = all + earlier->first, *now = all + last->first;
	if (earlier->all && has(then, earlier_count, 0))
		missing = find_missing(then, earlier_count, now, last_count);
	if (!missing && last->all && has(now, last_count, 0))
		missing = find_missing(now, last_count, then, earlier_count);
	return !missing ||
	       snapshot_add_contradiction(reading->snapshot,
	           "session %lld is in one list of sessions and not in another: they are of two "
	           "moments",
	           (long long)missing->id);
}

void session_lists_begin(struct reading *reading, bool all)
{
	reading->lists_failed |= !check(reading);
	if (reading->snapshot->session_count > reading->list.first)
		reading->earlier = reading->list;
	reading->list = (struct session_list){all, reading->snapshot->session_count};
}

bool session_lists_end(struct reading *reading)
{
	struct snapshot *snapshot = reading->snapshot;
	if (!check(reading) || reading->lists_failed)
		return false;
	if (!reading->all_sessions || has(snapshot->sessions, snapshot->session_count, 0))
		return true;
	snapshot->sessions_cut = true;
	return snapshot_add_unavailable(
	    snapshot, "some sessions", "session 0 is not listed, which every host has");
}
