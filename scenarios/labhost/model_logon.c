/* Knows what a logon makes on the host, what a logoff ends at once, and what goes later. */
#include "labhost/model_parts.h"

#define MINUTE (60 * (int64_t)1000000)
/* When late holders release, counted from the logoff; RELEASE_TIME of leak/leak.h names the source. */
#define LATE_LEAST (10 * MINUTE)
#define LATE_SPAN (10 * MINUTE)
/* The network logon session of an NLA logon is made first, and dropped when its connection has been handed over. */
#define NETWORK_LOGON_LEAD (MINUTE / 30)
#define NETWORK_LOGON_LIFE (MINUTE / 2)
/* How long a session's end is put off for a watcher that has not seen its logon: real time, five seconds in all. */
#define POSTPONED_BY (5 * (int64_t)1000)
#define POSTPONED_AT_MOST 1000
/* Files, events ... that a shell has open. */
#define SHELL_HANDLES 1406

/* xorshift64: delays want to differ, and be the same for the same seed. */
static uint64_t random_next(struct model *model)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random;
}

static int64_t scaled(const struct model *model, int64_t duration)
{
	return (int64_t)((double)duration * model->options.time_scale);
}

static void followers_open(struct model *model, struct nt_logon *logon, uint32_t session_id)
{
	handle_open_follower(
	    &model->handles, model->services.lsass, logon, NT_TYPE_TOKEN, session_id);
	handle_open_follower(
	    &model->handles, model->services.kernel, logon, NT_TYPE_DIRECTORY, session_id);
}

/* NLA authenticates the user over the network before there is a session; that logon session goes by itself, but for the fault. */
static void network_logon(
    struct model *model, const struct logon_request *request, bool rejoins, int64_t now)
{
	struct nt_logon *logon = logon_create(&model->handles, request->domain, request->user,
	    request->sid, "Network", SESSION_ID_SERVICES, now - scaled(model, NETWORK_LOGON_LEAD));

	struct nt_handle *handle =
	    handle_open_late(&model->handles, model->services.hosts[2], logon, SESSION_ID_SERVICES);
	logon->ended = true;
	if (!rejoins || model->options.reconnect_leak != RECONNECT_LEAK_LOGON)
		handle_set_due(&model->handles, handle, now + scaled(model, NETWORK_LOGON_LIFE));
}

static void session_holders_open(struct model *model, struct nt_session *session)
{
	struct nt_process *winlogon = session->processes[SESSION_WINLOGON];

	followers_open(model, session->logon, session->id);
	for (int i = 0; i < 2; i++)
		handle_open_token(&model->handles, winlogon, session->logon, session->id);
	handle_open_token(
	    &model->handles, session->processes[SESSION_SHELL], session->logon, session->id);
	for (unsigned i = 0; i < model->options.late_holders; i++)
		handle_open_late(&model->handles, model->services.hosts[i % SERVICE_HOSTS],
		    session->logon, session->id);
}

/* An administrator's logon makes a second logon session, whose token the first one's is linked to. */
static void linked_logon(struct model *model, const struct logon_request *request,
    struct nt_session *session, int64_t now)
{
	struct nt_logon *logon = logon_create(&model->handles, request->domain, request->user,
	    request->sid, "RemoteInteractive", session->id, now);

	followers_open(model, logon, session->id);
	handle_open_token(
	    &model->handles, session->processes[SESSION_WINLOGON], logon, session->id);
}

/* What is there before the user. The desktop window manager has two logon sessions, of which it runs in one. */
static void desktop_start(struct model *model, struct nt_session *session, int64_t now)
{
	struct handles *handles = &model->handles;
	struct nt_process **processes = session->processes;
	const uint32_t id = session->id;

	processes[SESSION_CSRSS] =
	    process_start(model, "csrss.exe", id, model->services.system, 181, now);
	processes[SESSION_WINLOGON] =
	    process_start(model, "winlogon.exe", id, model->services.system, 262, now);
	processes[SESSION_FONTDRVHOST] = process_start(
	    model, "fontdrvhost.exe", id, desktop_logon(handles, "UMFD", id, now), 42, now);
	processes[SESSION_DWM] =
	    process_start(model, "dwm.exe", id, desktop_logon(handles, "DWM", id, now), 388, now);
	handle_open_token(
	    handles, processes[SESSION_WINLOGON], desktop_logon(handles, "DWM", id, now), id);
}

