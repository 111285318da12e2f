/* Processes that end take what they hold along: what goes with one was not released by itself. */
#include <stdlib.h>
#include <string.h>

#include "leak/inside.h"

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Copies by process ID, the caller's to free(); NULL: memory is out. */
static struct process *sorted(const struct snapshot *snapshot)
{
	struct process *copies = malloc((snapshot->process_count + 1) * sizeof *copies);
	if (copies && snapshot->process_count) {
		memcpy(copies, snapshot->processes, snapshot->process_count * sizeof *copies);
		qsort(copies, snapshot->process_count, sizeof *copies, by_pid);
	}
	return copies;
}

/* A process ID is given again, so that image and start tell, too. */
static bool runs_on(const struct process *now, size_t count, const struct process *then)
{
	const struct process *same = count ? bsearch(then, now, count, sizeof *now, by_pid) : NULL;
	if (!same || (same->image && then->image && !image_same(same->image, then->image)))
		return false;
	return same->start_time == TIMESTAMP_UNKNOWN || then->start_time == TIMESTAMP_UNKNOWN ||
	       same->start_time == then->start_time;
}

static bool both_list_processes(const struct snapshot *then, const struct snapshot *now)
{
	return snapshot_whole(then, SECTION_PROCESSES) && snapshot_whole(now, SECTION_PROCESSES) &&
	       then->process_count > 0 && now->process_count > 0;
}

enum yes_no leak_process_ended(const struct snapshot *then, const struct snapshot *now)
{
	struct process *running = both_list_processes(then, now) ? sorted(now) : NULL;
	enum yes_no ended = running ? NO : YES_NO_UNKNOWN;
	for (size_t i = 0; running && ended == NO && i < then->process_count; i++) {
		const struct process *process = &then->processes[i];
		if (process->session_id <= 0 && !runs_on(running, now->process_count, process))
			ended = YES;
	}
	free(running);
	return ended;
}

static bool holds(const struct holders *holders, uint64_t luid, const struct process *process)
{
	size_t count;
	const struct holder *holder = holders_of(holders, luid, &count);
	for (size_t i = 0; i < count; i++) {
		if (holder[i].pid == process->pid)
			return !holder[i].follower;
	}
	return process->luid == luid;
}

/* One that held the logon session at `then` and has ended; NULL: none is seen to have. */
static const struct process *ended_holder(const struct holders *holders, uint64_t luid,
    const struct snapshot *then, const struct process *running, size_t count)
{
	for (size_t i = 0; i < then->process_count; i++) {
		const struct process *process = &then->processes[i];
		if (process->session_id <= 0 && holds(holders, luid, process) &&
		    !runs_on(running, count, process))
			return process;
	}
	return NULL;
}

bool leak_taken_along(const struct leak *leak, const struct snapshot *then,
    const struct snapshot *now, struct taken_along *out)
{
	struct holders holders;
	struct process *running = sorted(now);
	*out = (struct taken_along){.pid = NUMBER_UNKNOWN};
	if (!running || !holders_find(&holders, then, NULL)) {
		free(running);
		return false;
	}
	const bool seen = snapshot_has(then, SECTION_HANDLES);
	for (size_t i = 0; both_list_processes(then, now) && i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (!left->gone || left->went != leak->samples || left->fate != FATE_ORPHAN ||
		    !left->watched || left->older)
			continue;
		const struct process *holder =
		    ended_holder(&holders, left->luid, then, running, now->process_count);
		if (holder && out->count == 0) {
			out->image = holder->image;
			out->pid = holder->pid;
		}
		out->count += holder || !seen;
	}
	holders_deinit(&holders);
	free(running);
	return true;
}
