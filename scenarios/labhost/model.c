#include "labhost/model.h"

#include <string.h>
#include <strings.h>

#include "labhost/handles.h"
#include "labhost/memory.h"
#include "labhost/services.h"
#include "labhost/sessions.h"

#define MINUTE (60 * (int64_t)1000000)
/* Published investigations saw the late holders let go 10 to 20 minutes after the logoff. */
#define LATE_LEAST (10 * MINUTE)
#define LATE_SPAN (10 * MINUTE)
/* The network logon session of an NLA logon is made first, and dropped when its connection has been handed over. */
#define NETWORK_LOGON_LEAD (MINUTE / 30)
#define NETWORK_LOGON_LIFE (MINUTE / 2)

struct model {
	struct model_options options;
	struct handles handles;
	struct sessions sessions;
	struct services services;
	int64_t boot_time;
	uint64_t logons; /* since boot */
	uint64_t random;
};

/* xorshift64: delays want to differ, and be the same for the same seed. */
static uint64_t random_next(struct model *model)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random;
}

/* The list of images is separated by commas. */
static bool is_protected(const struct model *model, const char *image)
{
	const char *list = model->options.protected;
	const size_t length = strlen(image);

	while (list && *list) {
		const size_t next = strcspn(list, ",");
		if (next == length && strncasecmp(list, image, length) == 0)
			return true;
		list += next + (list[next] == ',');
	}
	return false;
}

static struct nt_process *start(struct model *model, const char *image, uint32_t session_id,
    struct nt_logon *logon, uint32_t other_handles, int64_t now)
{
	struct nt_process *process =
	    process_create(&model->handles, image, session_id, logon, other_handles, now);

	process->protected = is_protected(model, image);
	return process;
}

static void boot(struct model *model, int64_t now)
{
	struct handles *handles = &model->handles;
	struct nt_process *process;

	handles_init(handles, model->options.rule == ID_RULE_MS16_111);
	sessions_init(&model->sessions);
	model->boot_time = now;
	model->logons = 0;
	model->random = model->options.seed | 1;
	services_start(&model->services, handles, now);
	TAILQ_FOREACH(process, &handles->processes, link)
	process->protected = is_protected(model, process->image);
}

struct model *model_create(const struct model_options *options, int64_t now)
{
	struct model *model = memory_zeroed(1, sizeof(*model));

	model->options = *options;
	boot(model, now);
	return model;
}

static void shut_down(struct model *model)
{
	sessions_deinit(&model->sessions);
	handles_deinit(&model->handles);
}

void model_destroy(struct model *model)
{
	if (!model)
		return;
	shut_down(model);
	free(model);
}

