/* Knows how it shows that somebody has logged off between the moments. */
#include "compare/inside.h"

#include <stdlib.h>

#include "evidence/identity.h"

static bool session_has_user(const struct session *session)
{
	return session && session->user && *session->user;
}

struct lists {
	struct session *before, *after; /* by ID */
	size_t before_count, after_count;
};

/* True if a session of BEFORE that had a user has ended. */
static bool session_ended(const struct lists *lists)
{
	for (size_t i = 0; i < lists->before_count; i++) {
		const struct session *then = &lists->before[i], *now = session_of_id(lists->after,
		                                                    lists->after_count, then->id);
		if (session_has_user(then) &&
		    (!session_has_user(now) ||
		        !account_may_be(then->user, then->domain, now->user, now->domain)))
			return true;
	}
	return false;
}

/* True if a person's logon session that was in its session in BEFORE has ended. */
static bool logon_ended(const struct comparison *comparison)
{
	size_t count;
	const struct left_logon *logons = leak_logons(comparison->leak, &count);
	for (size_t i = 0; i < count; i++) {
		if (logons[i].gone && logons[i].seen_alive &&
		    logon_is_of_person(&(struct logon_session){.luid = logons[i].luid,
		        .user = logons[i].user,
		        .domain = logons[i].domain,
		        .logon_type = logons[i].logon_type}))
			return true;
	}
	return false;
}

bool logoffs_find(struct comparison *comparison)
{
	const struct snapshot *before = comparison->before, *after = comparison->after;
	struct lists lists = {0};
	lists.before = sessions_sorted(before, &lists.before_count);
	lists.after = sessions_sorted(after, &lists.after_count);
	const bool sessions = snapshot_has(before, SECTION_SESSIONS) && sessions_whole(after),
	           logons = snapshot_has(before, SECTION_LOGON_SESSIONS) &&
	                    snapshot_whole(after, SECTION_LOGON_SESSIONS);
	comparison->logoff_seen = YES_NO_UNKNOWN;
	if (comparison->comparable && (sessions || logons))
		comparison->logoff_seen =
		    (sessions && session_ended(&lists)) || (logons && logon_ended(comparison)) ? YES
		                                                                               : NO;
	const bool good = lists.before && lists.after;
	free(lists.before);
	free(lists.after);
	return good;
}
