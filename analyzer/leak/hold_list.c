/* What is held in one sample. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"
#include "leak/holds.h"

#define PLACE UINT64_C(0xffffffff)

static uint64_t hash_of(const struct hold *hold)
{
	return mixed_hash(hold->luid, (uint64_t)hold->session_id, (uint64_t)hold->pid,
	    (uint64_t)(uintptr_t)hold->image);
}

/* ---- a list, and where each is in it ---- */

bool hold_list_push(struct hold_list *list, const struct hold *hold)
{
	if (!array_reserve(&list->items, list->count, sizeof *list->items))
		return false;
	list->items[list->count++] = *hold;
	return true;
}

static bool is_same(const struct hold *a, const struct hold *b)
{
	return a->luid == b->luid && a->session_id == b->session_id && a->pid == b->pid &&
	       a->image == b->image;
}

/* Where it is, or would be: 0. */
static uint64_t *slot_in(const struct hold_list *list, const struct hold *hold, uint64_t hash)
{
	for (size_t at = hash;; at++) {
		uint64_t *slot = &list->slots[at & (list->slot_count - 1)];
		if (*slot == 0 ||
		    ((*slot ^ hash) >> 32 == 0 && is_same(&list->items[(*slot & PLACE) - 1], hold)))
			return slot;
	}
}

/* Finds each, and leaves out those that are there already. False: memory is out. */
static bool index_list(struct hold_list *list)
{
	size_t room = 1024, kept = 0;
	while (room < 2 * list->count)
		room *= 2;
	list->slots = calloc(room, sizeof *list->slots);
	if (!list->slots)
		return false;
	list->slot_count = room;
	for (size_t i = 0; i < list->count; i++) {
		const uint64_t hash = hash_of(&list->items[i]);
		uint64_t *slot = slot_in(list, &list->items[i], hash);
		if (*slot)
			continue;
		if (kept < i)
			list->items[kept] = list->items[i];
		*slot = (hash & ~PLACE) | ++kept;
	}
	list->count = kept;
	return true;
}

/* Samples show much the same in much the same order. */
bool hold_list_find(
    struct hold_list *list, const struct hold *like, size_t *next, struct hold **out)
{
	*out =
	    *next < list->count && is_same(&list->items[*next], like) ? &list->items[*next] : NULL;
	if (!*out) {
		if (!list->slots && !index_list(list))
			return false;
		const uint64_t slot = *slot_in(list, like, hash_of(like)) & PLACE;
		*out = slot ? &list->items[slot - 1] : NULL;
	}
	if (*out)
		*next = (size_t)(*out - list->items) + 1;
	return true;
}

void hold_list_free(struct hold_list *list)
{
	free(list->items);
	free(list->slots);
	*list = (struct hold_list){0};
}

/* ---- those of a sample ---- */

struct listing {
	struct leak *leak;
	struct hold_list *list;
	const struct snapshot *sample;
	const struct running *running;
	/* The process of the last row: rows come by process. */
	int64_t pid;
	const char *given;             /* the sample's name of it */
	const struct process *process; /* NULL: it is not known */
	const char *image, *services;  /* the leak's */
	bool passed_over;              /* it follows, or is the observer */
	bool begun;
	bool doubled; /* something may be there twice: by another row, or by the process itself */
};

static bool keep(struct leak *leak, const char *text, const char **out)
{
	*out = text ? intern_string(leak->pool, text, strlen(text)) : NULL;
	return *out || !text;
}

/* False only when memory is out. */
static bool turn_to(struct listing *listing, int64_t pid, const char *image)
{
	if (listing->begun && listing->pid == pid && listing->given == image)
		return true;
	const struct process *process = running_find(listing->running, pid);
	/* The list of processes may name one that its handles do not. */
	const char *name = image || !process ? image : process->image;
	listing->begun = true;
	listing->pid = pid;
	listing->given = image;
	listing->process = process;
	listing->passed_over = image_follows(name) || pid == listing->sample->observer_pid;
	return keep(listing->leak, name, &listing->image) &&
	       keep(listing->leak, process ? process->services : NULL, &listing->services);
}

/* Those of a session end with it: they are no holders for this. */
static bool ends_with_session(
    const struct snapshot *sample, const struct process *process, int64_t id)
{
	return process && process->session_id > 0 &&
	       (process->session_id == id || !sample_session(sample, process->session_id));
}

/* What it holds is of a watched logon session, or keeps an ID by itself, or of an ID that is referred to. */
static bool add_hold(struct listing *listing, uint64_t luid, int64_t id)
{
	struct leak *leak = listing->leak;
	struct left_logon *left = luid == LUID_UNKNOWN ? NULL : leak_logon(leak, luid);
	struct left_id *entry = id > 0 ? ids_find(leak, id) : NULL;
	if (left)
		left->held = leak->samples;
	if (listing->passed_over)
		return true;
	if (!(left && left->watched && !left->older) && !(id > 0 && luid_is_own(luid)) &&
	    !(entry && !entry->gone && entry->sample == leak->samples))
		return true;
	if (ends_with_session(listing->sample, listing->process,
	        id > 0 ? id
	        : left ? left->session_id
	               : id))
		return true;
	if (left)
		left->held_by = leak->samples;
	if (entry)
		entry->held_by = leak->samples;
	const bool is_left = (left && !left->gone && left->fate == FATE_ORPHAN) ||
	                     (entry && entry->sample == leak->samples && !entry->gone);
	return hold_list_push(listing->list,
	    &(struct hold){.luid = luid,
	        .session_id = id > 0 ? id : NUMBER_UNKNOWN,
	        .pid = listing->pid,
	        .image = listing->image,
	        .services = listing->services,
	        .start_time = listing->process ? listing->process->start_time : TIMESTAMP_UNKNOWN,
	        .first = TIMESTAMP_UNKNOWN,
	        .last = TIMESTAMP_UNKNOWN,
	        .seen = listing->sample->time,
	        .is_left = is_left,
	        .is_alive = !is_left && (left ? left->fate == FATE_ALIVE
	                                      : sample_session(listing->sample, id) != NULL),
	        /* Where another has its ID it is over; where sessions are out of sight nobody knows. */
	        .of_left = is_left || (left && left->fate == FATE_UNSURE &&
	                                  left->unsure != UNSURE_SESSIONS_UNSEEN),
	        .born = leak->time,
	        .sample = leak->samples});
}

bool hold_list_make(struct hold_list *list, struct leak *leak, const struct snapshot *sample,
    const struct running *running)
{
	struct listing listing = {.leak = leak, .list = list, .sample = sample, .running = running};
	bool good = true;
	for (size_t i = 0; good && i < rows_count(leak, sample); i++) {
		const struct handle *handle = rows_at(leak, sample, i);
		listing.doubled |=
		    !handle->image || handle->target_pid != NUMBER_UNKNOWN ||
		    (handle->session_id <= 0 && handle->session_id != NUMBER_UNKNOWN);
		good = handle->target_exited == NO ||
		       (handle->luid == LUID_UNKNOWN && handle->session_id <= 0) ||
		       (turn_to(&listing, handle->pid, handle->image) &&
		           add_hold(&listing, handle->luid, handle->session_id));
	}
	const size_t of_handles = list->count;
	for (size_t i = 0; good && i < sample->process_count; i++) {
		const struct process *process = &sample->processes[i];
		good = process->luid == LUID_UNKNOWN || process->exited ||
		       (turn_to(&listing, process->pid, process->image) &&
		           add_hold(&listing, process->luid, NUMBER_UNKNOWN));
	}
	listing.doubled |= list->count > of_handles;
	return good && (!listing.doubled || index_list(list));
}
