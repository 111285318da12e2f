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

/* Those of sessions end with their session, and an observer when it has seen enough. */
static bool may_hold_on(const struct snapshot *then, const struct process *process)
{
	return process->session_id <= 0 && !process->exited && process->pid != then->observer_pid;
}

enum yes_no leak_process_ended(const struct snapshot *then, const struct snapshot *now)
{
	size_t count;
	struct process *running = both_list_processes(then, now) ? sorted(now, &count) : NULL;
	enum yes_no ended = running ? NO : YES_NO_UNKNOWN;
	for (size_t i = 0; running && ended == NO && i < then->process_count; i++) {
		if (may_hold_on(then, &then->processes[i]) &&
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

/* False: memory is out. */
static bool find_ended(struct ended *ended, const struct snapshot *now)
{
	const struct snapshot *then = ended->then;
	size_t count;
	struct process *running = sorted(now, &count);
	ended->items = malloc((then->process_count + 1) * sizeof *ended->items);
	for (size_t i = 0; running && ended->items && i < then->process_count; i++) {
		const struct process *process = &then->processes[i];
		if (may_hold_on(then, process) && !runs_on(running, count, process))
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

static bool note_taken_logons(struct leak *leak, const struct ended *ended)
{
	const bool seen = snapshot_has(ended->then, SECTION_HANDLES);
	for (size_t i = 0; i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		if (!left->gone || left->went != leak->samples || left->fate != FATE_ORPHAN)
			continue;
		const struct process *holder = ended_holder(ended, left->luid);
		if ((holder || !seen) && !take(leak, holder, &left->taker, &left->taker_pid))
			return false;
	}
	return true;
}

static const struct process *ended_of(const struct ended *ended, int64_t pid)
{
	for (size_t i = 0; i < ended->count; i++) {
		if (ended->items[i]->pid == pid)
			return ended->items[i];
	}
	return NULL;
}

/* Session IDs that no session had then, and that one of them referred to. Whether they are free now, later samples show. */
static bool note_taken_ids(struct leak *leak, const struct ended *ended)
{
	const struct snapshot *then = ended->then;
	if (!snapshot_whole(then, SECTION_SESSIONS))
		return true;
	for (size_t i = 0; i < then->handle_count; i++) {
		const struct handle *handle = &then->handles[i];
		const struct process *holder = ended_of(ended, handle->pid);
		if (!holder || handle->session_id <= 0 || handle->target_exited == NO ||
		    handle->session_id > SESSION_ID_MOST ||
		    sample_session(then, handle->session_id))
			continue;
		struct left_id *left = ids_entry(leak, handle->session_id);
		if (!left || !take(leak, holder, &left->taker, &left->taker_pid))
			return false;
	}
	return true;
}

bool leak_note_ends(struct leak *leak, const struct snapshot *then, const struct snapshot *now)
{
	struct holders holders = {0};
	struct ended ended = {.then = then, .holders = &holders};
	if (!both_list_processes(then, now))
		return true;
	bool good = find_ended(&ended, now);
	if (good && ended.count > 0)
		good = holders_find(&holders, then, NULL) && note_taken_logons(leak, &ended) &&
		       note_taken_ids(leak, &ended);
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
		if (!left->gone || !left->taker || left->older || left->logons > 0 ||
		    left_id_is_harmless(leak, left) || (leak->terms.is_watched && !left->watched))
			continue;
		if (out.session_ids++ == 0 && out.logon_sessions == 0 && *left->taker) {
			out.image = left->taker;
			out.pid = left->taker_pid;
		}
	}
	return out;
}
