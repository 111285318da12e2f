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

/* The same, and whoever has handles. */
static struct process *sorted_with_holders(const struct snapshot *snapshot, size_t *count)
{
	size_t listed, room;
	struct process *copies = sorted(snapshot, &listed);
	int64_t last = NUMBER_UNKNOWN;
	*count = room = listed;
	for (size_t i = 0; copies && i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		const struct process process = {
		    .pid = handle->pid, .image = handle->image, .start_time = TIMESTAMP_UNKNOWN};
		if (handle->pid == last ||
		    (listed && bsearch(&process, copies, listed, sizeof process, by_pid)))
			continue;
		last = handle->pid;
		if (*count >= room) {
			room = 2 * room + 16;
			struct process *larger = reallocarray(copies, room, sizeof *larger);
			if (!larger) {
				free(copies);
				return NULL;
			}
			copies = larger;
		}
		copies[(*count)++] = process;
	}
	if (copies && *count > listed)
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

/* Who runs now. */
struct running {
	struct process *items; /* by process ID */
	size_t count;
	bool whole; /* who is not among them has ended */
};

static bool is_running(const struct running *running, const struct keeper *keeper)
{
	const struct process then = {
	    .pid = keeper->pid, .image = keeper->image, .start_time = keeper->start_time};
	const struct process *same =
	    running->count ? bsearch(&then, running->items, running->count, sizeof then, by_pid)
	                   : NULL;
	/* One that started since is another. */
	const bool since = same && keeper->seen != TIMESTAMP_UNKNOWN &&
	                   same->start_time != TIMESTAMP_UNKNOWN && same->start_time > keeper->seen;
	return !since && runs_on(running->items, running->count, &then);
}

/* Who runs on has released it by himself; of the others only a whole list tells that they have ended. */
static void resolve(
    struct keepers *keepers, const struct keeper *keeper, const struct running *running)
{
	if (is_running(running, keeper))
		return;
	if (running->whole && !keepers->taken) {
		keepers->taken = true;
		keepers->taker = *keeper;
	} else if (!running->whole && keepers->count < KEEPERS_MOST) {
		keepers->items[keepers->count++] = *keeper;
	} else if (!running->whole) {
		keepers->unknown = true;
	}
}

static void resolve_again(struct keepers *keepers, const struct running *running)
{
	const struct keepers then = *keepers;
	keepers->count = 0;
	for (size_t i = 0; i < then.count; i++)
		resolve(keepers, &then.items[i], running);
}

/* What earlier ends took along stays so. */
static void forget_open(struct keepers *keepers)
{
	keepers->count = 0;
	keepers->unknown = false;
}

static const struct process *process_of(const struct snapshot *snapshot, int64_t pid)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		if (snapshot->processes[i].pid == pid && !snapshot->processes[i].exited)
			return &snapshot->processes[i];
	}
	return NULL;
}

/* Those of a session end with it: they are no holders for this. */
static bool ends_with_session(
    const struct snapshot *then, const struct process *process, int64_t id)
{
	return process && process->session_id > 0 &&
	       (process->session_id == id || !sample_session(then, process->session_id));
}

/* That the process held at `then` what was left of session `id`. */
static bool add_keeper(struct leak *leak, struct keepers *keepers, const struct snapshot *then,
    const struct running *running, int64_t pid, const char *image, int64_t id)
{
	if (image_follows(image) || pid == then->observer_pid)
		return true;
	const struct process *process = process_of(then, pid);
	struct keeper keeper = {
	    image, pid, process ? process->start_time : TIMESTAMP_UNKNOWN, then->time};
	if (ends_with_session(then, process, id) || is_running(running, &keeper))
		return true;
	if (image && !(keeper.image = intern_string(leak->pool, image, strlen(image))))
		return false;
	resolve(keepers, &keeper, running);
	return true;
}

static bool went_now(const struct leak *leak, bool gone, size_t went)
{
	return gone && went == leak->samples;
}

bool leak_shows_holders(const struct snapshot *sample, const struct snapshot *other)
{
	static const char *const sections[] = {
	    SECTION_HANDLES, SECTION_SESSIONS, SECTION_LOGON_SESSIONS};
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (snapshot_extent(sample, sections[i]) < snapshot_extent(other, sections[i]))
			return false;
	}
	return true;
}

