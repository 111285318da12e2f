/* Processes that have exited, and are kept by handles to them or to their threads. A handle viewer names them by their ID only; what
 * they were, earlier samples tell. */
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "evidence/identity.h"
#include "leak/inside.h"

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static struct process *find(const struct leak *leak, size_t count, int64_t pid)
{
	const struct process key = {.pid = pid};
	return count ? bsearch(&key, leak->processes, count, sizeof key, by_pid) : NULL;
}

/* A process ID is given again, so that image and start tell, too. */
static bool may_be_same(const struct process *a, const struct process *b)
{
	return (!a->image || !b->image || image_same(a->image, b->image)) &&
	       (a->start_time == TIMESTAMP_UNKNOWN || b->start_time == TIMESTAMP_UNKNOWN ||
	           a->start_time == b->start_time);
}

/* What another process has had is nobody's for sure, as long as no start time tells. */
static void replace(struct process *known, const struct process *process)
{
	const bool told =
	    known->start_time != TIMESTAMP_UNKNOWN && process->start_time != TIMESTAMP_UNKNOWN;
	*known = *process;
	known->handle_count = told ? 0 : NUMBER_UNKNOWN; /* of no other use here */
}

static struct process *add(struct leak *leak)
{
	if (leak->process_count == leak->process_room) {
		const size_t room = leak->process_room ? leak->process_room * 2 : 256;
		struct process *larger = reallocarray(leak->processes, room, sizeof *larger);
		if (!larger)
			return NULL;
		leak->processes = larger;
		leak->process_room = room;
	}
	return &leak->processes[leak->process_count++];
}

static bool keep_text(struct leak *leak, const char **text)
{
	return !*text || (*text = intern_string(leak->pool, *text, strlen(*text)));
}

bool exited_note(struct leak *leak, const struct snapshot *sample)
{
	const size_t known = leak->process_count;
	for (size_t i = 0; i < sample->process_count; i++) {
		struct process process = sample->processes[i];
		struct process *found = process.pid > 0 ? find(leak, known, process.pid) : NULL;
		if (process.pid <= 0)
			continue;
		if (found && may_be_same(found, &process)) {
			if (found->session_id == NUMBER_UNKNOWN)
				found->session_id = process.session_id;
			if (found->luid == LUID_UNKNOWN)
				found->luid = process.luid;
			continue;
		}
		if (!keep_text(leak, &process.image) || !keep_text(leak, &process.user))
			return false;
		if (found) {
			replace(found, &process);
			continue;
		}
		process.handle_count = 0;
		if (!(found = add(leak)))
			return false;
		*found = process;
	}
	if (leak->process_count > known)
		qsort(leak->processes, leak->process_count, sizeof *leak->processes, by_pid);
	return true;
}

static bool runs(const struct snapshot *sample, int64_t pid)
{
	for (size_t i = 0; i < sample->process_count; i++) {
		if (sample->processes[i].pid == pid)
			return true;
	}
	return false;
}

static bool lists(const struct snapshot *sample, uint64_t luid)
{
	for (size_t i = 0; i < sample->logon_session_count; i++) {
		if (sample->logon_sessions[i].luid == luid)
			return true;
	}
	return false;
}

/* What the process was; NULL: not known. It keeps its logon session, so that one whose logon session has gone was another. */
static const struct process *was(
    const struct leak *leak, const struct snapshot *sample, const struct handle *handle)
{
	const struct process *process = find(leak, leak->process_count, handle->target_pid);
	if (!process || process->handle_count == NUMBER_UNKNOWN || runs(sample, process->pid))
		return NULL;
	if (handle->target_start_time != TIMESTAMP_UNKNOWN &&
	    process->start_time != TIMESTAMP_UNKNOWN &&
	    handle->target_start_time != process->start_time)
		return NULL;
	if (process->luid != LUID_UNKNOWN && snapshot_whole(sample, SECTION_LOGON_SESSIONS) &&
	    !lists(sample, process->luid))
		return NULL;
	return process;
}

bool exited_complete(const struct leak *leak, struct snapshot *sample)
{
	for (size_t i = 0; leak->process_count && i < sample->handle_count; i++) {
		struct handle *handle = &sample->handles[i];
		if (handle->target_pid == NUMBER_UNKNOWN || handle->target_exited == NO ||
		    handle->session_id != NUMBER_UNKNOWN)
			continue;
		const struct process *process = was(leak, sample, handle);
		if (!process)
			continue;
		handle->session_id = process->session_id;
		if (handle->luid == LUID_UNKNOWN)
			handle->luid = process->luid;
		if (!handle->target_image && process->image &&
		    !(handle->target_image =
		            snapshot_string(sample, process->image, strlen(process->image))))
			return false;
	}
	return true;
}
