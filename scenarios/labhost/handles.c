/* Knows who keeps what alive: processes, their handle tables, tokens and logon sessions. */
#include "labhost/model_parts.h"

#include <assert.h>
#include <stdio.h>

#include "labhost/memory.h"

#define FIRST_PID 4       /* System's */
#define PID_STEP 8        /* threads have IDs of the same kind */
#define FIRST_LUID 0xc000 /* above the well-known ones */

void handles_init(struct handles *handles, bool tokens_hold_ids)
{
	*handles = (struct handles){
	    .next_pid = FIRST_PID, .next_luid = FIRST_LUID, .tokens_hold_ids = tokens_hold_ids};
	TAILQ_INIT(&handles->logons);
	TAILQ_INIT(&handles->processes);
	TAILQ_INIT(&handles->exited);
	TAILQ_INIT(&handles->kernel_tokens);
	session_ids_init(&handles->ids, SESSION_ID_FIRST);
}

static uint64_t luid_next(struct handles *handles)
{
	/* Each token, logon session and much else takes one, so real numbers grow in leaps. */
	handles->next_luid += 0x1d + handles->next_luid % 0x2b;
	return handles->next_luid;
}

struct nt_logon *logon_create(struct handles *handles, const char *domain, const char *user,
    const char *sid, const char *type, uint32_t session_id, int64_t now)
{
	struct nt_logon *logon = memory_zeroed(1, sizeof(*logon));

	logon->luid = luid_next(handles);
	logon->user = memory_text(user);
	logon->domain = memory_text(domain);
	logon->sid = memory_text(sid);
	logon->type = type;
	logon->package = "NTLM";
	logon->session_id = session_id;
	logon->logon_time = now;
	TAILQ_INIT(&logon->followers);
	TAILQ_INIT(&logon->late);
	TAILQ_INSERT_TAIL(&handles->logons, logon, link);
	return logon;
}

static void logon_destroy(struct handles *handles, struct nt_logon *logon)
{
	assert(logon->tokens == 0 && TAILQ_EMPTY(&logon->followers));
	TAILQ_REMOVE(&handles->logons, logon, link);
	free(logon->user);
	free(logon->domain);
	free(logon->sid);
	free(logon);
}

/* Services and the console have theirs for ever. */
static void id_hold(struct handles *handles, uint32_t id)
{
	if (id >= SESSION_ID_FIRST)
		session_ids_hold(&handles->ids, id);
}

static void id_drop(struct handles *handles, uint32_t id)
{
	if (id >= SESSION_ID_FIRST)
		session_ids_drop(&handles->ids, id);
}

struct nt_token *token_create(struct handles *handles, struct nt_logon *logon, uint32_t session_id,
    const struct nt_process *creator, enum nt_method method)
{
	struct nt_token *token = memory_zeroed(1, sizeof(*token));

	token->id = luid_next(handles);
	token->logon = logon;
	token->session_id = session_id;
	token->creator = creator ? creator->pid : FIRST_PID;
	snprintf(token->creator_image, sizeof(token->creator_image), "%s",
	    creator ? creator->image : "System");
	token->method = method;
	if (handles->tokens_hold_ids)
		id_hold(handles, session_id);
	logon->tokens++;
	handles->token_objects++;
	return token;
}

static void token_release(struct handles *handles, struct nt_token *token)
{
	if (token->handles > 0 || token->references > 0)
		return;
	token->logon->tokens--;
	handles->token_objects--;
	if (handles->tokens_hold_ids)
		id_drop(handles, token->session_id);
	free(token);
}

