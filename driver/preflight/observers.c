/* Knows what samples around one session say of the observer that took them. */
#include "driver/preflight/preflight.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/duration.h"
#include "evidence/identity.h"

#define CLOCKS_APART (5 * SECOND) /* of what should be one clock */
#define KERBEROS_SKEW                                                                              \
	(300 * SECOND) /* more, and Kerberos fails by default (MS-KILE, maximum tolerance) */

struct look {
	struct preflight *preflight;
	const struct cycle *cycle;
	const struct view *view;
};

static void add(const struct look *look, const char *what, enum step_status status,
    const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(const struct look *look, const char *what, enum step_status status,
    const char *remedy, const char *format, ...)
{
	char id[sizeof(((struct step *)NULL)->id)];
	va_list arguments;
	char *text;

	snprintf(id, sizeof(id), "observer.%.30s%s%s", look->view->name, *what ? "." : "", what);
	va_start(arguments, format);
	const bool made = vasprintf(&text, format, arguments) >= 0;
	va_end(arguments);
	if (!made) {
		look->preflight->out_of_memory = true;
		return;
	}
	preflight_add(look->preflight, STEP_OF_OBSERVER, id, status,
	    *what ? NUMBER_UNKNOWN : look->view->time, remedy, "%s", text);
	free(text);
}

static bool is_account(const struct cycle *cycle, const char *user)
{
	return user && strcasecmp(user, cycle->user) == 0;
}

/* The account's session, with the ID that the client was told. */
static const struct session *find_session(
    const struct cycle *cycle, const struct snapshot *snapshot)
{
	for (size_t i = 0; snapshot && i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];

		if (is_account(cycle, session->user) &&
		    (cycle->session_id == NUMBER_UNKNOWN || session->id == cycle->session_id))
			return session;
	}
	return NULL;
}

static bool has_logon(const struct snapshot *snapshot, uint64_t luid)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++)
		if (snapshot->logon_sessions[i].luid == luid)
			return true;
	return false;
}

/* Logon sessions that are there now and were not before: of the account, or of others. */
static size_t count_new(const struct look *look, const struct snapshot *now, bool of_account)
{
	const struct snapshot *before = look->view->before;
	size_t count = 0;

	for (size_t i = 0; now && before && i < now->logon_session_count; i++)
		count += is_account(look->cycle, now->logon_sessions[i].user) == of_account &&
		         !has_logon(before, now->logon_sessions[i].luid);
	return count;
}

/* How the name by which the observer calls its host goes with that of the host that served the logon. */
enum naming {
	NAMED_NOT,      /* one of them is not known */
	NAMED_ALIKE,    /* by the scenario's word at least */
	NAMED_OTHERWISE /* two hosts, or one with two names */
};

static enum naming compare_names(const struct look *look)
{
	const char *server = look->cycle->server, *own = look->view->during->host;

	if (!server || !own)
		return NAMED_NOT;
	return host_same(server, own) || (look->view->host && host_same(server, look->view->host))
	           ? NAMED_ALIKE
	           : NAMED_OTHERWISE;
}

static const char look_at_server[] =
    "let it look at the host that serves the logons: where a broker spreads them, drain the others (chglogon /drain), see "
    "leaklab-real-host(7)";

/* That it sees a session of that account does not tell them apart: so may two hosts. */
static void tell_other_name(const struct look *look, const char *host)
{
	char remedy[400];

	snprintf(remedy, sizeof(remedy),
	    "%s; if these are two names of one host, say so: observers.host: %.80s", look_at_server,
	    look->cycle->server);
	add(look, "host", STEP_FAILED, remedy, "it looks at %s, and %s served the logon", host,
	    look->cycle->server);
}

