/* A dump as evidence like any other. What a handle listing cannot show is expressed in its words: a token that a process or
 * thread runs with is a handle without a value, and a logon session that only the kernel holds has none. */
#include "dump/answer/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/answer/findings.h"
#include "evidence/snapshot.h"

struct making {
	struct snapshot *snapshot;
	const struct kernel *kernel;
	bool holders_seen;
	const char *token;
};

static const char *keep(struct making *making, const char *text)
{
	return text && *text ? snapshot_string(making->snapshot, text, strlen(text)) : NULL;
}

static bool add_logons(struct making *making)
{
	const struct kernel *kernel = making->kernel;
	/* They are sorted: those whose LUID is damaged and means unknown are the last. */
	for (uint32_t i = 0; i < kernel->logon_count && kernel->logons[i].luid != LUID_UNKNOWN;
	     i++) {
		struct logon_session *logon = snapshot_add_logon_session(making->snapshot);
		const char *sid;
		if (!logon)
			return false;
		logon->luid = kernel->logons[i].luid;
		logon->user = keep(making, kernel->logons[i].user);
		logon->domain = keep(making, kernel->logons[i].domain);
		logon->session_id = logon_session_id(kernel, &kernel->logons[i], &sid);
	}
	return true;
}

static int by_number(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* A session is where processes run. Its user is that of explorer.exe, or of any process that belongs to a person. */
static bool add_sessions(struct making *making)
{
	const struct kernel *kernel = making->kernel;
	int64_t *ids = calloc(kernel->process_count + 1u, sizeof *ids);
	size_t count = 0;
	bool good = ids;
	for (uint32_t i = 0; good && i < kernel->process_count; i++)
		if (kernel->processes[i].is_alive &&
		    kernel->processes[i].session_id != NUMBER_UNKNOWN)
			ids[count++] = kernel->processes[i].session_id;
	if (count)
		qsort(ids, count, sizeof *ids, by_number);
	for (size_t i = 0; good && i < count; i++) {
		if (i > 0 && ids[i] == ids[i - 1])
			continue;
		struct session *session = snapshot_add_session(making->snapshot);
		good = session;
		if (session)
			session->id = ids[i];
	}
	free(ids);
	return good;
}

/* S-1-5-21-...: an account of a person or a domain; services, DWM and UMFD have others. */
static bool is_person(const char *sid)
{
	return sid && strncmp(sid, "S-1-5-21-", 9) == 0;
}

static struct session *find_session(struct snapshot *snapshot, int64_t id)
{
	size_t low = 0, high = snapshot->session_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (snapshot->sessions[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->session_count && snapshot->sessions[low].id == id
	           ? &snapshot->sessions[low]
	           : NULL;
}

static bool add_processes(struct making *making)
{
	const struct kernel *kernel = making->kernel;
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		const struct kernel_process *from = &kernel->processes[i];
		const struct kernel_token *token =
		    from->primary == KERNEL_NONE ? NULL : &kernel->tokens[from->primary];
		struct process *process = snapshot_add_process(making->snapshot);
		if (!process)
			return false;
		process->pid = (int64_t)from->pid;
		process->image = keep(making, from->image);
		process->session_id = from->session_id;
		process->handle_count = from->handles;
		process->start_time = from->created;
		process->exited = !from->is_alive;
		if (!token || token->logon == KERNEL_NONE)
			continue;
		const struct kernel_logon_session *logon = &kernel->logons[token->logon];
		process->user = keep(making, logon->user);
		if (from->is_alive)
			process->luid = logon->luid;
		struct session *session = find_session(making->snapshot, from->session_id);
		if (from->is_alive && session && session->id != 0 && !session->user &&
		    is_person(token->user)) {
			session->user = process->user;
			session->domain = keep(making, logon->domain);
		}
	}
	return true;
}

/* Logon sessions and processes are there already, in the kernel's order, and have the texts. */
static bool add_handle(struct making *making, const struct kernel_holder *holder)
{
	const struct kernel *kernel = making->kernel;
	const struct kernel_token *token = &kernel->tokens[holder->token];
	const struct kernel_process *process =
	    holder->process == KERNEL_NONE ? NULL : &kernel->processes[holder->process];
	struct handle *handle;
	/* What runs with a token of its own is no leak; what has exited does so because somebody keeps it. */
	if (!process || holder->kind == HOLDER_PRIMARY || holder->kind == HOLDER_EXITED)
		return true;
	handle = snapshot_add_handle(making->snapshot);
	if (!handle)
		return false;
	handle->pid = (int64_t)process->pid;
	handle->image = making->snapshot->processes[holder->process].image;
	handle->type = making->token;
	if (holder->kind == HOLDER_HANDLE)
		handle->value = (int64_t)holder->value;
	else
		handle->name = keep(making, holder_kind_text(holder->kind, 1));
	if (!token->is_read)
		return true;
	if (token->id <= INT64_MAX) /* others are damage */
		handle->token_id = (int64_t)token->id;
	handle->luid = token->luid;
	handle->session_id = kernel_session_id(token->session_id);
	if (token->logon < making->snapshot->logon_session_count) {
		const struct logon_session *logon = &making->snapshot->logon_sessions[token->logon];
		handle->user = logon->user;
		handle->domain = logon->domain;
	}
	return true;
}

/* A handle to a process that has exited: what it was is what its primary token tells. */
static bool add_kept(struct making *making, const struct kernel_kept *kept)
{
	const struct kernel *kernel = making->kernel;
	const struct kernel_process *target = &kernel->processes[kept->target];
	const struct kernel_token *token =
	    target->primary == KERNEL_NONE ? NULL : &kernel->tokens[target->primary];
	struct handle *handle = snapshot_add_handle(making->snapshot);
	if (!handle)
		return false;
	handle->pid = (int64_t)kernel->processes[kept->process].pid;
	handle->image = making->snapshot->processes[kept->process].image;
	handle->value = (int64_t)kept->value;
	handle->type = keep(making, kept->tid ? "Thread" : "Process");
	handle->target_pid = (int64_t)target->pid;
	handle->target_image = making->snapshot->processes[kept->target].image;
	handle->target_exited = YES;
	handle->target_start_time = target->created;
	handle->target_exit_time = target->exited;
	handle->session_id = target->session_id;
	if (!token || !token->is_read)
		return true;
	handle->luid = token->luid;
	if (token->logon < making->snapshot->logon_session_count) {
		const struct logon_session *logon = &making->snapshot->logon_sessions[token->logon];
		handle->user = logon->user;
		handle->domain = logon->domain;
	}
	return true;
}

static bool add_handles(struct making *making)
{
	for (uint32_t i = 0; i < making->kernel->kept_count; i++)
		if (!add_kept(making, &making->kernel->kept[i]))
			return false;
	making->token = keep(making, "Token");
	if (!making->token)
		return false;
	for (uint32_t i = 0; i < making->kernel->holder_count; i++)
		if (!add_handle(making, &making->kernel->holders[i]))
			return false;
	return true;
}

/* Live processes of which no token tells the logon session. */
static uint32_t count_unowned(const struct kernel *kernel)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		count +=
		    process->is_alive && process->primary_at &&
		    (process->primary == KERNEL_NONE || !kernel->tokens[process->primary].is_read);
	}
	return count;
}