/* Takes the handle out of its table and releases what it leads to; says nothing to the logon session. */
static void handle_free(struct handles *handles, struct nt_handle *handle)
{
	struct nt_process *process = handle->process;
	const uint32_t slot = handle->value / 4 - 1;

	if (handle->follower)
		TAILQ_REMOVE(&handle->logon->followers, handle, link);
	else
		handle->logon->others--;
	if (handle->late)
		TAILQ_REMOVE(&handle->logon->late, handle, link);
	if (handle->due != DUE_NEVER)
		late_holders_remove(&handles->late, handle);
	process->table[slot] = NULL;
	process->unused[process->unused_count++] = slot;
	process->handle_count--;
	if (handle->token) {
		if (--handle->token->handles == 0)
			handles->tokens_with_handles--;
		token_release(handles, handle->token);
	}
	if (handle->target)
		handle->target->held--;
	free(handle);
}

/* Called after anything that may have been the last reason to live. The logon session may be gone afterwards. */
static void logon_review(struct handles *handles, struct nt_logon *logon)
{
	if (logon->permanent)
		return;
	if (logon->ended && logon->others == 0)
		while (!TAILQ_EMPTY(&logon->followers))
			handle_free(handles, TAILQ_FIRST(&logon->followers));
	if (logon->tokens > 0)
		return;
	while (!TAILQ_EMPTY(&logon->followers)) /* directories alone keep nothing alive */
		handle_free(handles, TAILQ_FIRST(&logon->followers));
	logon_destroy(handles, logon);
}

void token_pin(struct handles *handles, struct nt_token *token)
{
	assert(!token->pinned_by_kernel);
	token->pinned_by_kernel = true;
	token->references++;
	TAILQ_INSERT_TAIL(&handles->kernel_tokens, token, kernel_link);
}

void token_unpin(struct handles *handles, struct nt_token *token)
{
	struct nt_logon *logon = token->logon;

	TAILQ_REMOVE(&handles->kernel_tokens, token, kernel_link);
	token->pinned_by_kernel = false;
	token->references--;
	token_release(handles, token);
	logon_review(handles, logon);
}

struct nt_process *process_create(struct handles *handles, const char *image, uint32_t session_id,
    struct nt_logon *logon, uint32_t other_handles, int64_t now)
{
	struct nt_process *process = memory_zeroed(1, sizeof(*process));

	process->pid = handles->next_pid;
	handles->next_pid += PID_STEP;
	process->started = now;
	process->exited = DUE_NEVER;
	id_hold(handles, session_id);
	process->image = memory_text(image);
	process->user = memory_text(logon->user);
	process->session_id = session_id;
	process->other_handles = other_handles;
	process->primary = token_create(handles, logon, session_id, NULL, NT_DUPLICATED);
	process->primary->references = 1;
	TAILQ_INSERT_TAIL(&handles->processes, process, link);
	return process;
}

/* The last handle to one that has exited was closed. */
static void process_destroy(struct handles *handles, struct nt_process *process)
{
	struct nt_logon *own = process->primary->logon;

	TAILQ_REMOVE(&handles->exited, process, link);
	process->primary->references--;
	token_release(handles, process->primary);
	id_drop(handles, process->session_id);
	logon_review(handles, own);
	free(process->image);
	free(process->user);
	free(process);
}

void process_exit(struct handles *handles, struct nt_process *process, int64_t now)
{
	for (size_t slot = 0; slot < process->table_size; slot++)
		if (process->table[slot])
			handle_close(handles, process->table[slot]);
	free(process->table);
	free(process->unused);
	process->table = NULL;
	process->unused = NULL;
	process->table_size = process->other_handles = 0;
	process->exited = now;
	TAILQ_REMOVE(&handles->processes, process, link);
	TAILQ_INSERT_TAIL(&handles->exited, process, link);
	if (process->held == 0)
		process_destroy(handles, process);
}

struct nt_process *process_find(const struct handles *handles, uint32_t pid)
{
	struct nt_process *process;

	TAILQ_FOREACH(process, &handles->processes, link)
	if (process->pid == pid)
		return process;
	return NULL;
}

