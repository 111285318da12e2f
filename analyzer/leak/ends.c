/* Processes that end take what they hold along: what goes with one was not released by itself. */
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "leak/inside.h"

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Copies of those that run, by process ID, the caller's to free(); NULL: memory is out. */
static struct process *sorted(const struct snapshot *snapshot, size_t *count)
{
	struct process *copies = malloc((snapshot->process_count + 1) * sizeof *copies);
	*count = 0;
	for (size_t i = 0; copies && i < snapshot->process_count; i++) {
		if (!snapshot->processes[i].exited)
			copies[(*count)++] = snapshot->processes[i];
	}
	if (*count)
		qsort(copies, *count, sizeof *copies, by_pid);
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

/* Those of sessions end with their session. */
static bool may_hold_on(const struct process *process)
{
	return process->session_id <= 0 && !process->exited;
}

enum yes_no leak_process_ended(const struct snapshot *then, const struct snapshot *now)
{
	size_t count;
	struct process *running = both_list_processes(then, now) ? sorted(now, &count) : NULL;
	enum yes_no ended = running ? NO : YES_NO_UNKNOWN;
	for (size_t i = 0; running && ended == NO && i < then->process_count; i++) {
		if (may_hold_on(&then->processes[i]) &&
		    !runs_on(running, count, &then->processes[i]))
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

static bool refers(const struct snapshot *then, int64_t id, const struct process *process)
{
	for (size_t i = 0; i < then->handle_count; i++) {
		const struct handle *handle = &then->handles[i];
		if (handle->pid == process->pid && handle->session_id == id)
			return true;
	}
	return false;
}

/* A process that has ended since. */
struct ended {
	const struct snapshot *then;
	const struct holders *holders;
	const struct process **items;
	size_t count;
};

static const struct process *ended_holder(const struct ended *ended, uint64_t luid)
{
	for (size_t i = 0; i < ended->count; i++) {
		if (holds(ended->holders, luid, ended->items[i]))
			return ended->items[i];
	}
	return NULL;
}

static const struct process *ended_referrer(const struct ended *ended, int64_t id)
{
	for (size_t i = 0; i < ended->count; i++) {
		if (refers(ended->then, id, ended->items[i]))
			return ended->items[i];
	}
	return NULL;
}

/* False: memory is out. */
static bool find_ended(struct ended *ended, const struct snapshot *now)
{
	const struct snapshot *then = ended->then;
	size_t count;
	struct process *running = sorted(now, &count);
	ended->items = malloc((then->process_count + 1) * sizeof *ended->items);
	for (size_t i = 0; running && ended->items && i < then->process_count; i++) {
		const struct process *process = &then->processes[i];
		if (may_hold_on(process) && !runs_on(running, count, process))
			ended->items[ended->count++] = process;
	}
	free(running);
	return running && ended->items;
}

static bool take(struct leak *leak, const struct process *holder, const char **taker, int64_t *pid)
{
	const char *image = holder && holder->image ? holder->image : "";
	*pid = holder ? holder->pid : NUMBER_UNKNOWN;
	*taker = intern_string(leak->pool, image, strlen(image));
	return *taker;
}

static bool note_taken(struct leak *leak, const struct ended *ended)
{
	const bool seen = snapshot_has(ended->then, SECTION_HANDLES);
	for (size_t i = 0; i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		const struct process *holder;
		if (!left->gone || left->went != leak->samples || left->fate != FATE_ORPHAN)
			continue;
		holder = ended_holder(ended, left->luid);
		if ((holder || !seen) && !take(leak, holder, &left->taker, &left->taker_pid))
			return false;
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		const struct process *holder;
		if (!left->gone || left->went != leak->samples || left->logons > 0)
			continue;
		holder = ended_referrer(ended, left->id);
		if (holder && !take(leak, holder, &left->taker, &left->taker_pid))
			return false;
	}
	return true;
}

static bool anything_went(const struct leak *leak)
{
	for (size_t i = 0; i < leak->logon_count; i++) {
		if (leak->logons[i].gone && leak->logons[i].went == leak->samples)
			return true;
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		if (leak->ids[i].gone && leak->ids[i].went == leak->samples)
			return true;
	}
	return false;
}

bool leak_note_ends(struct leak *leak, const struct snapshot *then, const struct snapshot *now)
{
	struct holders holders;
	struct ended ended = {.then = then, .holders = &holders};
	if (!both_list_processes(then, now) || !anything_went(leak))
		return true;
	if (!holders_find(&holders, then, NULL))
		return false;
	const bool good = find_ended(&ended, now) && note_taken(leak, &ended);
	holders_deinit(&holders);
	free(ended.items);
	return good;
}

struct taken_along leak_taken_along(const struct leak *leak)
{
	struct taken_along out = {.pid = NUMBER_UNKNOWN};
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (!left->gone || !left->taker || !left->watched || left->older)
			continue;
		if (out.logon_sessions++ == 0 && *left->taker) {
			out.image = left->taker;
			out.pid = left->taker_pid;
		}
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		const struct left_id *left = &leak->ids[i];
		if (!left->gone || !left->taker || left->older || left_id_is_harmless(leak, left) ||
		    (leak->terms.is_watched && !left->watched))
			continue;
		if (out.session_ids++ == 0 && out.logon_sessions == 0 && *left->taker) {
			out.image = left->taker;
			out.pid = left->taker_pid;
		}
	}
	return out;
}