void model_reboot(struct model *model, int64_t now)
{
	shut_down(model);
	boot(model, now);
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

/* NLA authenticates the user over the network before there is a session; that logon session goes by itself. */
static void network_logon(struct model *model, const struct logon_request *request, int64_t now)
{
	struct nt_logon *logon = logon_create(&model->handles, request->domain, request->user,
	    request->sid, "Network", SESSION_ID_SERVICES, now - scaled(model, NETWORK_LOGON_LEAD));

	struct nt_handle *handle =
	    handle_open_late(&model->handles, model->services.hosts[2], logon, SESSION_ID_SERVICES);
	logon->ended = true;
	handle_set_due(&model->handles, handle, now + scaled(model, NETWORK_LOGON_LIFE));
}

static void session_holders_open(struct model *model, struct nt_session *session)
{
	struct nt_process *winlogon = session->processes[SESSION_WINLOGON];
	struct nt_process *shell = session->processes[SESSION_SHELL];

	followers_open(model, session->logon, session->id);
	for (int i = 0; i < 2; i++)
		handle_open_token(&model->handles, winlogon, session->logon, session->id);
	handle_open_token(&model->handles, shell, session->logon, session->id);
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

	processes[SESSION_CSRSS] = start(model, "csrss.exe", id, model->services.system, 181, now);
	processes[SESSION_WINLOGON] =
	    start(model, "winlogon.exe", id, model->services.system, 262, now);
	processes[SESSION_FONTDRVHOST] =
	    start(model, "fontdrvhost.exe", id, desktop_logon(handles, "UMFD", id, now), 42, now);
	processes[SESSION_DWM] =
	    start(model, "dwm.exe", id, desktop_logon(handles, "DWM", id, now), 388, now);
	handle_open_token(
	    handles, processes[SESSION_WINLOGON], desktop_logon(handles, "DWM", id, now), id);
}

static struct nt_session *session_create(
    struct model *model, const struct logon_request *request, uint32_t id, int64_t now)
{
	static const struct {
		const char *image; /* NULL: the shell */
		uint32_t handles;
	} of_user[] = {{NULL, 1406}, {"rdpclip.exe", 231}, {"taskhostw.exe", 284},
	    {"sihost.exe", 471}, {"svchost.exe", 263}};
	struct handles *handles = &model->handles;
	struct nt_session *session =
	    sessions_add(&model->sessions, id, request->domain, request->user);

	session_set_end(&model->sessions, session, request->shell_ends);
	desktop_start(model, session, now);
	session->logon = logon_create(
	    handles, request->domain, request->user, request->sid, "RemoteInteractive", id, now);
	for (size_t i = 0; i < sizeof(of_user) / sizeof(of_user[0]); i++)
		session->processes[SESSION_SHELL + i] =
		    start(model, of_user[i].image ? of_user[i].image : request->shell, id,
		        session->logon, of_user[i].handles, now);
	session_holders_open(model, session);
	if (model->options.linked_tokens)
		linked_logon(model, request, session, now);
	return session;
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

bool model_logon(struct model *model, const struct logon_request *request, int64_t now,
    struct logon_answer *answer)
{
	struct nt_session *session = sessions_to_rejoin(
	    &model->sessions, request->domain, request->user, model->options.many_sessions);
	const bool rejoins = session != NULL;
	const uint64_t displaced = rejoins ? session->connection : 0;
	uint32_t id;

	if (!rejoins && (model->sessions.count >= model->options.max_sessions ||
	                    !session_ids_take(&model->handles.ids, &id)))
		return false;
	if (model->options.network_logons)
		network_logon(model, request, now);
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
	const struct nt_session *session;
	struct nt_handle *handle;

	while ((session = sessions_ending_first(&model->sessions)) && session->ends <= now)
		model_logoff(model, session->id, 0, now);
	while ((handle = late_holders_first(&model->handles.late)) && handle->due <= now)
		handle_close(&model->handles, handle);
}

int64_t model_next_due(const struct model *model)
{
	const struct nt_handle *handle = late_holders_first(&model->handles.late);
	const struct nt_session *session = sessions_ending_first(&model->sessions);
	const int64_t handle_due = handle ? handle->due : DUE_NEVER;
	const int64_t session_due = session ? session->ends : DUE_NEVER;

	return handle_due < session_due ? handle_due : session_due;
}

uint32_t model_process_start(struct model *model, const char *image, int64_t now)
{
	return start(model, image, SESSION_ID_SERVICES, model->services.system, 96, now)->pid;
}

void model_process_exit(struct model *model, uint32_t pid, int64_t now)
{
	struct nt_process *process = process_find(&model->handles, pid);

	if (process)
		process_exit(&model->handles, process, now);
}

bool model_query_user_token(
    struct model *model, uint32_t pid, uint32_t session_id, uint32_t *handle)
{
	struct nt_process *process = process_find(&model->handles, pid);
	const struct nt_session *session = sessions_find(&model->sessions, session_id);

	if (!process || !session)
		return false;
	*handle = handle_open_token(&model->handles, process, session->logon, session->id)->value;
	return true;
}

bool model_duplicate_token(
    struct model *model, uint32_t pid, uint32_t handle, enum nt_method method, uint32_t *duplicate)
{
	struct nt_process *process = process_find(&model->handles, pid);
	const struct nt_handle *source = process ? handle_find(process, handle) : NULL;

	if (!source || !source->token)
		return false;
	struct nt_handle *made =
	    handle_open_token(&model->handles, process, source->logon, source->token->session_id);
	made->token->method = method;
	*duplicate = made->value;
	return true;
}

bool model_logon_user(struct model *model, uint32_t pid, uint32_t session_id, const char *type,
    int64_t now, uint32_t *handle)
{
	struct nt_process *process = process_find(&model->handles, pid);
	const struct nt_session *session = sessions_find(&model->sessions, session_id);

	if (!process || !session)
		return false;
	struct nt_logon *logon = logon_create(&model->handles, session->domain, session->user,
	    session->logon->sid, type, SESSION_ID_SERVICES, now);
	struct nt_handle *made =
	    handle_open_token(&model->handles, process, logon, SESSION_ID_SERVICES);
	made->token->method = NT_CREATED;
	*handle = made->value;
	return true;
}

bool model_run(struct model *model, uint32_t pid, uint32_t session_id, const char *image,
    int64_t now, uint32_t handles[2])
{
	struct nt_process *process = process_find(&model->handles, pid);
	const struct nt_session *session = sessions_find(&model->sessions, session_id);

	if (!process || !session)
		return false;
	struct nt_process *run = start(model, image, session->id, session->logon, 60, now);
	handles[0] = handle_open_process(process, run, NT_TYPE_PROCESS)->value;
	handles[1] = handle_open_process(process, run, NT_TYPE_THREAD)->value;
	process_exit(&model->handles, run, now);
	return true;
}

bool model_open_token(struct model *model, uint32_t pid, uint32_t session_id,
    enum session_process which, uint32_t *handle)
{
	struct nt_process *process = process_find(&model->handles, pid);
	const struct nt_session *session = sessions_find(&model->sessions, session_id);

	if (!process || !session)
		return false;
	*handle = handle_open_existing(&model->handles, process, session->processes[which]->primary)
	              ->value;
	return true;
}

bool model_open_process(struct model *model, uint32_t pid, uint32_t session_id,
    enum session_process which, enum nt_type type, uint32_t *handle)
{
	struct nt_process *process = process_find(&model->handles, pid);
	const struct nt_session *session = sessions_find(&model->sessions, session_id);

	if (!process || !session)
		return false;
	*handle = handle_open_process(process, session->processes[which], type)->value;
	return true;
}

bool model_close_handle(struct model *model, uint32_t pid, uint32_t handle)
{
	struct nt_process *process = process_find(&model->handles, pid);
	struct nt_handle *found = process ? handle_find(process, handle) : NULL;

	if (!found)
		return false;
	handle_close(&model->handles, found);
	return true;
}

bool model_kernel_reference(struct model *model, uint32_t session_id)
{
	const struct nt_session *session = sessions_find(&model->sessions, session_id);

	if (!session)
		return false;
	token_pin(&model->handles,
	    token_create(&model->handles, session->logon, session->id, NULL, NT_CREATED));
	return true;
}

size_t model_release_kernel_references(struct model *model)
{
	size_t count = 0;

	for (; !TAILQ_EMPTY(&model->handles.kernel_tokens); count++)
		token_unpin(&model->handles, TAILQ_FIRST(&model->handles.kernel_tokens));
	return count;
}

const struct nt_sessions *model_sessions(const struct model *model)
{
	return &model->sessions.list;
}

const struct nt_logons *model_logons(const struct model *model)
{
	return &model->handles.logons;
}

const struct nt_processes *model_processes(const struct model *model)
{
	return &model->handles.processes;
}

const struct nt_processes *model_exited(const struct model *model)
{
	return &model->handles.exited;
}

const struct nt_tokens *model_kernel_tokens(const struct model *model)
{
	return &model->handles.kernel_tokens;
}

const struct nt_session *model_session(const struct model *model, uint32_t session_id)
{
	return sessions_find(&model->sessions, session_id);
}

const struct nt_process *model_process(const struct model *model, uint32_t pid)
{
	return process_find(&model->handles, pid);
}

int64_t model_release_time(const struct model *model)
{
	const int64_t second = 1000000;

	return (scaled(model, LATE_LEAST + LATE_SPAN) + second - 1) / second > 1
	           ? (scaled(model, LATE_LEAST + LATE_SPAN) + second - 1) / second
	           : 1;
}

int64_t model_boot_time(const struct model *model)
{
	return model->boot_time;
}

size_t model_session_count(const struct model *model)
{
	return model->sessions.count;
}

size_t model_token_objects(const struct model *model)
{
	return model->handles.token_objects;
}

size_t model_token_objects_accounted(const struct model *model)
{
	return model->handles.tokens_with_handles;
}
