/* Knows what may be left of a session although another one, or nobody, has its ID now. */
#include <stdlib.h>

#include "compare/ids.h"
#include "compare/search.h"
#include "evidence/identity.h"

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
	bool counts = session_has_user(session) && logon->session_id > 0 &&
	              logon_is_remote(logon) && logon->user && session_may_be_of(session, logon);
	return counts ? (size_t)(session - search->sessions_after) : SIZE_MAX;
}

/* A person's logon session in a session that nobody is logged on in. */
static bool is_without_user(const struct search *search, const struct logon_session *logon)
{
	const struct snapshot *after = search->comparison->after;
	const struct session *session =
	    sessions_find(search->sessions_after, search->sessions_after_count, logon->session_id);
	return session && !session_has_user(session) && !session->disputed &&
	       logon->session_id > 0 && logon->user && logon->logon_type &&
	       logon_is_of_person(logon) && sessions_whole(after);
}

static void add_suspect(
    struct comparison *comparison, const struct logon_session *logon, bool without_user)
{
	comparison->suspects[comparison->suspect_count++] =
	    (struct suspect){logon->luid, logon->user, logon->session_id, without_user};
}

/* A session has one remote logon, of one moment (two logon sessions with UAC). Earlier ones of its user may be of a session
 * that had the ID before. */
bool suspects_find(struct search *search)
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
