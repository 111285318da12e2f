/* A logon session lives as long as it is listed, or as a handle names it. It has outlived its session when no session has
 * its ID any more, or when the ID has another user. Only people's logon sessions count: those of the machine, of services
 * and of the desktop come and go by other rules. */
#include "compare/survivors.h"

#include <stdlib.h>
#include <string.h>

#include "compare/ids.h"
#include "compare/search.h"
#include "evidence/identity.h"

/* The logon sessions by LUID, and those of which only handles are seen. NULL: memory is out. */
static struct logon_session *collect(
    const struct snapshot *snapshot, const struct holders *holders, size_t *count)
{
	size_t listed = snapshot->logon_session_count, kept = listed;
	struct logon_session *logons = malloc((listed + holders->count + 1) * sizeof *logons);
	if (!logons)
		return NULL;
	if (listed) {
		memcpy(logons, snapshot->logon_sessions, listed * sizeof *logons);
		qsort(logons, listed, sizeof *logons, logon_session_order);
	}
	for (size_t i = 0; i < holders->count; i++) {
		struct logon_session logon = {.luid = holders->items[i].luid,
		    .session_id = NUMBER_UNKNOWN,
		    .logon_time = TIMESTAMP_UNKNOWN};
		if ((i == 0 || holders->items[i - 1].luid != logon.luid) &&
		    !(listed && bsearch(&logon, logons, listed, sizeof logon, logon_session_order)))
			logons[kept++] = logon;
	}
	if (kept > listed)
		qsort(logons, kept, sizeof *logons, logon_session_order);
	*count = kept;
	return logons;
}

/* Who a logon session is of, by the handles to it, where no list has it. */
static void name_by_handles(
    struct logon_session *logons, size_t count, const struct snapshot *snapshot)
{
	struct logon_session *logon = NULL;
	size_t unnamed = 0;
	for (size_t i = 0; i < count; i++)
		unnamed += !logons[i].user;
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		struct logon_session key = {.luid = handle->luid};
		if (!handle->has_luid || (logon && logon->luid == handle->luid && logon->user))
			continue;
		if (unnamed == 0 && handle->session_id == NUMBER_UNKNOWN)
			continue; /* nothing that this one could tell */
		logon = bsearch(&key, logons, count, sizeof key, logon_session_order);
		if (!logon)
			continue;
		if (!logon->user) {
			unnamed -= handle->user != NULL;
			logon->user = handle->user;
			logon->domain = handle->domain;
		}
		if (logon->session_id == NUMBER_UNKNOWN)
			logon->session_id = handle->session_id;
	}
}

/* The same logon session before; what it says fills what is not known after. */
static const struct logon_session *find_before(
    const struct search *search, struct logon_session *logon)
{
	const struct logon_session *before =
	    search->before_count ? bsearch(logon, search->before, search->before_count,
	                               sizeof *before, logon_session_order)
	                         : NULL;
	if (!search->comparison->comparable || !before || !logon_session_same(before, logon))
		return NULL;
	if (logon->session_id == NUMBER_UNKNOWN)
		logon->session_id = before->session_id;
	if (!logon->user) {
		logon->user = before->user;
		logon->domain = before->domain;
	}
	if (!logon->logon_type)
		logon->logon_type = before->logon_type;
	return before;
}

static bool has_listener(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (session_is_listener(&snapshot->sessions[i]))
			return true;
	}
	return false;
}

/* Whether the session that has the logon session's ID is another one now. Others than the user may log on in it (runas),
 * but only a remote logon makes a session, and no session changes its user. */
static bool is_another(
    const struct logon_session *logon, const struct session *then, const struct session *now)
{
	if (logon_is_remote(logon) && !session_may_be_of(now, logon))
		return true;
	return session_has_user(then) && session_has_user(now) && !then->disputed &&
	       !now->disputed && !account_may_be(then->user, then->domain, now->user, now->domain);
}

/* Whether it proves anything that the logon session's session is not listed: WTSEnumerateSessions lists only those that
 * the caller may query. */
static bool would_be_listed(const struct snapshot *snapshot, const struct logon_session *logon)
{
	if (snapshot->elevated == NO || logon->session_id == NUMBER_UNKNOWN ||
	    logon->session_id <= 0 || !logon_is_of_person(logon) ||
	    !snapshot_has(snapshot, "sessions") || snapshot->session_count == 0 ||
	    snapshot->sessions_cut)
		return false;
	return !snapshot->sessions_partial || (logon->user && logon_is_remote(logon));
}

bool session_is_gone(const struct snapshot *snapshot, const struct logon_session *logon)
{
	if (!would_be_listed(snapshot, logon))
		return false;
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (snapshot->sessions[i].id == logon->session_id)
			return false;
	}
	return true;
}

