/* Processes that have exited, and are kept by handles to them or to their threads. A handle viewer names them by their ID only; what
 * they were is known from earlier samples. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"
#include "evidence/identity.h"
#include "leak/inside.h"

static int by_pid(const void *a, const void *b)
{
	const struct known_process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static struct known_process *find(const struct leak *leak, size_t count, int64_t pid)
{
	const struct known_process key = {.pid = pid};
	return count ? bsearch(&key, leak->processes, count, sizeof key, by_pid) : NULL;
}

/* A process ID is given again. A process stays in its session, and in its logon session. */
static bool may_be_same(const struct known_process *known, const struct process *process)
{
	return (!known->image || !process->image || image_same(known->image, process->image)) &&
	       (known->session_id == NUMBER_UNKNOWN || process->session_id == NUMBER_UNKNOWN ||
	           known->session_id == process->session_id) &&
	       (known->luid == LUID_UNKNOWN || process->luid == LUID_UNKNOWN ||
	           known->luid == process->luid) &&
	       (known->start_time == TIMESTAMP_UNKNOWN ||
	           process->start_time == TIMESTAMP_UNKNOWN ||
	           known->start_time == process->start_time);
}

static struct known_process *add(struct leak *leak)
{
	if (!array_reserve(&leak->processes, leak->process_count, sizeof *leak->processes))
		return NULL;
	return &leak->processes[leak->process_count++];
}

static void fill(struct known_process *known, const struct process *process, int64_t seen)
{
	if (known->session_id == NUMBER_UNKNOWN)
		known->session_id = process->session_id;
	if (known->luid == LUID_UNKNOWN)
		known->luid = process->luid;
	known->seen = seen;
}

bool exited_note(struct leak *leak, const struct snapshot *sample)
{
	const size_t known = leak->process_count;
	for (size_t i = 0; i < sample->process_count; i++) {
		const struct process *process = &sample->processes[i];
		if (process->pid <= 0 || process->exited)
			continue;
		struct known_process *found = find(leak, known, process->pid);
		if (found && may_be_same(found, process)) {
			fill(found, process, sample->time);
			continue;
		}
		const bool unsure = found && (found->start_time == TIMESTAMP_UNKNOWN ||
		                                 process->start_time == TIMESTAMP_UNKNOWN);
		const char *image = process->image;
		if (image && !(image = intern_string(leak->pool, image, strlen(image))))
			return false;
		if (!found && !(found = add(leak)))
			return false;
		*found = (struct known_process){process->pid, image, process->session_id,
		    process->luid, process->start_time, sample->time, unsure};
	}
	if (leak->process_count > known)
		qsort(leak->processes, leak->process_count, sizeof *leak->processes, by_pid);
	return true;
}

static bool runs(const struct snapshot *sample, int64_t pid)
{
	for (size_t i = 0; i < sample->process_count; i++) {
		if (sample->processes[i].pid == pid && !sample->processes[i].exited)
			return true;
	}
	return false;
}

/* Whether what the handle tells of the process is of another one with its ID. */
static bool contradicts(const struct handle *handle, const struct known_process *process)
{
	const int64_t started = handle->target_start_time, exited = handle->target_exit_time;
	if (handle->target_image && process->image &&
	    !image_same(handle->target_image, process->image))
		return true;
	if (started != TIMESTAMP_UNKNOWN && process->start_time != TIMESTAMP_UNKNOWN)
		return started != process->start_time;
	return process->seen != TIMESTAMP_UNKNOWN &&
	       (started > process->seen || (exited != TIMESTAMP_UNKNOWN && exited < process->seen));
}

/* What the process was; NULL: not known. It keeps its logon session, so that one whose logon session has gone was another. */
static const struct known_process *was(
    const struct leak *leak, const struct snapshot *sample, const struct handle *handle)
{
	const struct known_process *process = find(leak, leak->process_count, handle->target_pid);
	if (!process || process->unsure || runs(sample, process->pid) ||
	    contradicts(handle, process))
		return NULL;
	if (process->luid != LUID_UNKNOWN && snapshot_whole(sample, SECTION_LOGON_SESSIONS) &&
	    !sample_lists(sample, process->luid))
		return NULL;
	return process;
}

bool handle_is_by_pid(const struct handle *handle)
{
	return handle->target_pid != NUMBER_UNKNOWN && !handle->target_image &&
	       handle->target_start_time == TIMESTAMP_UNKNOWN;
}

bool exited_complete(const struct leak *leak, struct snapshot *sample, struct handle *handle)
{
	if (leak->process_count == 0 || handle->target_exited == NO ||
	    handle->session_id != NUMBER_UNKNOWN)
		return true;
	const struct known_process *process = was(leak, sample, handle);
	if (!process)
		return true;
	handle->session_id = process->session_id;
	if (handle->luid == LUID_UNKNOWN)
		handle->luid = process->luid;
	/* By its ID alone it may have been another. */
	if (handle->target_start_time != TIMESTAMP_UNKNOWN && !handle->target_image &&
	    process->start_time != TIMESTAMP_UNKNOWN && process->image)
		handle->target_image =
		    snapshot_string(sample, process->image, strlen(process->image));
	return handle->target_start_time == TIMESTAMP_UNKNOWN || handle->target_image ||
	       process->start_time == TIMESTAMP_UNKNOWN || !process->image;
}