static void table_grow(struct nt_process *process)
{
	const size_t old = process->table_size;
	const size_t size = old ? 2 * old : 8;

	process->table = memory_resized(process->table, size, sizeof(struct nt_handle *));
	process->unused = memory_resized(process->unused, size, sizeof(uint32_t));
	for (size_t slot = old; slot < size; slot++)
		process->table[slot] = NULL;
	for (size_t slot = size; slot > old; slot--)
		process->unused[process->unused_count++] = (uint32_t)(slot - 1);
	process->table_size = size;
}

static struct nt_handle *handle_create(
    struct nt_process *process, struct nt_logon *logon, enum nt_type type)
{
	struct nt_handle *handle = memory_zeroed(1, sizeof(*handle));

	if (process->unused_count == 0)
		table_grow(process);
	const uint32_t slot = process->unused[--process->unused_count];
	process->table[slot] = handle;
	process->handle_count++;
	handle->value = 4 * (slot + 1);
	handle->type = type;
	handle->process = process;
	handle->logon = logon;
	handle->due = DUE_NEVER;
	return handle;
}

static void handle_refer(struct handles *handles, struct nt_handle *handle, struct nt_token *token)
{
	handle->token = token;
	if (token->handles++ == 0)
		handles->tokens_with_handles++;
}

struct nt_handle *handle_open_token(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, uint32_t session_id)
{
	struct nt_handle *handle = handle_create(process, logon, NT_TYPE_TOKEN);

	handle_refer(
	    handles, handle, token_create(handles, logon, session_id, process, NT_DUPLICATED));
	logon->others++;
	return handle;
}

struct nt_handle *handle_open_existing(
    struct handles *handles, struct nt_process *process, struct nt_token *token)
{
	struct nt_handle *handle = handle_create(process, token->logon, NT_TYPE_TOKEN);

	handle_refer(handles, handle, token);
	token->logon->others++;
	return handle;
}

struct nt_handle *handle_open_process(
    struct nt_process *process, struct nt_process *target, enum nt_type type)
{
	struct nt_handle *handle = handle_create(process, target->primary->logon, type);

	handle->target = target;
	target->held++;
	handle->logon->others++;
	return handle;
}

struct nt_handle *handle_open_late(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, uint32_t session_id)
{
	struct nt_handle *handle = handle_open_token(handles, process, logon, session_id);

	handle->late = true;
	TAILQ_INSERT_TAIL(&logon->late, handle, link);
	return handle;
}

void handle_open_follower(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, enum nt_type type, uint32_t session_id)
{
	struct nt_handle *handle = handle_create(process, logon, type);

	if (type == NT_TYPE_TOKEN)
		handle_refer(
		    handles, handle, token_create(handles, logon, session_id, process, NT_CREATED));
	handle->follower = true;
	TAILQ_INSERT_TAIL(&logon->followers, handle, link);
}

struct nt_handle *handle_find(const struct nt_process *process, uint32_t value)
{
	const size_t slot = value / 4 - 1;

	return value > 0 && value % 4 == 0 && slot < process->table_size ? process->table[slot]
	                                                                 : NULL;
}

void handle_close(struct handles *handles, struct nt_handle *handle)
{
	struct nt_logon *logon = handle->logon;
	struct nt_process *target = handle->target;

	handle_free(handles, handle);
	if (target && target->held == 0 && target->exited != DUE_NEVER)
		process_destroy(handles, target);
	else
		logon_review(handles, logon);
}

void handle_set_due(struct handles *handles, struct nt_handle *handle, int64_t due)
{
	late_holders_add(&handles->late, handle, due);
}

void handles_deinit(struct handles *handles)
{
	while (!TAILQ_EMPTY(&handles->kernel_tokens))
		token_unpin(handles, TAILQ_FIRST(&handles->kernel_tokens));
	while (!TAILQ_EMPTY(&handles->processes))
		process_exit(handles, TAILQ_LAST(&handles->processes, nt_processes), 0);
	while (!TAILQ_EMPTY(&handles->logons))
		logon_destroy(handles, TAILQ_FIRST(&handles->logons));
	late_holders_deinit(&handles->late);
}