static struct nt_session *session_create(
    struct model *model, const struct logon_request *request, uint32_t id, int64_t now)
{
	static const struct {
		const char *image; /* NULL: the shell */
		uint32_t handles;
	} of_user[] = {{NULL, SHELL_HANDLES}, {"rdpclip.exe", 231}, {"taskhostw.exe", 284},
	    {"sihost.exe", 471}, {"svchost.exe", 263}};
	const char *shell = request->shell_comes ? USERINIT : request->shell;
	struct handles *handles = &model->handles;
	struct nt_session *session =
	    sessions_add(&model->sessions, id, request->domain, request->user);

	session->temporary_profile = request->temporary_profile;
	session_set_end(&model->sessions, session, request->shell_ends);
	desktop_start(model, session, now);
	session->logon = logon_create(
	    handles, request->domain, request->user, request->sid, "RemoteInteractive", id, now);
	for (size_t i = 0; i < sizeof(of_user) / sizeof(of_user[0]); i++)
		session->processes[SESSION_SHELL + i] =
		    process_start(model, of_user[i].image ? of_user[i].image : shell, id,
		        session->logon, of_user[i].handles, now);
	if (request->shell_comes)
		session_set_shell(&model->sessions, session, request->shell, request->shell_comes);
	session_holders_open(model, session);
	if (model->options.linked_tokens)
		linked_logon(model, request, session, now);
	return session;
}

/* The shell that userinit.exe was to start. */
static void shell_start(struct model *model, struct nt_session *session, int64_t now)
{
	struct nt_process **shell = &session->processes[SESSION_SHELL];

	process_exit(&model->handles, *shell, now);
	*shell =
	    process_start(model, session->shell, session->id, session->logon, SHELL_HANDLES, now);
	handle_open_token(&model->handles, *shell, session->logon, session->id);
	session_unset_shell(&model->sessions, session);
}

static void notify(struct model *model, enum model_event event, const struct nt_session *session)
{
	if (model->options.notify)
		model->options.notify(model->options.notify_data, event, session);
}

/* The connection shows the session from now on. */
static void session_show(
    struct model *model, struct nt_session *session, const struct logon_request *request)
{
	session->hangs = request->hangs;
	if (request->hangs)
		session_set_end(&model->sessions, session, DUE_NEVER);
	session_connect(&model->sessions, session, request->connection);
}

/* The session that the logon is put back into; NULL: it gets a new one. */
static struct nt_session *session_to_rejoin(
    const struct model *model, const struct logon_request *request)
{
	return model->options.rejoin == REJOIN_IS_NEW
	           ? NULL
	           : sessions_to_rejoin(&model->sessions, request->domain, request->user,
	                 model->options.many_sessions);
}

bool model_logon(struct model *model, const struct logon_request *request, int64_t now,
    struct logon_answer *answer)
{
	struct nt_session *session = session_to_rejoin(model, request);
	const bool rejoins = session != NULL;
	const uint64_t displaced = rejoins ? session->connection : 0;
	uint32_t id;

	if (rejoins && model->options.rejoin == REJOIN_IS_REFUSED)
		return false;
	if (!rejoins && (model->sessions.count >= model->options.max_sessions ||
	                    !session_ids_take(&model->handles.ids, &id)))
		return false;
	if (model->options.network_logons)
		network_logon(model, request, rejoins, now);
	if (rejoins && model->services.lsm)
		model->services.lsm->other_handles++;
	if (!rejoins)
		session = session_create(model, request, id, now);
	session_show(model, session, request);
	if (!rejoins) {
		const unsigned every = model->options.kernel_reference_every;
		if (++model->logons % (every ? every : UINT64_MAX) == 0)
			model_kernel_reference(model, id);
		notify(model, MODEL_LOGON, session);
	}
	*answer = (struct logon_answer){.session_id = session->id,
	    .reconnected = rejoins,
	    .ends = session->ends,
	    .displaced = displaced};
	return true;
}

/* NULL if the session is not, or no longer, the connection's. */
static struct nt_session *session_of(
    const struct model *model, uint32_t session_id, uint64_t connection)
{
	struct nt_session *session = sessions_find(&model->sessions, session_id);

	return session && session->connection == connection ? session : NULL;
}

