/* Handles are a million, and of each process and logon session there may be a thousand: what they say of who holds what is looked at once. */
#include <stdlib.h>

#include "common/array.h"
#include "leak/inside.h"

/* What makes a row another. Equal strings of a sample are one copy. */
struct key {
	uint64_t luid;
	int64_t session_id, pid;
	const char *image;
	int target; /* of a process that runs, of one that has exited, or of none: a token */
};

struct table {
	uint64_t *slots; /* 1 + the place of the key, and above it a part of the hash; 0: free */
	size_t room;     /* a power of two */
	struct key *keys;
	size_t key_room;
};

#define PLACE UINT64_C(0xffffffff)

static struct key key_of(const struct handle *handle)
{
	return (struct key){handle->luid, handle->session_id, handle->pid, handle->image,
	    handle->target_exited == NO            ? 1
	    : handle->target_pid != NUMBER_UNKNOWN ? 2
	                                           : 0};
}

static uint64_t hash_of(const struct key *key)
{
	return mixed_hash(key->luid, (uint64_t)key->session_id,
	    (uint64_t)key->pid << 2 ^ (uint64_t)key->target, (uint64_t)(uintptr_t)key->image);
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->luid == b->luid && a->session_id == b->session_id && a->pid == b->pid &&
	       a->image == b->image && a->target == b->target;
}

static uint64_t *find_slot(const struct table *table, const struct key *key, uint64_t hash)
{
	for (size_t at = hash;; at++) {
		uint64_t *slot = &table->slots[at & (table->room - 1)];
		if (*slot == 0 ||
		    ((*slot ^ hash) >> 32 == 0 && same_key(&table->keys[(*slot & PLACE) - 1], key)))
			return slot;
	}
}

static bool grow(struct table *table, size_t count)
{
	struct table larger = {.room = table->room ? 4 * table->room : 4096, .keys = table->keys};
	larger.slots = calloc(larger.room, sizeof *larger.slots);
	struct key *keys = reallocarray(table->keys, larger.room / 2, sizeof *keys);
	if (keys)
		larger.keys = table->keys = keys;
	if (!larger.slots || !keys) {
		free(larger.slots);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const uint64_t hash = hash_of(&keys[i]);
		*find_slot(&larger, &keys[i], hash) = (hash & ~PLACE) | (i + 1);
	}
	free(table->slots);
	*table = larger;
	return true;
}

static bool keep(struct places *places, size_t row)
{
	if (!array_reserve(&places->items, places->count, sizeof *places->items))
		return false;
	places->items[places->count++] = (uint32_t)row;
	return true;
}

/* Of each kind the first row, or the first that names the user. */
static bool note(struct places *telling, struct table *table, const struct key *key,
    const struct handle *handles, size_t row)
{
	const uint64_t hash = hash_of(key);
	uint64_t *slot = find_slot(table, key, hash);
	if (*slot) {
		uint32_t *place = &telling->items[(*slot & PLACE) - 1];
		if (handles[row].user && !handles[*place].user)
			*place = (uint32_t)row;
		return true;
	}
	*slot = (hash & ~PLACE) | (telling->count + 1);
	table->keys[telling->count] = *key;
	return keep(telling, row) &&
	       (telling->count < table->room / 2 || grow(table, telling->count));
}

bool rows_find(struct leak *leak, struct snapshot *sample)
{
	struct rows *rows = &leak->rows;
	struct table table = {0};
	struct key last = {.pid = NUMBER_UNKNOWN};
	bool good = sample->handle_count < PLACE && grow(&table, 0), any = false, named = false;
	rows->telling.count = rows->processes.count = 0;
	/* Where no row shows a session they are gone through once or twice. */
	rows->known =
	    snapshot_has(sample, SECTION_SESSIONS) || snapshot_has(sample, SECTION_LOGON_SESSIONS);
	rows->stamped = false;
	for (size_t i = 0; good && i < sample->handle_count; i++) {
		struct handle *handle = &sample->handles[i];
		if (i == 0 || handle->pid != handle[-1].pid)
			good = keep(&rows->processes, i);
		if (handle->target_pid != NUMBER_UNKNOWN)
			good = good && exited_complete(leak, sample, handle);
		rows->stamped |= handle->session_id > 0;
		if (!rows->known || (handle->luid == LUID_UNKNOWN && handle->session_id <= 0))
			continue;
		const struct key key = key_of(handle);
		if (any && same_key(&key, &last) && (named || !handle->user))
			continue;
		any = true;
		named = handle->user;
		last = key;
		good = good && note(&rows->telling, &table, &key, sample->handles, i);
	}
	free(table.slots);
	free(table.keys);
	return good;
}

void rows_free(struct rows *rows)
{
	free(rows->telling.items);
	free(rows->processes.items);
}
