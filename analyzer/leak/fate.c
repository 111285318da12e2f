/* Whether a logon session outlived its session, as far as one sample and what is known of earlier ones tell. */
#include "evidence/identity.h"
#include "leak/view.h"

static enum fate unsure(enum unsure *reason, enum unsure why)
{
	*reason = why;
	return FATE_UNSURE;
}

/* A logon session in no RDS session. Those of services and scheduled tasks live as long as their processes. */
static enum fate fate_without_session(
    const struct view *view, const struct logon_session *logon, bool watched, enum unsure *reason)
{
	const struct leak_terms *terms = &view->leak->terms;
	if (!terms->is_watched || !watched)
		return FATE_ALIVE;
	const int64_t logon_time = logon->logon_time == TIMESTAMP_UNKNOWN
	                               ? TIMESTAMP_UNKNOWN
	                               : logon->logon_time - view->offset;
	const enum yes_no used =
	    terms->is_in_use ? terms->is_in_use(terms->data, logon_time, view->time) : NO;
	if (used == YES)
		return FATE_ALIVE;
	if (!view->running_known)
		return unsure(reason, UNSURE_PROCESSES_UNSEEN);
	if (view_runs(view, logon->luid))
		return FATE_ALIVE;
	return used == NO ? FATE_ORPHAN : unsure(reason, UNSURE_PROGRAM_RUNS);
}

/* Made well before the logon that made the session, so in an earlier one with its ID. */
static bool is_before_session(
    const struct view *view, const struct logon_session *logon, const struct session *session)
{
	const size_t first = view_first_remote(view, session->id, 0);
	return logon->logon_type && first < view->remote_count &&
	       view->by_id[first]->session_id == session->id &&
	       view->by_id[first]->luid > logon->luid &&
	       account_may_be(session->user, session->domain, view->by_id[first]->user,
	           view->by_id[first]->domain) &&
	       logon_session_apart(logon, view->by_id[first]);
}

/* Whether the session that has the logon session's ID is another one now. No session changes its user; others than its user may
 * log on in it (runas), but only a remote logon makes a session; where types are not told, processes tell. */
static bool is_another(const struct view *view, const struct left_logon *left,
    const struct logon_session *logon, const struct session *session)
{
	if (session->disputed || !session->user || !*session->user)
		return false;
	if (left->session_user &&
	    !account_may_be(left->session_user, NULL, session->user, session->domain))
		return true;
	if (!logon->user ||
	    account_may_be(session->user, session->domain, logon->user, logon->domain) ||
	    logon_is_of_desktop(logon))
		return false;
	return logon_is_remote(logon) || is_before_session(view, logon, session) ||
	       (!logon->logon_type && view->running_known && !view_runs(view, logon->luid));
}

/* LUIDs of the two logon sessions of one logon are near. */
#define LINKED_MOST 0x1000

/* Whether two logons in one session may be of two sessions; where times are not known, LUIDs and earlier samples tell. */
static bool may_be_apart(
    const struct view *view, const struct logon_session *logon, const struct logon_session *later)
{
	if (logon_time_same(logon, later) != YES_NO_UNKNOWN)
		return logon_session_apart(logon, later);
	return later->luid - logon->luid > LINKED_MOST ||
	       (left_find(view->leak, view->known, logon->luid) &&
	           !left_find(view->leak, view->known, later->luid));
}

/* Its session is listed, of its own user: a later remote logon of the same user there may have made another session. Two logon
 * sessions of one logon are made at one moment. */
static bool has_later_logon(const struct view *view, const struct logon_session *logon)
{
	if (!logon_is_remote(logon))
		return false;
	for (size_t i = view_first_remote(view, logon->session_id, logon->luid);
	     i < view->remote_count && view->by_id[i]->session_id == logon->session_id; i++) {
		if (may_be_apart(view, logon, view->by_id[i]) &&
		    account_same(
		        logon->user, logon->domain, view->by_id[i]->user, view->by_id[i]->domain))
			return true;
	}
	return false;
}

/* A program that logs its account on makes no RDS session: what it makes has the session ID of whoever started it. */
static bool has_session_of_its_own(const struct view *view, const struct logon_session *logon)
{
	const struct session *session =
	    logon->session_id > 0 ? view_session(view, logon->session_id) : NULL;
	if (!session)
		return logon->session_id > 0 && logon_is_remote(logon) &&
		       snapshot_whole(view->sample, SECTION_SESSIONS);
	return !session->disputed && session->user && *session->user &&
	       account_may_be(session->user, session->domain, logon->user, logon->domain);
}

enum fate view_fate(const struct view *view, const struct left_logon *left,
    const struct logon_session *logon, bool watched, bool *id_given_again, enum unsure *reason)
{
	const struct snapshot *sample = view->sample;
	if (luid_is_lasting(logon->luid) || logon->luid == sample->observer_luid)
		return FATE_ALIVE;
	if (logon->disputed)
		return unsure(reason, UNSURE_DISPUTED);
	if (watched && view->leak->terms.without_sessions && !has_session_of_its_own(view, logon))
		return fate_without_session(view, logon, watched, reason);
	if (logon->session_id == NUMBER_UNKNOWN)
		return watched && (view->leak->terms.is_watched || logon_is_of_person(logon))
		           ? unsure(reason, UNSURE_NO_SESSION_ID)
		           : FATE_ALIVE;
	if (logon->session_id == 0)
		return fate_without_session(view, logon, watched, reason);
	const struct session *session = view_session(view, logon->session_id);
	if (session) {
		if (is_another(view, left, logon, session)) {
			*id_given_again = true;
			return FATE_ORPHAN;
		}
		if (!session->disputed && (!session->user || !*session->user) && logon->user &&
		    logon_is_of_person(logon) &&
		    (logon->logon_type || (view->running_known && !view_runs(view, logon->luid))) &&
		    snapshot_whole(sample, SECTION_SESSIONS))
			return unsure(reason, UNSURE_SESSION_NAMELESS);
		return has_later_logon(view, logon) ? unsure(reason, UNSURE_EARLIER_LOGON)
		                                    : FATE_ALIVE;
	}
	if (snapshot_whole(sample, SECTION_SESSIONS))
		return FATE_ORPHAN;
	/* quser lists who is logged on remotely. */
	if (snapshot_extent(sample, SECTION_SESSIONS) == EXTENT_PARTIAL && sample->elevated != NO &&
	    logon->user && logon_is_remote(logon) && logon_is_of_person(logon))
		return FATE_ORPHAN;
	return unsure(reason, UNSURE_SESSIONS_UNSEEN);
}
