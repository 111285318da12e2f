/* A logon session lives as long as it is listed, or as a handle names it. It has outlived its session when no session has
 * its ID any more, or when the ID has another user. Only people's logon sessions count: those of the machine, of services
 * and of the desktop come and go by other rules. */
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

static bool is_remote(const struct logon_session *logon)
{
	return logon->logon_type && (strcmp(logon->logon_type, "RemoteInteractive") == 0 ||
	                                strcmp(logon->logon_type, "CachedRemoteInteractive") == 0);
}

static bool has_listener(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (session_is_listener(&snapshot->sessions[i]))
			return true;
	}
	return false;
}

static bool has_user(const struct session *session)
{
	return session && session->user && *session->user;
}

/* False only if the session is known to have another user. */
static bool may_be_of(const struct session *session, const struct logon_session *logon)
{
	return session->disputed ||
	       account_may_be(session->user, session->domain, logon->user, logon->domain);
}

/* Whether the session that has the logon session's ID is another one now. Others than the user may log on in it (runas),
 * but only a remote logon makes a session, and no session changes its user. */
static bool is_another(
    const struct logon_session *logon, const struct session *then, const struct session *now)
{
	if (is_remote(logon) && !may_be_of(now, logon))
		return true;
	return has_user(then) && has_user(now) && !then->disputed && !now->disputed &&
	       !account_may_be(then->user, then->domain, now->user, now->domain);
}

/* Accounts of people, or of nobody knows whom; not of the machine, of services or of the desktop's own parts. */
static bool is_person(const struct logon_session *logon)
{
	static const char *const domains[] = {"NT AUTHORITY", "NT SERVICE", "Window Manager",
	    "Font Driver Host", "IIS APPPOOL", "NT VIRTUAL MACHINE"};
	static const char *const types[] = {
	    "Network", "Batch", "Service", "NetworkCleartext", "Proxy"};
	size_t length = logon->user ? strlen(logon->user) : 0;
	if ((length && logon->user[length - 1] == '$') ||
	    (length && (strncasecmp(logon->user, "DWM-", 4) == 0 ||
	                   strncasecmp(logon->user, "UMFD-", 5) == 0)))
		return false;
	for (size_t i = 0; logon->domain && i < sizeof domains / sizeof domains[0]; i++) {
		if (strcasecmp(logon->domain, domains[i]) == 0)
			return false;
	}
	for (size_t i = 0; logon->logon_type && i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(logon->logon_type, types[i]) == 0)
			return false;
	}
	return true;
}

/* Whether it proves anything that the logon session's session is not listed. */
static bool would_be_listed(const struct snapshot *snapshot, const struct logon_session *logon)
{
	if (logon->session_id == NUMBER_UNKNOWN || logon->session_id <= 0 || !is_person(logon) ||
	    !snapshot_has(snapshot, "sessions") || snapshot->session_count == 0 ||
	    snapshot->sessions_cut)
		return false;
	return !snapshot->sessions_partial || (logon->user && is_remote(logon));
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
	return is_remote(before) && !may_be_of(then, before) ? ORPHAN_BEFORE : ORPHAN_OUTLIVED;
}

static bool look_at(struct search *search, struct logon_session *logon)
{
	struct comparison *comparison = search->comparison;
	const struct logon_session *before = find_before(search, logon);
	if (!comparison->orphans_known || logon->disputed)
		return true;
	if (logon->session_id == NUMBER_UNKNOWN) {
		comparison->unplaced += is_person(logon);
		return true;
	}
	const struct session *then = session_then(search, logon),
	                     *now = sessions_find(search->sessions_after,
	                         search->sessions_after_count, logon->session_id);
	if (logon->session_id <= 0 || !is_person(logon) ||
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

/* True if a session of BEFORE that had a user has ended. */
static bool session_ended(const struct search *search)
{
	for (size_t i = 0; i < search->sessions_before_count; i++) {
		const struct session *then = &search->sessions_before[i],
		                     *now = sessions_find(search->sessions_after,
		                         search->sessions_after_count, then->id);
		if (has_user(then) && (!has_user(now) || !account_may_be(then->user, then->domain,
		                                             now->user, now->domain)))
			return true;
	}
	return false;
}

/* True if a person's logon session that was in its session in BEFORE has ended. */
static bool logon_ended(const struct search *search)
{
	const struct snapshot *before = search->comparison->before;
	for (size_t i = 0; i < before->logon_session_count; i++) {
		const struct logon_session *then = &before->logon_sessions[i], *now = NULL;
		const struct session *session = sessions_find(
		    search->sessions_before, search->sessions_before_count, then->session_id);
		if (then->session_id <= 0 || !is_person(then) || !has_user(session) ||
		    !may_be_of(session, then))
			continue;
		if (search->after_count)
			now = bsearch(then, search->after, search->after_count, sizeof *now,
			    logon_session_order);
		if (!now || !logon_session_same(now, then))
			return true;
	}
	return false;
}

/* Only who logs off can leave something over. */
static enum yes_no find_logoff(const struct search *search)
{
	const struct snapshot *before = search->comparison->before,
	                      *after = search->comparison->after;
	bool sessions = snapshot_has(before, "sessions") && snapshot_has(after, "sessions") &&
	                !search->comparison->lists_cut,
	     logons = snapshot_has(before, "sessions") && snapshot_has(before, "logon_sessions") &&
	              snapshot_has(after, "logon_sessions");
	if (!search->comparison->comparable || (!sessions && !logons))
		return YES_NO_UNKNOWN;
	return (sessions && session_ended(search)) || (logons && logon_ended(search)) ? YES : NO;
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
	bool counts = has_user(session) && logon->session_id > 0 && is_remote(logon) &&
	              logon->user && may_be_of(session, logon);
	return counts ? (size_t)(session - search->sessions_after) : SIZE_MAX;
}

/* A person's logon session in a session that nobody is logged on in. */
static bool is_without_user(const struct search *search, const struct logon_session *logon)
{
	const struct snapshot *after = search->comparison->after;
	const struct session *session =
	    sessions_find(search->sessions_after, search->sessions_after_count, logon->session_id);
	return session && !has_user(session) && !session->disputed && logon->session_id > 0 &&
	       logon->user && logon->logon_type && is_person(logon) && sessions_whole(after);
}

static void add_suspect(
    struct comparison *comparison, const struct logon_session *logon, bool without_user)
{
	comparison->suspects[comparison->suspect_count++] =
	    (struct suspect){logon->luid, logon->user, logon->session_id, without_user};
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
		if (is_without_user(search, logon))
			add_suspect(comparison, logon, true);
		else if ((place = place_of(search, logon)) != SIZE_MAX &&
		         logon_session_apart(logon, newest[place]) &&
		         account_same(logon->user, logon->domain, newest[place]->user,
		             newest[place]->domain))
			add_suspect(comparison, logon, false);
	}
	free(newest);
	return good;
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
		comparison->logoff_seen = find_logoff(&search);
		good = find_suspects(&search);
	}
	free(search.before);
	free(search.after);
	free(search.sessions_before);
	free(search.sessions_after);
	return good;
}
