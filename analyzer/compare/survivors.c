/* A logon session lives as long as it is listed, or as a handle names it. It has outlived its session when no session has
 * its ID any more, or when the ID has another user. */
#include "compare/survivors.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compare/ids.h"
#include "snapshot/identity.h"

struct search {
	struct comparison *comparison;
	struct logon_session *before, *after; /* by LUID */
	size_t before_count, after_count;
	struct session *sessions_before, *sessions_after;
	size_t sessions_before_count, sessions_after_count;
	size_t capacity;
};

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
	if (!before || !logon_session_same(before, logon))
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

static bool is_remote(const struct logon_session *logon)
{
	return logon->logon_type && strcmp(logon->logon_type, "RemoteInteractive") == 0;
}

/* Whether the session is not the logon session's any more. Others than the user may log on in it (runas), but only a
 * remote logon makes a session. */
static bool is_over(const struct logon_session *logon, const struct session *session)
{
	if (!session)
		return true;
	return session->user && logon->user && is_remote(logon) &&
	       !account_same(session->user, session->domain, logon->user, logon->domain);
}

/* Accounts of people, not of the machine, of services or of the desktop's own parts. */
static bool is_person(const struct logon_session *logon)
{
	static const char *const domains[] = {
	    "NT AUTHORITY", "NT SERVICE", "Window Manager", "Font Driver Host"};
	size_t length = logon->user ? strlen(logon->user) : 0;
	if (length == 0 || logon->user[length - 1] == '$' ||
	    strncasecmp(logon->user, "DWM-", 4) == 0 || strncasecmp(logon->user, "UMFD-", 5) == 0)
		return false;
	for (size_t i = 0; logon->domain && i < sizeof domains / sizeof domains[0]; i++) {
		if (strcasecmp(logon->domain, domains[i]) == 0)
			return false;
	}
	return true;
}

/* Whether it proves anything that the logon session's session is not listed. */
static bool would_be_listed(const struct snapshot *snapshot, const struct logon_session *logon)
{
	return !snapshot->sessions_partial || (is_remote(logon) && is_person(logon));
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
	orphan->handles_shown = handles_shown_of(comparison->after, orphan->luid);
	if (!first && orphan->handles_shown)
		comparison->without_holder++;
}

static bool look_at(struct search *search, struct logon_session *logon)
{
	struct comparison *comparison = search->comparison;
	const struct logon_session *before = find_before(search, logon);
	if (logon->session_id == NUMBER_UNKNOWN || !comparison->orphans_known) {
		comparison->unplaced += logon->session_id != 0;
		return true;
	}
	const struct session *now =
	    sessions_find(search->sessions_after, search->sessions_after_count, logon->session_id);
	if (logon->session_id <= 0 || !is_over(logon, now) ||
	    !would_be_listed(comparison->after, logon))
		return true;
	if (!now && comparison->after->sessions_cut) {
		comparison->unplaced++; /* its session may be among those that were cut off */
		return true;
	}
	struct orphan orphan = {.luid = logon->luid,
	    .user = logon->user,
	    .domain = logon->domain,
	    .session_id = logon->session_id,
	    .kind = ORPHAN_NEW,
	    .id_given_anew = now};
	if (before && snapshot_has(comparison->before, "sessions")) {
		const struct session *then = sessions_find(
		    search->sessions_before, search->sessions_before_count, logon->session_id);
		orphan.kind = is_over(before, then) ? ORPHAN_BEFORE : ORPHAN_OUTLIVED;
	} else if (before) {
		orphan.kind = ORPHAN_OUTLIVED;
	}
	add_holders(comparison, &orphan);
	return add(search, &orphan);
}

static bool same_user(const struct session *a, const struct session *b)
{
	bool a_has = a->user && *a->user, b_has = b->user && *b->user;
	return a_has == b_has && (!a_has || account_same(a->user, a->domain, b->user, b->domain));
}

