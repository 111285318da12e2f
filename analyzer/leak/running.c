/* Who runs in a sample, and who no longer does in a later one. */
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "leak/holds.h"

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Copies of those that run, by process ID, with room for so many more, the caller's to free(); NULL: memory is out. */
static struct process *sorted(const struct snapshot *snapshot, size_t more, size_t *count)
{
	struct process *copies = malloc((snapshot->process_count + more + 1) * sizeof *copies);
	*count = 0;
	for (size_t i = 0; copies && i < snapshot->process_count; i++) {
		if (!snapshot->processes[i].exited)
			copies[(*count)++] = snapshot->processes[i];
	}
	if (*count)
		qsort(copies, *count, sizeof *copies, by_pid);
	return copies;
}

/* The same, and whoever has handles. */
static struct process *sorted_with_holders(
    const struct leak *leak, const struct snapshot *snapshot, size_t *count)
{
	const struct places *rows = &leak->rows.processes;
	size_t listed;
	struct process *copies = sorted(snapshot, rows->count, &listed);
	int64_t last = NUMBER_UNKNOWN;
	*count = listed;
	for (size_t i = 0; copies && i < rows->count; i++) {
		const struct handle *handle = &snapshot->handles[rows->items[i]];
		const struct process process = {
		    .pid = handle->pid, .image = handle->image, .start_time = TIMESTAMP_UNKNOWN};
		if (handle->pid == last ||
		    (listed && bsearch(&process, copies, listed, sizeof process, by_pid)))
			continue;
		last = handle->pid;
		copies[(*count)++] = process;
	}
	if (!copies || *count == listed)
		return copies;
	qsort(copies, *count, sizeof *copies, by_pid);
	/* Rows of one process need not stand together. */
	size_t left = 1;
	for (size_t i = 1; i < *count; i++) {
		if (copies[i].pid != copies[left - 1].pid)
			copies[left++] = copies[i];
	}
	*count = left;
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

static bool lists_processes(const struct snapshot *sample)
{
	return snapshot_whole(sample, SECTION_PROCESSES) && sample->process_count > 0;
}

/* Those of sessions end with their session, and an observer when it has seen enough. */
static bool may_hold_on(const struct snapshot *then, const struct process *process)
{
	return process->session_id <= 0 && !process->exited && process->pid != then->observer_pid;
}

enum yes_no leak_process_ended(const struct snapshot *then, const struct snapshot *now)
{
	size_t count;
	const bool both = lists_processes(then) && lists_processes(now);
	struct process *running = both ? sorted(now, 0, &count) : NULL;
	enum yes_no ended = running ? NO : YES_NO_UNKNOWN;
	for (size_t i = 0; running && ended == NO && i < then->process_count; i++) {
		if (may_hold_on(then, &then->processes[i]) &&
		    !runs_on(running, count, &then->processes[i]))
			ended = YES;
	}
	free(running);
	return ended;
}

const struct process *running_find(const struct running *running, int64_t pid)
{
	const struct process wanted = {.pid = pid};
	return running->count
	           ? bsearch(&wanted, running->items, running->count, sizeof wanted, by_pid)
	           : NULL;
}

bool running_has(const struct running *running, const struct hold *hold)
{
	const struct process then = {
	    .pid = hold->pid, .image = hold->image, .start_time = hold->start_time};
	const struct process *same = running_find(running, hold->pid);
	/* One that started since is another. */
	const bool since = same && hold->seen != TIMESTAMP_UNKNOWN &&
	                   same->start_time != TIMESTAMP_UNKNOWN && same->start_time > hold->seen;
	return !since && runs_on(running->items, running->count, &then);
}

bool running_note(struct leak *leak, const struct snapshot *sample, const struct running *running,
    enum yes_no *ended)
{
	*ended = YES_NO_UNKNOWN;
	if (leak->holds.ran && running->whole) {
		*ended = NO;
		for (size_t i = 0; i < leak->holds.ran_count && *ended == NO; i++) {
			if (!runs_on(running->items, running->count, &leak->holds.ran[i]))
				*ended = YES;
		}
	}
	free(leak->holds.ran);
	leak->holds.ran = NULL;
	leak->holds.ran_count = 0;
	if (!running->whole)
		return true;
	leak->holds.ran = malloc((sample->process_count + 1) * sizeof *leak->holds.ran);
	for (size_t i = 0; leak->holds.ran && i < sample->process_count; i++) {
		struct process process = sample->processes[i];
		if (!may_hold_on(sample, &process))
			continue;
		if (process.image && !(process.image = intern_string(
		                           leak->pool, process.image, strlen(process.image))))
			return false;
		leak->holds.ran[leak->holds.ran_count++] = process;
	}
	return leak->holds.ran;
}

bool running_init(struct running *running, const struct leak *leak, const struct snapshot *sample)
{
	running->whole = lists_processes(sample);
	running->items = sorted_with_holders(leak, sample, &running->count);
	return running->items;
}