/* may_have_ended: a process did, since the last sample, or nobody knows. */
static bool find_logon_keepers(struct leak *leak, const struct snapshot *then,
    const struct running *running, bool may_have_ended)
{
	struct holders holders = {0};
	bool good = true, found = false;
	for (size_t i = 0; good && i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		size_t count;
		bool runs = false;
		if (!went_now(leak, left->gone, left->went) ||
		    (left->fate != FATE_ORPHAN && !left->was_left))
			continue;
		if (!found && !(found = holders_find(&holders, then, NULL)))
			return false;
		forget_open(&left->keepers);
		const struct holder *holder = holders_of(&holders, left->luid, &count);
		for (size_t j = 0; good && j < count; j++)
			good = add_keeper(leak, &left->keepers, then, running, holder[j].pid,
			    holder[j].image, left->session_id);
		for (size_t j = 0; good && j < then->process_count; j++) {
			const struct process *process = &then->processes[j];
			if (process->luid != left->luid || process->exited)
				continue;
			runs = true;
			good = add_keeper(leak, &left->keepers, then, running, process->pid,
			    process->image, left->session_id);
		}
		left->keepers.unknown = count == 0 && !runs && may_have_ended &&
		                        !(sample_lists(then, left->luid) &&
		                            handles_shown_of(then, &holders, left->luid));
	}
	if (found)
		holders_deinit(&holders);
	return good;
}

static bool find_id_keepers(
    struct leak *leak, const struct snapshot *then, const struct running *running)
{
	bool any = false;
	for (size_t i = 0; i < leak->id_count; i++) {
		if (!went_now(leak, leak->ids[i].gone, leak->ids[i].went))
			continue;
		forget_open(&leak->ids[i].keepers);
		any = true;
	}
	for (size_t i = 0; any && i < then->handle_count; i++) {
		const struct handle *handle = &then->handles[i];
		struct left_id *left = handle->session_id > 0 && handle->target_exited != NO
		                           ? ids_find(leak, handle->session_id)
		                           : NULL;
		if (left && went_now(leak, left->gone, left->went) &&
		    !add_keeper(leak, &left->keepers, then, running, handle->pid, handle->image,
		        handle->session_id))
			return false;
	}
	return true;
}

static bool is_open(const struct leak *leak, const struct keepers *keepers, bool gone, size_t went)
{
	return keepers->count > 0 || went_now(leak, gone, went);
}

/* Whether anything went, or who held it is not known yet. */
static bool any_open(const struct leak *leak)
{
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (is_open(leak, &left->keepers, left->gone, left->went))
			return true;
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		const struct left_id *left = &leak->ids[i];
		if (is_open(leak, &left->keepers, left->gone, left->went))
			return true;
	}
	return false;
}

bool leak_note_ends(struct leak *leak, const struct snapshot *then, const struct snapshot *last,
    const struct snapshot *now)
{
	struct running running = {
	    .whole = snapshot_whole(now, SECTION_PROCESSES) && now->process_count > 0};
	if (!any_open(leak))
		return true;
	if (!(running.items = sorted_with_holders(now, &running.count)))
		return false;
	for (size_t i = 0; i < leak->logon_count; i++) {
		if (leak->logons[i].keepers.count > 0)
			resolve_again(&leak->logons[i].keepers, &running);
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		if (leak->ids[i].keepers.count > 0)
			resolve_again(&leak->ids[i].keepers, &running);
	}
	const bool good =
	    find_logon_keepers(leak, then, &running, leak_process_ended(last, now) != NO) &&
	    find_id_keepers(leak, then, &running);
	free(running.items);
	return good;
}

/* Those of an orphan that went so are among them. */
static bool is_of_taken(const struct leak *leak, int64_t id)
{
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (left->session_id == id && left->gone && left->watched && !left->older &&
		    left->keepers.taken)
			return true;
	}
	return false;
}

static void count_taken(struct taken_along *out, size_t *count, const struct keepers *keepers)
{
	if (!keepers->taken && !keepers->unknown && keepers->count == 0)
		return;
	++*count;
	out->unknown += !keepers->taken;
	if (!keepers->taken)
		return;
	if (!out->image) {
		out->image = keepers->taker.image;
		out->pid = keepers->taker.pid;
	}
	out->others |= keepers->taker.pid != out->pid;
}

struct taken_along leak_taken_along(const struct leak *leak)
{
	struct taken_along out = {.pid = NUMBER_UNKNOWN};
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (left->gone && left->watched && !left->older)
			count_taken(&out, &out.logon_sessions, &left->keepers);
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		const struct left_id *left = &leak->ids[i];
		const struct keepers *keepers = &left->keepers;
		if (left->gone && !left->older && !left_id_is_harmless(leak, left) &&
		    (!leak->terms.is_watched || left->watched) &&
		    (keepers->taken || keepers->unknown || keepers->count) &&
		    !(left->logons > 0 && !keepers->taken) && !is_of_taken(leak, left->id))
			count_taken(&out, &out.session_ids, keepers);
	}
	return out;
}