static bool sessions_changed(const struct search *search)
{
	const struct snapshot *before = search->comparison->before,
	                      *after = search->comparison->after;
	if (!snapshot_has(before, "sessions") || !snapshot_has(after, "sessions") ||
	    before->sessions_partial != after->sessions_partial)
		return false;
	bool changed = search->sessions_before_count != search->sessions_after_count;
	for (size_t i = 0; !changed && i < search->sessions_after_count; i++) {
		const struct session *now = &search->sessions_after[i],
		                     *then = sessions_find(search->sessions_before,
		                         search->sessions_before_count, now->id);
		changed = !then || !same_user(then, now);
	}
	return changed;
}

/* True if a logon session is listed here and not known there. */
static bool has_others(
    const struct snapshot *here, const struct logon_session *there, size_t there_count)
{
	for (size_t i = 0; i < here->logon_session_count; i++) {
		const struct logon_session *logon = &here->logon_sessions[i], *same = NULL;
		if (there_count)
			same =
			    bsearch(logon, there, there_count, sizeof *there, logon_session_order);
		if (!same || !logon_session_same(same, logon))
			return true;
	}
	return false;
}

static bool something_changed(const struct search *search)
{
	const struct snapshot *before = search->comparison->before,
	                      *after = search->comparison->after;
	if (sessions_changed(search))
		return true;
	return snapshot_has(before, "logon_sessions") && snapshot_has(after, "logon_sessions") &&
	       (has_others(before, search->after, search->after_count) ||
	           has_others(after, search->before, search->before_count));
}

/* LUIDs are given out in rising order. */
static bool is_newer(const struct logon_session *a, const struct logon_session *b)
{
	if (a->logon_time != TIMESTAMP_UNKNOWN && b->logon_time != TIMESTAMP_UNKNOWN &&
	    a->logon_time != b->logon_time)
		return a->logon_time > b->logon_time;
	return a->luid > b->luid;
}

/* The place among the sessions of AFTER of the session that the logon session would be the remote logon of, or SIZE_MAX. */
static size_t place_of(const struct search *search, const struct logon_session *logon)
{
	const struct session *session =
	    sessions_find(search->sessions_after, search->sessions_after_count, logon->session_id);
	bool counts = session && logon->session_id > 0 && is_remote(logon) && logon->user &&
	              !is_over(logon, session);
	return counts ? (size_t)(session - search->sessions_after) : SIZE_MAX;
}

/* A session has one remote logon, of one moment (two logon sessions with UAC). Earlier ones of its user may be of a session
 * that had the ID before. */
static bool find_suspects(struct search *search)
{
	struct comparison *comparison = search->comparison;
	size_t place;
	const struct logon_session **newest =
	    calloc(search->sessions_after_count + 1, sizeof *newest);
	comparison->suspects = malloc((search->after_count + 1) * sizeof *comparison->suspects);
	bool good = newest && comparison->suspects;
	for (size_t i = 0; good && i < search->after_count; i++) {
		const struct logon_session *logon = &search->after[i];
		if ((place = place_of(search, logon)) != SIZE_MAX &&
		    (!newest[place] || is_newer(logon, newest[place])))
			newest[place] = logon;
	}
	for (size_t i = 0; good && i < search->after_count; i++) {
		const struct logon_session *logon = &search->after[i];
		if ((place = place_of(search, logon)) != SIZE_MAX &&
		    logon_session_apart(logon, newest[place]) &&
		    account_same(
		        logon->user, logon->domain, newest[place]->user, newest[place]->domain))
			comparison->suspects[comparison->suspect_count++] =
			    (struct suspect){logon->luid, logon->user, logon->session_id};
	}
	free(newest);
	return good;
}

bool survivors_find(struct comparison *comparison)
{
	struct search search = {.comparison = comparison};
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
		comparison->something_changed = something_changed(&search);
		good = find_suspects(&search);
	}
	free(search.before);
	free(search.after);
	free(search.sessions_before);
	free(search.sessions_after);
	return good;
}