/* A session that is seen while we are in it is proof enough of which host that is. */
static void look_at_host(const struct look *look)
{
	const struct snapshot *during = look->view->during;
	const char *host = during->host ? during->host : "a host that does not say its name";
	const enum naming naming = compare_names(look);

	if (look->cycle->logged_on == TIMESTAMP_UNKNOWN)
		add(look, "host", STEP_SKIPPED, NULL,
		    "it looks at %s; nobody was logged on, to see whether that is the host", host);
	else if (look->cycle->ended < look->view->until && !find_session(look->cycle, during))
		add(look, "host", STEP_SKIPPED, NULL,
		    "it looks at %s; the session had ended before the sample was complete, so that cannot be told from it",
		    host);
	else if (naming == NAMED_OTHERWISE)
		tell_other_name(look, host);
	else if (!snapshot_has(during, SECTION_SESSIONS) && naming == NAMED_ALIKE)
		add(look, "host", STEP_OK, NULL, "it looks at %s, which served the logon", host);
	else if (!snapshot_has(during, SECTION_SESSIONS))
		add(look, "host", STEP_WARNING,
		    "let one observer list sessions: leaklab-probe, qwinsta or quser",
		    "it does not list sessions, so it cannot be told whether %s is the host that served the logon",
		    host);
	else if (find_session(look->cycle, during))
		add(look, "host", STEP_OK, NULL, "it sees the session, on %s", host);
	else if (naming == NAMED_ALIKE && host_same(look->cycle->server, during->host))
		add(look, "host", STEP_WARNING,
		    "where logon.signal is not the host's own word, nobody may have been logged on: a dialog is painted, too",
		    "it looks at %s, which served the logon, and sees no session of %s", host,
		    look->cycle->user);
	else
		add(look, "host", STEP_FAILED, look_at_server,
		    "it does not see the session of %s: it looks at another host, %s",
		    look->cycle->user, host);
}

static void look_at_rights(const struct look *look)
{
	const struct snapshot *during = look->view->during;
	static const char remedy[] =
	    "use an administrator's account by ssh, or LocalSystem; a local administrator who comes by network has a filtered token unless "
	    "LocalAccountTokenFilterPolicy is 1";

	if (during->elevated == YES_NO_UNKNOWN)
		add(look, "rights", STEP_SKIPPED, NULL, "it does not say");
	else if (during->elevated == NO)
		add(look, "rights", STEP_WARNING, remedy,
		    "it has no administrator's rights: what it does not see proves nothing");
	else if (during->debug_privilege == NO)
		add(look, "rights", STEP_WARNING,
		    "give the account \"Debug programs\" (SeDebugPrivilege) by policy, or run it as LocalSystem",
		    "it may not debug programs, so that other users' handles stay unknown");
	else
		add(look, "rights", STEP_OK, NULL, "it has administrator's rights");
}

/* Whether a section is there, and whole. */
static void look_at_section(
    const struct look *look, const char *what, const char *section, size_t rows, const char *less)
{
	const struct snapshot *during = look->view->during;
	const char *why = snapshot_why_not_whole(during, section);

	if (!snapshot_has(during, section))
		add(look, what, STEP_WARNING, less, "it does not see them%s%s", why ? ": " : "",
		    why ? why : "");
	else if (!snapshot_whole(during, section))
		add(look, what, STEP_WARNING, NULL, "it sees %zu, and not all%s%s", rows,
		    why ? ": " : "", why ? why : "");
	else
		add(look, what, STEP_OK, NULL, "it sees all %zu", rows);
}

/* What a user's own profile loads and starts is not there with a temporary one. */
static void look_at_profile(const struct look *look)
{
	const struct session *session = find_session(look->cycle, look->view->during);

	if (!session || session->temporary_profile == YES_NO_UNKNOWN) {
		add(look, "profile", STEP_SKIPPED, NULL, "it does not say");
	} else if (session->temporary_profile == NO) {
		add(look, "profile", STEP_OK, NULL, "the account's own is loaded");
	} else {
		add(look, "profile", STEP_WARNING, NULL,
		    "the session of %s has a temporary profile, not the account's own",
		    look->cycle->user);
		preflight_blame(look->preflight, cause_by_id("temporary-profile"));
	}
}

