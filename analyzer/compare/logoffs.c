/* Knows how it shows that somebody has logged off between the two moments. */
#include <stdlib.h>

#include "compare/ids.h"
#include "compare/search.h"
#include "evidence/identity.h"

/* True if a session of BEFORE that had a user has ended. */
static bool session_ended(const struct search *search)
{
	for (size_t i = 0; i < search->sessions_before_count; i++) {
		const struct session *then = &search->sessions_before[i],
		                     *now = sessions_find(search->sessions_after,
		                         search->sessions_after_count, then->id);
		if (session_has_user(then) &&
		    (!session_has_user(now) ||
		        !account_may_be(then->user, then->domain, now->user, now->domain)))
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
		if (then->session_id <= 0 || !logon_is_of_person(then) ||
		    !session_has_user(session) || !session_may_be_of(session, then))
			continue;
		if (search->after_count)
			now = bsearch(then, search->after, search->after_count, sizeof *now,
			    logon_session_order);
		if (!now || !logon_session_same(now, then))
			return true;
	}
	return false;
}

enum yes_no logoffs_find(const struct search *search)
{
	const struct snapshot *before = search->comparison->before,
	                      *after = search->comparison->after;
	bool sessions = snapshot_has(before, "sessions") && snapshot_has(after, "sessions") &&
	                !search->comparison->lists_cut,
	     logons = snapshot_has(before, "sessions") && snapshot_has(before, "logon_sessions") &&
	              snapshot_has(after, "logon_sessions") && !search->comparison->logons_flaw;
	if (!search->comparison->comparable || (!sessions && !logons))
		return YES_NO_UNKNOWN;
	return (sessions && session_ended(search)) || (logons && logon_ended(search)) ? YES : NO;
}