/* Which part of the snapshot is not whole, and why: of what could not be read, rows are missing. */
static bool add_sight(struct making *making)
{
	static const struct {
		enum kernel_thing thing;
		const char *section;
	} parts[] = {
	    {THING_PROCESS, SECTION_SESSIONS}, /* which are where processes run */
	    {THING_PROCESS_SESSION, SECTION_SESSIONS},
	    {THING_PROCESS, SECTION_PROCESSES},
	    {THING_LOGON_LIST, SECTION_LOGON_SESSIONS},
	    {THING_LOGON_SESSION, SECTION_LOGON_SESSIONS},
	    {THING_PROCESS, SECTION_HANDLES}, /* of which the first reason is told */
	    {THING_HANDLE_TABLE, SECTION_HANDLES},
	    {THING_OBJECT, SECTION_HANDLES},
	    {THING_TOKEN, SECTION_HANDLES},
	    {THING_THREAD, SECTION_HANDLES},
	};
	const struct kernel *kernel = making->kernel;
	struct snapshot *snapshot = making->snapshot;
	char why[160];
	if (!snapshot_see_all(snapshot))
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		for (unsigned j = 0; j < KERNEL_REASONS; j++) {
			const uint64_t count = kernel->missing[parts[i].thing][j];
			snprintf(why, sizeof why, "%llu %s: %s", (unsigned long long)count,
			    kernel_thing_text(parts[i].thing, count), kernel_reason_text(j));
			if (count > 0 &&
			    !snapshot_see(snapshot, parts[i].section, EXTENT_CUT_OFF, why))
				return false;
		}
	const uint32_t unowned = count_unowned(kernel);
	snprintf(why, sizeof why, "of %u of them the token cannot be read", unowned);
	if (unowned > 0 && !snapshot_see(snapshot, SECTION_PROCESSES, EXTENT_PARTIAL, why))
		return false;
	if (kernel_handle_counts(kernel) == HANDLES_MISSING && !kernel->moved) {
		snprintf(why, sizeof why, "the kernel counts %lld handles to tokens more",
		    (long long)(kernel->token_handles - kernel->token_handles_found));
		if (!snapshot_see(snapshot, SECTION_HANDLES, EXTENT_CUT_OFF, why))
			return false;
	}
	if (!kernel->handles_read)
		return snapshot_see(snapshot, SECTION_HANDLES, EXTENT_ABSENT,
		    "tokens cannot be distinguished from other objects in this dump");
	return kernel->threads_read || snapshot_see(snapshot, SECTION_HANDLES, EXTENT_PARTIAL,
	                                   "the tokens that threads impersonate are out of sight");
}

