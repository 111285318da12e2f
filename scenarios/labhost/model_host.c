/* Knows how the host boots, and what the processes of clients can call on it. */
#include "labhost/model_parts.h"

#include <string.h>
#include <strings.h>

#include "labhost/memory.h"

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

struct nt_process *process_start(struct model *model, const char *image, uint32_t session_id,
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
	model->watched = UINT64_MAX;
	model->random = model->options.seed | 1;
	services_start(&model->services, handles, now);
	model->services.lsm = model->options.reconnect_leak == RECONNECT_LEAK_HANDLE
	                          ? process_create(handles, "lsm.exe", SESSION_ID_SERVICES,
	                                model->services.system, 231, now)
	                          : NULL;
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

uint32_t model_process_start(struct model *model, const char *image, int64_t now)
{
	return process_start(model, image, SESSION_ID_SERVICES, model->services.system, 96, now)
	    ->pid;
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

/* lsass never closes a token of it, or the kernel keeps a reference (ReferenceCount 1, no handle). */
static void sandbox_leak(struct model *model, struct nt_logon *logon)
{
	switch (model->options.sandbox_leak) {
	case SANDBOX_LEAK_LSASS:
		handle_open_token(
		    &model->handles, model->services.lsass, logon, SESSION_ID_SERVICES);
		break;
	case SANDBOX_LEAK_KERNEL:
		token_pin(&model->handles,
		    token_create(&model->handles, logon, SESSION_ID_SERVICES, NULL, NT_FILTERED));
		break;
	case SANDBOX_LEAK_NONE:
		break;
	}
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
	if (method == NT_FILTERED && source->logon->outside)
		sandbox_leak(model, source->logon);
	return true;
}

bool model_logon_account(struct model *model, uint32_t pid, const char *domain, const char *user,
    const char *sid, const char *type, int64_t now, uint32_t *handle)
{
	struct nt_process *process = process_find(&model->handles, pid);

	if (!process)
		return false;
	struct nt_logon *logon =
	    logon_create(&model->handles, domain, user, sid, type, SESSION_ID_SERVICES, now);
	struct nt_handle *made =
	    handle_open_token(&model->handles, process, logon, SESSION_ID_SERVICES);
	made->token->method = NT_CREATED;
	/* What follows goes with the last token, as there is no session whose end it could wait for. */
	logon->outside = logon->ended = true;
	handle_open_follower(
	    &model->handles, model->services.lsass, logon, NT_TYPE_TOKEN, SESSION_ID_SERVICES);
	*handle = made->value;
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
	struct nt_process *run = process_start(model, image, session->id, session->logon, 60, now);
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

uint32_t model_next_session_id(const struct model *model)
{
	return session_ids_lowest(&model->handles.ids);
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