static bool add(struct search *search, const struct orphan *orphan)
{
	struct comparison *comparison = search->comparison;
	if (comparison->orphan_count == search->capacity) {
		size_t capacity = search->capacity ? search->capacity * 2 : 64;
		struct orphan *larger = realloc(comparison->orphans, capacity * sizeof *larger);
		if (!larger)
			return false;
		comparison->orphans = larger;
		search->capacity = capacity;
	}
	comparison->orphans[comparison->orphan_count++] = *orphan;
	return true;
}

static void add_holders(struct comparison *comparison, struct orphan *orphan)
{
	const struct holder *first =
	    holders_of(&comparison->holders_after, orphan->luid, &orphan->holder_count);
	orphan->first_holder = first ? (size_t)(first - comparison->holders_after.items) : 0;
	orphan->handles_shown =
	    handles_shown_of(comparison->after, &comparison->holders_after, orphan->luid);
	if (!first && orphan->handles_shown)
		comparison->without_holder++;
}

/* The session that had the logon session's ID in BEFORE. */
static const struct session *session_then(
    const struct search *search, const struct logon_session *logon)
{
	if (!search->comparison->comparable)
		return NULL;
	return sessions_find(
	    search->sessions_before, search->sessions_before_count, logon->session_id);
}

static enum orphan_kind kind_of(
    const struct search *search, const struct logon_session *before, const struct session *then)
{
	if (!before)
		return ORPHAN_NEW;
	if (!then)
		return would_be_listed(search->comparison->before, before) ? ORPHAN_BEFORE
		                                                           : ORPHAN_OUTLIVED;
	return logon_is_remote(before) && !session_may_be_of(then, before) ? ORPHAN_BEFORE
	                                                                   : ORPHAN_OUTLIVED;
}

static bool look_at(struct search *search, struct logon_session *logon)
{
	struct comparison *comparison = search->comparison;
	const struct logon_session *before = find_before(search, logon);
	if (!comparison->orphans_known || logon->disputed)
		return true;
	if (logon->session_id == NUMBER_UNKNOWN) {
		comparison->unplaced += logon_is_of_person(logon);
		return true;
	}
	const struct session *then = session_then(search, logon),
	                     *now = sessions_find(search->sessions_after,
	                         search->sessions_after_count, logon->session_id);
	if (logon->session_id <= 0 || !logon_is_of_person(logon) ||
	    (now && !is_another(logon, before ? then : NULL, now)))
		return true;
	if (!now && comparison->lists_cut) {
		comparison->unplaced++; /* its session may be among those that were cut off */
		return true;
	}
	if (!now && !would_be_listed(comparison->after, logon))
		return true;
	struct orphan orphan = {.luid = logon->luid,
	    .user = logon->user,
	    .domain = logon->domain,
	    .session_id = logon->session_id,
	    .logon_time = logon->logon_time,
	    .kind = kind_of(search, before, then),
	    .id_given_anew = now};
	add_holders(comparison, &orphan);
	return add(search, &orphan);
}

/* Whether sessions were left out of AFTER's list: of a tool's text, listeners are the last rows, and they stay. */
static bool lists_cut(const struct comparison *comparison)
{
	const struct snapshot *before = comparison->before, *after = comparison->after;
	bool lists = snapshot_has(after, "sessions") && after->rows && !after->sessions_partial;
	return after->sessions_cut ||
	       (comparison->comparable && lists && has_listener(before) && !has_listener(after));
}

bool survivors_find(struct comparison *comparison)
{
	struct search search = {.comparison = comparison};
	comparison->lists_cut = lists_cut(comparison);
	search.before =
	    collect(comparison->before, &comparison->holders_before, &search.before_count);
	search.after = collect(comparison->after, &comparison->holders_after, &search.after_count);
	search.sessions_before = sessions_sorted(comparison->before, &search.sessions_before_count);
	search.sessions_after = sessions_sorted(comparison->after, &search.sessions_after_count);
	bool good =
	    search.before && search.after && search.sessions_before && search.sessions_after;
	comparison->orphans_known =
	    snapshot_has(comparison->after, "sessions") && search.sessions_after_count > 0 &&
	    (snapshot_has(comparison->after, "logon_sessions") || comparison->holders_after.count);
	if (good) {
		name_by_handles(search.before, search.before_count, comparison->before);
		name_by_handles(search.after, search.after_count, comparison->after);
	}
	for (size_t i = 0; good && i < search.after_count; i++)
		good = look_at(&search, &search.after[i]);
	if (good) {
		comparison->logoff_seen = logoffs_find(&search);
		good = suspects_find(&search);
	}
	free(search.before);
	free(search.after);
	free(search.sessions_before);
	free(search.sessions_after);
	return good;
}
