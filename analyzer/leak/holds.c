/* Who held what, from sample to sample: since when, and whether it released it by itself or took it along as it ended. */
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "leak/inside.h"

/* ---- who runs ---- */

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
	struct process *running = both ? sorted(now, &count) : NULL;
	enum yes_no ended = running ? NO : YES_NO_UNKNOWN;
	for (size_t i = 0; running && ended == NO && i < then->process_count; i++) {
		if (may_hold_on(then, &then->processes[i]) &&
		    !runs_on(running, count, &then->processes[i]))
			ended = YES;
	}
	free(running);
	return ended;
}

/* Who runs in the sample. */
struct running {
	struct process *items; /* by process ID */
	size_t count;
	bool whole; /* who is not among them has ended */
};

static bool is_running(const struct running *running, const struct hold *hold)
{
	const struct process then = {
	    .pid = hold->pid, .image = hold->image, .start_time = hold->start_time};
	const struct process *same =
	    running->count ? bsearch(&then, running->items, running->count, sizeof then, by_pid)
	                   : NULL;
	/* One that started since is another. */
	const bool since = same && hold->seen != TIMESTAMP_UNKNOWN &&
	                   same->start_time != TIMESTAMP_UNKNOWN && same->start_time > hold->seen;
	return !since && runs_on(running->items, running->count, &then);
}

/* Whether a process that could hold ended since the last sample; those of that sample are remembered. */
static bool note_running(struct leak *leak, const struct snapshot *sample,
    const struct running *running, enum yes_no *ended)
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

/* ---- the holds of one sample ---- */

static int hold_order(const void *a, const void *b)
{
	const struct hold *left = a, *right = b;
	if (left->luid != right->luid)
		return left->luid < right->luid ? -1 : 1;
	if (left->session_id != right->session_id)
		return left->session_id < right->session_id ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->image > right->image) - (left->image < right->image);
}

static bool push(struct hold_list *list, const struct hold *hold)
{
	if (list->count == list->room) {
		const size_t room = list->room ? 2 * list->room : 256;
		struct hold *larger = reallocarray(list->items, room, sizeof *larger);
		if (!larger)
			return false;
		list->items = larger;
		list->room = room;
	}
	list->items[list->count++] = *hold;
	return true;
}

/* The process that has the ID in the sample; those that run come by process ID. */
static const struct process *process_of(const struct running *running, int64_t pid)
{
	const struct process wanted = {.pid = pid};
	return running->count
	           ? bsearch(&wanted, running->items, running->count, sizeof wanted, by_pid)
	           : NULL;
}

/* Those of a session end with it: they are no holders for this. */
static bool ends_with_session(
    const struct snapshot *sample, const struct process *process, int64_t id)
{
	return process && process->session_id > 0 &&
	       (process->session_id == id || !sample_session(sample, process->session_id));
}

/* Of a watched logon session, or of what keeps an ID by itself, or one that is referred to. */
static bool is_of_interest(
    const struct leak *leak, const struct left_logon *left, uint64_t luid, int64_t id)
{
	const struct left_id *entry = id > 0 ? ids_find(leak, id) : NULL;
	return (left && left->watched && !left->older) || (id > 0 && luid_is_own(luid)) ||
	       (entry && !entry->gone && entry->sample == leak->samples);
}

static bool add_hold(struct leak *leak, struct hold_list *list, const struct snapshot *sample,
    const struct running *running, int64_t pid, const char *image, uint64_t luid, int64_t id)
{
	struct left_logon *left = luid == LUID_UNKNOWN ? NULL : leak_logon(leak, luid);
	if (left)
		left->held = leak->samples;
	/* The list of processes may name one that its handles do not. */
	const struct process *named = image ? NULL : process_of(running, pid);
	if (named)
		image = named->image;
	if (!is_of_interest(leak, left, luid, id) || image_follows(image) ||
	    pid == sample->observer_pid)
		return true;
	const struct process *process = process_of(running, pid);
	struct left_id *entry = id > 0 ? ids_find(leak, id) : NULL;
	const char *services = process ? process->services : NULL;
	if (ends_with_session(sample, process, id > 0 ? id : left ? left->session_id : id))
		return true;
	struct hold hold = {.luid = luid,
	    .session_id = id > 0 ? id : NUMBER_UNKNOWN,
	    .pid = pid,
	    .start_time = process ? process->start_time : TIMESTAMP_UNKNOWN,
	    .first = TIMESTAMP_UNKNOWN,
	    .last = TIMESTAMP_UNKNOWN,
	    .seen = sample->time,
	    .sample = leak->samples};
	if ((image && !(hold.image = intern_string(leak->pool, image, strlen(image)))) ||
	    (services && !(hold.services = intern_string(leak->pool, services, strlen(services)))))
		return false;
	if (left)
		left->held_by = leak->samples;
	if (entry)
		entry->held_by = leak->samples;
	const struct hold *last = list->count ? &list->items[list->count - 1] : NULL;
	return (last && hold_order(last, &hold) == 0) || push(list, &hold);
}

