#include "labhost/show.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/snapshot.h"

static const char *text(struct snapshot *snapshot, const char *string)
{
	return snapshot_string(snapshot, string, strlen(string));
}

static bool add_session(struct snapshot *snapshot, int64_t id, const char *name, const char *state,
    const struct nt_session *session)
{
	struct session *record = snapshot_add_session(snapshot);

	if (!record)
		return false;
	record->id = id;
	record->state = state;
	if (name)
		record->name = text(snapshot, name);
	if (session) {
		record->user = text(snapshot, session->user);
		record->domain = text(snapshot, session->domain);
		record->temporary_profile = session->temporary_profile ? YES : NO;
	}
	return true;
}

static bool add_sessions(const struct model *model, struct snapshot *snapshot)
{
	const char *active = text(snapshot, "Active");
	const char *disconnected = text(snapshot, "Disc");
	const struct nt_session *session;

	if (!add_session(snapshot, SESSION_ID_SERVICES, "Services", disconnected, NULL) ||
	    !add_session(snapshot, SESSION_ID_CONSOLE, "Console", text(snapshot, "Conn"), NULL))
		return false;
	TAILQ_FOREACH(session, model_sessions(model), link)
	if (!add_session(snapshot, session->id, session->station,
	        session->state == NT_STATE_ACTIVE ? active : disconnected, session))
		return false;
	return add_session(
	    snapshot, SESSION_ID_LISTENERS, "RDP-Tcp", text(snapshot, "Listen"), NULL);
}

static bool add_logon_sessions(const struct model *model, struct snapshot *snapshot)
{
	const struct nt_logon *logon;

	TAILQ_FOREACH(logon, model_logons(model), link)
	{
		struct logon_session *record = snapshot_add_logon_session(snapshot);

		if (!record)
			return false;
		record->luid = logon->luid;
		record->user = text(snapshot, logon->user);
		record->domain = text(snapshot, logon->domain);
		record->logon_type = text(snapshot, logon->type);
		record->auth_package = text(snapshot, logon->package);
		record->session_id = logon->session_id;
		record->logon_time = logon->logon_time;
	}
	return true;
}

static void tell_target(
    struct snapshot *snapshot, struct handle *record, const struct nt_process *target)
{
	record->target_pid = target->pid;
	record->target_image = text(snapshot, target->image);
	record->target_exited = YES;
	record->target_start_time = target->started;
	record->target_exit_time = target->exited;
}

/* What a probe would see: handles to tokens and DosDevices directories, and to processes that have exited; of processes that it
 * cannot look into it sees the type only. */
static bool add_handle(struct snapshot *snapshot, const struct nt_handle *handle)
{
	const struct nt_token *token = handle->target ? handle->target->primary : handle->token;
	char name[512];

	if (handle->target && handle->target->exited == DUE_NEVER)
		return true;
	struct handle *record = snapshot_add_handle(snapshot);
	if (!record)
		return false;
	record->pid = handle->process->pid;
	record->image = text(snapshot, handle->process->image);
	record->value = handle->value;
	record->type = text(snapshot, handle_type(handle));
	if (handle->process->protected && handle->target)
		record->target_exited = YES; /* its object is of no process that runs */
	if (token && handle->process->protected)
		return true;
	record->luid = handle->logon->luid;
	if (handle->target)
		tell_target(snapshot, record, handle->target);
	if (token) {
		if (handle->token)
			record->token_id = (int64_t)token->id;
		record->session_id = token->session_id;
		record->user = text(snapshot, handle->logon->user);
		record->domain = text(snapshot, handle->logon->domain);
	} else {
		record->name = text(snapshot, handle_name(handle, name, sizeof(name)));
	}
	return true;
}

static bool add_processes(const struct model *model, struct snapshot *snapshot)
{
	const struct nt_process *process;

	TAILQ_FOREACH(process, model_processes(model), link)
	{
		struct process *record = snapshot_add_process(snapshot);

		if (!record)
			return false;
		record->pid = process->pid;
		record->image = text(snapshot, process->image);
		record->session_id = process->session_id;
		record->handle_count = process->other_handles + (int64_t)process->handle_count;
		record->user = text(snapshot, process->user);
		record->luid = process->primary->logon->luid;
		record->start_time = process->started;
		for (size_t slot = 0; slot < process->table_size; slot++)
			if (process->table[slot] && !add_handle(snapshot, process->table[slot]))
				return false;
	}
	return true;
}

static struct snapshot *take(const struct show_context *context)
{
	const struct model *model = context->model;
	struct snapshot *snapshot = snapshot_create();

	if (!snapshot)
		return NULL;
	snapshot->source = text(snapshot, "leaklab-labhost");
	snapshot->host = text(snapshot, context->host_name);
	snapshot->build = text(snapshot, "10.0.20348 (leaklab-labhost)");
	snapshot->boot_time = model_boot_time(model);
	snapshot->time = context->now;
	snapshot->elevated = YES;
	snapshot->leak_tracking = NO;
	snapshot->release_time = model_release_time(model);
	snapshot->token_objects = (int64_t)model_token_objects(model);
	snapshot->token_objects_accounted = (int64_t)model_token_objects_accounted(model);
	if (add_sessions(model, snapshot) && add_logon_sessions(model, snapshot) &&
	    add_processes(model, snapshot) && snapshot_see_all(snapshot))
		return snapshot;
	snapshot_destroy(snapshot);
	return NULL;
}

bool show_snapshot(const struct show_context *context, FILE *out, struct error *error)
{
	struct snapshot *snapshot = take(context);
	char *json = NULL;

	if (!snapshot)
		return error_set(
		    error, EXIT_TARGET, "taking a snapshot of the lab host: out of memory");
	json = snapshot_to_json(snapshot, error);
	snapshot_destroy(snapshot);
	if (!json)
		return false;
	fputs(json, out);
	free(json);
	return true;
}