static void look_at_clock(const struct look *look)
{
	const struct view *view = look->view;
	const int64_t by_logon = look->cycle->host_clock_offset;

	if (view->during->time == TIMESTAMP_UNKNOWN) {
		add(look, "clock", STEP_SKIPPED, NULL, "it does not say the time");
		return;
	}
	const int64_t offset = view->during->time - view->seen;
	if (by_logon != NUMBER_UNKNOWN && llabs(offset - by_logon) > CLOCKS_APART)
		add(look, "clock", STEP_FAILED,
		    "it is probably another host's clock: let the observer look at the host that serves the logons",
		    "its clock is %+.1f s from ours, that of the host %+.1f s",
		    (double)offset / (double)SECOND, (double)by_logon / (double)SECOND);
	else if (llabs(offset) > KERBEROS_SKEW)
		add(look, "clock", STEP_WARNING,
		    "set this machine's clock: Kerberos fails with clocks more than 5 minutes apart",
		    "it is %+.1f s from ours", (double)offset / (double)SECOND);
	else
		add(look, "clock", STEP_OK, NULL, "%+.1f s from ours",
		    (double)offset / (double)SECOND);
}

/* Each logon over the network makes a logon session, and some tools leave theirs. */
static void look_at_footprint(const struct look *look)
{
	const struct view *view = look->view;

	if (!view->before || !view->after || !snapshot_has(view->after, SECTION_LOGON_SESSIONS)) {
		add(look, "footprint", STEP_SKIPPED, NULL, "%s",
		    view->after ? "it does not list logon sessions"
		                : "it was not asked again, as nobody was logged on");
		return;
	}
	const size_t count = count_new(look, view->after, false);
	if (count == 0)
		add(look, "footprint", STEP_OK, NULL, "its samples left no logon session behind");
	else
		add(look, "footprint", STEP_WARNING,
		    view->stays
		        ? "others may be at work on the host: a run wants it to itself"
		        : "each sample may be a logon of its own: observe over one connection (observers: session:)",
		    "%zu logon session%s that the cycle did not make came in the meantime", count,
		    count == 1 ? "" : "s");
}

static void look_at_rest(const struct look *look)
{
	const struct view *view = look->view;
	const struct session *session = find_session(look->cycle, view->after);

	if (!view->after || look->cycle->result != CYCLE_LOGGED_OFF)
		return;
	const size_t logons = count_new(look, view->after, true);
	if (session)
		add(look, "left", STEP_FAILED,
		    "look at that session: a program in it may refuse to end",
		    "the logoff is proven, and the session is still there (%s)",
		    session->state ? session->state : "no state");
	else if (logons > 0)
		add(look, "left", STEP_OK, NULL,
		    "the session has gone; %zu of its logon sessions %s there still, which services keep for a while: the run's first sample has them",
		    logons, logons == 1 ? "is" : "are");
	else
		add(look, "left", STEP_OK, NULL, "nothing of the session is left");
}

void preflight_observer(
    struct preflight *preflight, const struct cycle *cycle, const struct view *view)
{
	const struct look look = {preflight, cycle, view};

	if (!view->during || view->problem) {
		add(&look, "", STEP_FAILED, NULL, "%s",
		    view->problem ? view->problem : "it gave no snapshot");
		return;
	}
	add(&look, "", STEP_OK, NULL, "a snapshot of %s, by %s",
	    view->during->host ? view->during->host : "a host",
	    view->during->source ? view->during->source : "an unknown tool");
	look_at_host(&look);
	look_at_rights(&look);
	look_at_section(&look, "sessions", SECTION_SESSIONS, view->during->session_count,
	    "let one observer list them: leaklab-probe, qwinsta or quser");
	look_at_section(&look, "logon-sessions", SECTION_LOGON_SESSIONS,
	    view->during->logon_session_count,
	    "let one observer list them, leaklab-probe or logonsessions: without, only session IDs are judged");
	look_at_section(&look, "handles", SECTION_HANDLES, view->during->handle_count,
	    "let one observer list them, leaklab-probe or handle -a: without, no holder is named");
	look_at_profile(&look);
	look_at_clock(&look);
	look_at_footprint(&look);
	look_at_rest(&look);
}