int64_t model_end_session(
    struct model *model, uint32_t session_id, uint64_t connection, int64_t when)
{
	struct nt_session *session = session_of(model, session_id, connection);

	if (!session)
		return DUE_NEVER;
	if (!session->hangs && when < session->ends)
		session_set_end(&model->sessions, session, when);
	return session->ends;
}

/* Puts off the end of a session that is due. False: it ends now. */
static bool postpone(struct model *model, struct nt_session *session, int64_t now)
{
	if (session->logon->luid <= model->watched || session->postponed >= POSTPONED_AT_MOST)
		return false;
	session->postponed++;
	session_set_end(&model->sessions, session, now + POSTPONED_BY);
	return true;
}

int64_t model_session_due(
    struct model *model, uint32_t session_id, uint64_t connection, int64_t now)
{
	struct nt_session *session = session_of(model, session_id, connection);

	if (!session)
		return DUE_NEVER;
	return postpone(model, session, now) ? session->ends : now;
}

void model_watched(struct model *model, uint64_t luid)
{
	model->watched = luid;
}

uint64_t model_newest_luid(const struct model *model)
{
	return model->handles.next_luid;
}

void model_disconnect(struct model *model, uint32_t session_id, uint64_t connection)
{
	struct nt_session *session = session_of(model, session_id, connection);

	if (session)
		session_disconnect(&model->sessions, session);
}

/* Every logon session that was made in the session ends with it; its late holders get their time. */
static void session_logons_end(struct model *model, const struct nt_session *session, int64_t now)
{
	struct nt_logon *logon;
	struct nt_handle *handle;

	TAILQ_FOREACH_REVERSE(logon, &model->handles.logons, nt_logons, link)
	{
		if (logon->ended || logon->session_id != session->id)
			continue;
		logon->ended = true;
		TAILQ_FOREACH(handle, &logon->late, link)
		{
			const int64_t delay =
			    LATE_LEAST + (int64_t)(random_next(model) % LATE_SPAN);
			handle_set_due(&model->handles, handle, now + scaled(model, delay));
		}
		if (logon == session->processes[SESSION_FONTDRVHOST]->primary->logon)
			break; /* the first that was made */
	}
}

bool model_logoff(struct model *model, uint32_t session_id, uint64_t connection, int64_t now)
{
	struct nt_session *session = connection ? session_of(model, session_id, connection)
	                                        : sessions_find(&model->sessions, session_id);

	if (!session)
		return false;
	notify(model, MODEL_LOGOFF, session);
	session_logons_end(model, session, now);
	for (size_t i = SESSION_PROCESSES; i-- > 0;)
		process_exit(&model->handles, session->processes[i], now);
	session_ids_drop(&model->handles.ids, session->id);
	sessions_remove(&model->sessions, session);
	return true;
}

void model_run_due(struct model *model, int64_t now)
{
	struct nt_session *session;
	struct nt_handle *handle;

	while ((session = sessions_starting_first(&model->sessions)) && session->shell_comes <= now)
		shell_start(model, session, now);
	while ((session = sessions_ending_first(&model->sessions)) && session->ends <= now)
		if (!postpone(model, session, now))
			model_logoff(model, session->id, 0, now);
	while ((handle = late_holders_first(&model->handles.late)) && handle->due <= now)
		handle_close(&model->handles, handle);
}

int64_t model_next_due(const struct model *model)
{
	const struct nt_handle *handle = late_holders_first(&model->handles.late);
	const struct nt_session *ending = sessions_ending_first(&model->sessions);
	const struct nt_session *starting = sessions_starting_first(&model->sessions);
	int64_t due = handle ? handle->due : DUE_NEVER;

	if (ending && ending->ends < due)
		due = ending->ends;
	return starting && starting->shell_comes < due ? starting->shell_comes : due;
}

int64_t model_release_time(const struct model *model)
{
	const int64_t second = 1000000;

	return (scaled(model, LATE_LEAST + LATE_SPAN) + second - 1) / second > 1
	           ? (scaled(model, LATE_LEAST + LATE_SPAN) + second - 1) / second
	           : 1;
}