static bool list_holds(struct leak *leak, struct hold_list *list, const struct snapshot *sample,
    const struct running *running)
{
	bool good = true;
	for (size_t i = 0; good && i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		const int64_t id = handle->session_id;
		if (handle->target_exited != NO && (handle->luid != LUID_UNKNOWN || id > 0))
			good = add_hold(leak, list, sample, running, handle->pid, handle->image,
			    handle->luid, id);
	}
	for (size_t i = 0; good && i < sample->process_count; i++) {
		const struct process *process = &sample->processes[i];
		if (process->luid != LUID_UNKNOWN && !process->exited)
			good = add_hold(leak, list, sample, running, process->pid, process->image,
			    process->luid, NUMBER_UNKNOWN);
	}
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, hold_order);
	size_t left = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (left == 0 || hold_order(&list->items[left - 1], &list->items[i]) != 0)
			list->items[left++] = list->items[i];
	}
	list->count = left;
	return good;
}

/* ---- from sample to sample ---- */

static bool is_left(const struct left_logon *left)
{
	return left && !left->gone && left->fate == FATE_ORPHAN;
}

/* Whether what it holds is left of a session that has ended. */
static bool holds_left(const struct leak *leak, const struct hold *hold)
{
	const struct left_id *id = hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
	return (hold->luid != LUID_UNKNOWN && is_left(leak_logon(leak, hold->luid))) ||
	       (id && id->sample == leak->samples && !id->gone);
}

/* Whether it was in some sample before. */
static bool held_left(const struct leak *leak, const struct hold *hold)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	const struct left_id *id = hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
	return hold->first != TIMESTAMP_UNKNOWN ||
	       (left && (left->fate != FATE_ALIVE || left->was_left)) || (id && id->sample > 0);
}

static bool has_gone(const struct leak *leak, const struct hold *hold)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	const struct left_id *id = hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
	return (left || id) && (!left || left->gone) && (!id || id->gone);
}

/* Who runs on has released it by himself; of the others only a whole list tells that they have ended. */
static enum hold_state state_of(const struct running *running, const struct hold *hold)
{
	if (is_running(running, hold))
		return HOLD_RELEASED;
	return running->whole ? HOLD_ENDED : HOLD_OPEN;
}

static bool finish(struct leak *leak, struct hold *hold, const struct running *running)
{
	hold->state = state_of(running, hold);
	hold->over = leak->time;
	return !held_left(leak, hold) || push(&leak->holds.over, hold);
}

/* Whether its session is over is not known, as where another has its ID. */
static bool is_not_alive(const struct leak *leak, const struct hold *hold)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	return left && left->fate != FATE_ALIVE;
}

static void show_again(struct leak *leak, struct hold *then, const struct hold *now)
{
	const bool left = holds_left(leak, now);
	then->of_left = left || is_not_alive(leak, now);
	if (!left)
		then->first = TIMESTAMP_UNKNOWN;
	else if (then->first == TIMESTAMP_UNKNOWN)
		then->first = leak->time;
	if (left)
		then->last = leak->time;
	then->sample = now->sample;
	then->seen = now->seen;
	then->shown = leak->time;
	if (then->start_time == TIMESTAMP_UNKNOWN)
		then->start_time = now->start_time;
}

