/* Knows by what a list of logon sessions shows that rows are missing from it: those that every host has, those of sessions
 * that are still there, and how BEFORE's list ends. */
#include "compare/logon_list.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "compare/search.h"
#include "evidence/identity.h"

__attribute__((format(printf, 2, 3))) static bool flaw(
    struct comparison *comparison, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&comparison->logons_flaw, format, arguments) < 0)
		comparison->logons_flaw = NULL;
	va_end(arguments);
	return comparison->logons_flaw;
}

static bool check_lasting(struct comparison *comparison)
{
	const uint64_t *luid;
	char text[LUID_TEXT];
	for (size_t i = 0; (luid = logon_session_lasting(i)); i++) {
		if (logon_session_of(comparison->before, *luid) &&
		    !logon_session_of(comparison->after, *luid))
			return flaw(comparison,
			    "AFTER lacks logon session %s, which lasts as long as the host runs: "
			    "its list of logon sessions is not whole",
			    luid_format(*luid, text));
	}
	return true;
}

static int by_number(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* A logon session of which the list does not tell the session may be that of any session of its user. */
static bool may_be_unplaced(const struct snapshot *snapshot, const struct session *session)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		if (logon->session_id == NUMBER_UNKNOWN && session_may_be_of(session, logon))
			return true;
	}
	return false;
}

/* The desktop's window manager and font driver have an account for each session, and last as long as it does. */
static bool is_of_desktop(const struct logon_session *logon)
{
	return logon->user && logon->session_id >= 0 &&
	       (strncasecmp(logon->user, "DWM-", 4) == 0 ||
	           strncasecmp(logon->user, "UMFD-", 5) == 0);
}

/* Whoever has a session has a logon session in it, and be it another account's that works there. */
static bool check_users(struct comparison *comparison)
{
	const struct snapshot *after = comparison->after;
	int64_t *ids = malloc((after->logon_session_count + 1) * sizeof *ids);
	size_t count = 0;
	bool good = ids;
	for (size_t i = 0; ids && i < after->logon_session_count; i++) {
		if (!is_of_desktop(&after->logon_sessions[i]))
			ids[count++] = after->logon_sessions[i].session_id;
	}
	if (count)
		qsort(ids, count, sizeof *ids, by_number);
	for (size_t i = 0; good && !comparison->logons_flaw && i < after->session_count; i++) {
		const struct session *session = &after->sessions[i];
		if (session->id <= 0 || session_is_listener(session) ||
		    !session_has_user(session) ||
		    (count && bsearch(&session->id, ids, count, sizeof *ids, by_number)) ||
		    may_be_unplaced(after, session))
			continue;
		good = flaw(comparison,
		    "AFTER lists session %" PRId64 " of %s, but no logon session in it: its list "
		    "of logon sessions is not whole",
		    session->id, session->user);
	}
	free(ids);
	return good;
}

static const struct session *session_of(const struct snapshot *snapshot, int64_t id)
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
	const struct session *then = session_of(before, id), *now = session_of(after, id);
	return session_has_user(then) && session_has_user(now) &&
	       account_may_be(then->user, then->domain, now->user, now->domain);
}

static bool check_desktops(struct comparison *comparison)
{
	const struct snapshot *before = comparison->before, *after = comparison->after;
	for (size_t i = 0; i < before->logon_session_count; i++) {
		const struct logon_session *then = &before->logon_sessions[i];
		if (is_of_desktop(then) && has_same_user(before, after, then->session_id) &&
		    !has_logon_of(after, then->user))
			return flaw(comparison,
			    "AFTER lists session %" PRId64 ", but not the logon session of %s in "
			    "it, which BEFORE has: its list of logon sessions is not whole",
			    then->session_id, then->user);
	}
	return true;
}

static bool check_cut(struct comparison *comparison)
{
	return !comparison->after->logon_sessions_cut ||
	       flaw(comparison, "AFTER's list of logon sessions seems to be cut short, or to lack "
	                        "some of its numbers");
}

/* What stands behind the list tells where nothing in it does, as it may have been cut between two records. */
static bool check_end(struct comparison *comparison)
{
	enum list_end then = comparison->before->logon_sessions_end,
	              now = comparison->after->logon_sessions_end;
	if (now == LIST_END_UNKNOWN || now == LIST_END_PROMPT || then == LIST_END_UNKNOWN ||
	    then == now)
		return true;
	return flaw(comparison,
	    "AFTER's text does not end behind its list of logon sessions as BEFORE's does: it may "
	    "have been cut there; capture both in the same way");
}

bool logon_list_check(struct comparison *comparison)
{
	static bool (*const checks[])(struct comparison *) = {
	    check_lasting, check_users, check_desktops, check_cut, check_end};
	const struct snapshot *after = comparison->after;
	bool good = true;
	if (!snapshot_has(after, "logon_sessions"))
		return true;
	if (after->logon_session_count == 0)
		return flaw(
		    comparison, "AFTER's list of logon sessions is empty, which no host's is");
	for (size_t i = 0; good && !comparison->logons_flaw && i < sizeof checks / sizeof checks[0];
	     i++)
		good = checks[i](comparison);
	return good;
}