/* Tokens that something in sight holds; nothing but a reference of the kernel's holds the others. */
static int64_t count_held(const struct kernel *kernel)
{
	int64_t held = 0;
	for (uint32_t i = 0; i < kernel->token_count; i++)
		held += kernel->tokens[i].holders != KERNEL_NONE;
	return held;
}

static bool fill(struct making *making)
{
	const struct dump_header *header = dump_file_header(making->kernel->dump);
	struct snapshot *snapshot = making->snapshot;
	struct machine machine;
	char build[32];
	snprintf(build, sizeof build, "10.0.%u", header->build);
	if (header->build < 10000) /* Windows 7 to 8.1 */
		snprintf(build, sizeof build, "6.%u.%u",
		    header->build < 9200   ? 1
		    : header->build < 9600 ? 2
		                           : 3,
		    header->build);
	snapshot->source = keep(making, SNAPSHOT_OF_DUMP);
	snapshot->build = keep(making, build);
	if (machine_find(making->kernel, &machine))
		snapshot->host = keep(making, machine.name);
	snapshot->time = timestamp_or_unknown(header->system_time);
	if (header->system_time != TIMESTAMP_UNKNOWN && header->up_time != DUMP_UP_TIME_UNKNOWN)
		snapshot->boot_time = timestamp_or_unknown(header->system_time - header->up_time);
	snapshot->elevated = YES;
	snapshot->leak_tracking = making->kernel->tracking == TRACKING_ON        ? YES
	                          : making->kernel->tracking == TRACKING_UNKNOWN ? YES_NO_UNKNOWN
	                                                                         : NO;
	snapshot->tokens_keep_ids = making->kernel->rule == RULE_UNKNOWN ? YES_NO_UNKNOWN
	                            : making->kernel->rule == RULE_ON    ? YES
	                                                                 : NO;
	snapshot->token_objects = making->kernel->token_objects;
	if (making->holders_seen && kernel_missing_of(making->kernel, THING_TOKEN_LIST) == 0)
		snapshot->token_objects_accounted = count_held(making->kernel);
	return add_logons(making) && add_sessions(making) && add_processes(making) &&
	       add_handles(making) && add_sight(making) && snapshot_unify_all(snapshot);
}

struct snapshot *kernel_to_snapshot(const struct kernel *kernel, bool holders_seen)
{
	struct making making = {
	    .snapshot = snapshot_create(), .kernel = kernel, .holders_seen = holders_seen};
	if (making.snapshot && fill(&making))
		return making.snapshot;
	snapshot_destroy(making.snapshot);
	return NULL;
}