/* The holds of the last sample that showed them go over into those of this one. */
static bool go_on(
    struct leak *leak, const struct hold_list *now, const struct running *running, bool less)
{
	const struct hold_list then = leak->holds.held;
	struct hold_list *held = &leak->holds.held;
	bool good = true;
	*held = (struct hold_list){0};
	for (size_t i = 0, j = 0; good && (i < then.count || j < now->count);) {
		const int order = i == then.count   ? 1
		                  : j == now->count ? -1
		                                    : hold_order(&then.items[i], &now->items[j]);
		struct hold hold = order > 0 ? now->items[j] : then.items[i];
		/* The process ID may be another's by now. */
		const bool other = order == 0 && !is_running(running, &hold);
		/* What a sample that shows less does not have is not released. */
		if ((order < 0 && !less) || other)
			good = finish(leak, &hold, running);
		if (other)
			hold = now->items[j];
		if (order >= 0) {
			show_again(leak, &hold, &now->items[j]);
			good = good && push(held, &hold);
		}
		i += order <= 0;
		j += order >= 0;
	}
	free(then.items);
	return good;
}

/* A sample that shows less of holders: what has gone is held no more, and who has ended holds no more. */
static bool go_on_unseen(struct leak *leak, const struct running *running)
{
	struct hold_list *held = &leak->holds.held;
	size_t left = 0;
	bool good = true;
	for (size_t i = 0; i < held->count; i++) {
		struct hold *hold = &held->items[i];
		const bool over =
		    has_gone(leak, hold) || (running->whole && !is_running(running, hold));
		if (over)
			good = finish(leak, hold, running) && good;
		else
			held->items[left++] = *hold;
	}
	held->count = left;
	return good;
}

/* Of whom it was not known whether they ended. */
static void look_again(struct leak *leak, const struct running *running)
{
	for (size_t i = 0; i < leak->holds.over.count; i++) {
		struct hold *hold = &leak->holds.over.items[i];
		if (hold->state == HOLD_OPEN)
			hold->state = state_of(running, hold);
	}
}

/* ---- the samples ---- */

static const char *const sections[] = {SECTION_HANDLES, SECTION_SESSIONS, SECTION_LOGON_SESSIONS};

/* As well as the last sample that did; what two in a row show is what is to be seen from then on. */
static bool shows_holders(struct leak *leak, const struct snapshot *sample, bool *less)
{
	*less = false;
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		*less |= leak->holds.sample > 0 &&
		         snapshot_extent(sample, sections[i]) < leak->holds.extents[i];
	leak->holds.lower = *less ? leak->holds.lower + 1 : 0;
	return !*less || (leak->holds.lower > 1 && snapshot_has(sample, SECTION_HANDLES));
}

static bool went_now(const struct leak *leak, bool gone, size_t went)
{
	return gone && went == leak->samples;
}

/* Those that held what went now to the end: followers apart, that are seen a moment longer. */
static void note_kept(const struct leak *leak, struct hold_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct hold *hold = &list->items[i];
		const struct left_logon *left =
		    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
		const struct left_id *id =
		    hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
		hold->kept_logon |= left && went_now(leak, left->gone, left->went) &&
		                    hold->sample == left->held_by &&
		                    (left->fate != FATE_ALIVE || left->was_left);
		hold->kept_id |=
		    id && went_now(leak, id->gone, id->went) && hold->sample == id->held_by;
	}
}

/* Whether that sample shows who holds it. */
static bool is_seen(const struct left_logon *left, size_t then)
{
	return left->looked == then || left->held_by == then ||
	       (left->held_by > 0 && left->held == then);
}

/* Either of twins is held by whoever holds the other. */
static bool is_twin_seen(const struct left_logon *a, const struct left_logon *b, size_t then)
{
	const struct logon_session first = left_record(a), second = left_record(b);
	return (is_seen(a, then) || is_seen(b, then)) && logons_are_twins(&first, &second);
}

/* The logon session of a connection, in no RDS session, goes by itself a moment later. */
static bool is_passing(const struct left_logon *left)
{
	return left->session_id <= 0 && left->left_first == left->shown;
}

