/* How a list shows that rows are missing from it, though it was not seen to be cut: by what every host has, what must be there with
 * what is listed, and what an earlier sample of the same host shows. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/order.h"
#include "evidence/identity.h"
#include "leak/inside.h"

/* A list that is lowered. */
struct list {
	struct snapshot *snapshot;
	const char *section;
};

__attribute__((format(printf, 2, 3))) static bool lower(
    const struct list *list, const char *format, ...)
{
	char why[240];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	return snapshot_see(list->snapshot, list->section, EXTENT_CUT_OFF, why);
}

static bool session_has_user(const struct session *session)
{
	return session && session->user && *session->user;
}

/* A logon session of which the list does not tell the session may be that of any session of its user. */
static bool may_be_unplaced(const struct snapshot *snapshot, const struct session *session)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		if (logon->session_id == NUMBER_UNKNOWN &&
		    account_may_be(session->user, session->domain, logon->user, logon->domain))
			return true;
	}
	return false;
}

/* Whoever has a session has a logon session in it, and be it another account's that works there. */
static bool check_users(const struct list *list)
{
	const struct snapshot *snapshot = list->snapshot;
	int64_t *ids = malloc((snapshot->logon_session_count + 1) * sizeof *ids);
	size_t count = 0;
	bool good = ids;
	for (size_t i = 0; ids && i < snapshot->logon_session_count; i++) {
		if (!logon_is_of_desktop(&snapshot->logon_sessions[i]))
			ids[count++] = snapshot->logon_sessions[i].session_id;
	}
	if (count)
		qsort(ids, count, sizeof *ids, order_of_numbers);
	for (size_t i = 0; good && i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (session->id <= 0 || session_is_listener(session) ||
		    !session_has_user(session) ||
		    (count && bsearch(&session->id, ids, count, sizeof *ids, order_of_numbers)) ||
		    may_be_unplaced(snapshot, session))
			continue;
		good =
		    lower(list, "session %" PRId64 " of %s is listed, but no logon session in it",
		        session->id, session->user);
	}
	free(ids);
	return good;
}

const struct session *sample_session(const struct snapshot *snapshot, int64_t id)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (snapshot->sessions[i].id == id)
			return &snapshot->sessions[i];
	}
	return NULL;
}

static bool has_logon_of(const struct snapshot *snapshot, const char *user)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		if (account_user_order(snapshot->logon_sessions[i].user, user) == 0)
			return true;
	}
	return false;
}

/* The session is still there, with the same user. */
static bool has_same_user(const struct snapshot *before, const struct snapshot *after, int64_t id)
{
	const struct session *then = sample_session(before, id), *now = sample_session(after, id);
	return session_has_user(then) && session_has_user(now) &&
	       account_may_be(then->user, then->domain, now->user, now->domain);
}

/* The desktop's window manager and font driver last as long as their session. */
static bool check_desktops(const struct list *list, const struct snapshot *before)
{
	for (size_t i = 0; i < before->logon_session_count; i++) {
		const struct logon_session *then = &before->logon_sessions[i];
		if (logon_is_of_desktop(then) && then->session_id >= 0 &&
		    has_same_user(before, list->snapshot, then->session_id) &&
		    !has_logon_of(list->snapshot, then->user))
			return lower(list,
			    "session %" PRId64
			    " is listed, but not the logon session of %s in it, which "
			    "was there before",
			    then->session_id, then->user);
	}
	return true;
}

/* What stands behind the list tells where nothing in it does, as it may have been cut between two records. */
static bool check_end(const struct list *list, const struct snapshot *before)
{
	const struct sight *then = snapshot_sight_of(before, list->section),
	                   *now = snapshot_sight_of(list->snapshot, list->section);
	if (!then || !now || now->end == LIST_END_UNKNOWN || now->end == LIST_END_PROMPT ||
	    then->end == LIST_END_UNKNOWN || then->end == now->end)
		return true;
	return lower(list,
	    "its text does not end as the earlier one does: it may have been cut there; take both in the same way");
}

static bool check_logons(const struct snapshot *before, struct snapshot *after)
{
	const struct list list = {after, SECTION_LOGON_SESSIONS};
	char luid[LUID_TEXT];
	if (!snapshot_has(after, list.section))
		return true;
	if (after->logon_session_count == 0)
		return lower(&list, "it is empty, which it never is on a host");
	if (!check_users(&list))
		return false;
	if (!before)
		return true;
	const uint64_t missing = lasting_missing(before, after);
	if (missing &&
	    !lower(&list, "it lacks logon session %s, which lasts as long as the host runs",
	        luid_format(missing, luid)))
		return false;
	return check_desktops(&list, before) && check_end(&list, before);
}

static bool has_listener(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (session_is_listener(&snapshot->sessions[i]))
			return true;
	}
	return false;
}

/* Of a tool's text, listeners are the last rows, and they stay. Dumps have none: the kernel knows no listeners. */
static bool check_sessions(const struct snapshot *before, struct snapshot *after)
{
	const struct list list = {after, SECTION_SESSIONS};
	if (snapshot_extent(after, list.section) != EXTENT_WHOLE)
		return true;
	if (after->session_count == 0)
		return lower(&list, "it is empty, which it never is on a host");
	if (!before)
		return true;
	if (sample_session(before, 0) && !sample_session(after, 0))
		return lower(&list, "session 0 is not listed, which every host has");
	return snapshot_is_of_dump(after) || !has_listener(before) || has_listener(after) ||
	       lower(&list, "listeners, which are listed last, were there before and are not now");
}

/* A process ID is of one process at a time: rows of two moments, or damaged ones. */
static bool check_processes(struct snapshot *snapshot)
{
	const struct list list = {snapshot, SECTION_PROCESSES};
	const size_t count = snapshot->process_count;
	if (snapshot_has(snapshot, list.section) && count == 0)
		return lower(&list, "it is empty, which it never is on a host");
	int64_t *pids = malloc((count + 1) * sizeof *pids);
	bool good = pids;
	for (size_t i = 0; good && i < count; i++)
		pids[i] = snapshot->processes[i].pid;
	if (good && count)
		qsort(pids, count, sizeof *pids, order_of_numbers);
	for (size_t i = 1; good && i < count; i++) {
		if (pids[i] == pids[i - 1] && pids[i] != NUMBER_UNKNOWN) {
			good = lower(&list, "two processes have the process ID %" PRId64, pids[i]);
			break;
		}
	}
	free(pids);
	return good;
}

bool leak_check_lists(const struct snapshot *before, struct snapshot *sample)
{
	return check_logons(before, sample) && check_sessions(before, sample) &&
	       check_processes(sample);
}