/* What went, and in which sample its holders were shown last. */
static void note_went(struct leak *leak, enum yes_no ended)
{
	const size_t then = leak->holds.sample;
	bool any = false;
	for (size_t i = 0; i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		if (!went_now(leak, left->gone, left->went) ||
		    (left->fate == FATE_ALIVE && !left->was_left))
			continue;
		any = true;
		left->then = left->held_by > 0 ? left->held_by : then;
		left->holder_unknown =
		    ended != NO && !is_seen(left, then) && !is_passing(left) &&
		    !(i > 0 && is_twin_seen(&leak->logons[i - 1], left, then)) &&
		    !(i + 1 < leak->logon_count && is_twin_seen(left, &leak->logons[i + 1], then));
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		if (!went_now(leak, leak->ids[i].gone, leak->ids[i].went))
			continue;
		any = true;
		leak->ids[i].then = leak->ids[i].held_by > 0 ? leak->ids[i].held_by : then;
	}
	if (any) {
		note_kept(leak, &leak->holds.held);
		note_kept(leak, &leak->holds.over);
	}
}

/* Of which logon sessions the sample shows all handles. */
static void note_looked(struct leak *leak, const struct snapshot *sample)
{
	const struct sight *sight = snapshot_sight_of(sample, SECTION_HANDLES);
	bool all = snapshot_whole(sample, SECTION_HANDLES);
	for (size_t i = 0; all && i < sample->handle_count; i++)
		all = !handle_is_hidden(&sample->handles[i]);
	for (size_t i = 0; all && i < leak->logon_count; i++) {
		if (leak->logons[i].listed && leak->logons[i].sample == leak->samples)
			leak->logons[i].looked = leak->samples;
	}
	for (size_t i = 0; sight && i < sight->searched_count; i++) {
		struct left_logon *left = leak_logon(leak, sight->searched[i].luid);
		if (left && left->listed && left->sample == leak->samples)
			left->looked = leak->samples;
	}
}

/* What went with its holder was not released late; of those whose holder may have ended nobody knows. */
static bool may_be_taken(const struct leak *leak, const struct left_logon *left)
{
	for (size_t i = 0; i < leak->holds.over.count; i++) {
		const struct hold *hold = &leak->holds.over.items[i];
		if (hold->luid == left->luid && hold->kept_logon && hold->state != HOLD_RELEASED)
			return true;
	}
	return left->holder_unknown;
}

/* The same, or its twin was. */
static bool either_may_be_taken(const struct leak *leak, size_t at)
{
	for (size_t i = at > 0 ? at - 1 : at; i <= at + 1 && i < leak->logon_count; i++) {
		const struct left_logon *lower = &leak->logons[i < at ? i : at],
		                        *higher = &leak->logons[i < at ? at : i];
		const struct logon_session a = left_record(lower), b = left_record(higher);
		if ((i == at || logons_are_twins(&a, &b)) && may_be_taken(leak, &leak->logons[i]))
			return true;
	}
	return false;
}

static void count_late(struct leak *leak)
{
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (!went_now(leak, left->gone, left->went) || left->fate != FATE_ORPHAN ||
		    !left->watched)
			continue;
		const int64_t age = leak_age(leak, left->ended, left->shown);
		if (age == NUMBER_UNKNOWN || age <= leak_release_time(leak) ||
		    either_may_be_taken(leak, i))
			continue;
		leak->late_releases++;
		leak->late_excess += (double)(age - leak_release_time(leak));
	}
}

bool holds_add(struct leak *leak, const struct snapshot *sample)
{
	bool less;
	struct running running = {.whole = lists_processes(sample)};
	struct hold_list now = {0};
	enum yes_no ended = YES_NO_UNKNOWN;
	bool good = (running.items = sorted_with_holders(sample, &running.count)) &&
	            note_running(leak, sample, &running, &ended);
	if (good) {
		note_went(leak, ended);
		look_again(leak, &running);
	}
	if (good && shows_holders(leak, sample, &less)) {
		good =
		    list_holds(leak, &now, sample, &running) && go_on(leak, &now, &running, less);
		note_looked(leak, sample);
		leak->holds.sample = leak->samples;
		for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
			leak->holds.extents[i] = snapshot_extent(sample, sections[i]);
	} else if (good) {
		good = go_on_unseen(leak, &running);
	}
	if (good)
		count_late(leak);
	free(now.items);
	free(running.items);
	return good;
}

void holds_free(struct leak *leak)
{
	free(leak->holds.held.items);
	free(leak->holds.over.items);
	free(leak->holds.ran);
}
