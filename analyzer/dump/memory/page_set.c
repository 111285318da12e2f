/* Open addressing, at most half full. A dump can be made to miss any number of pages, so there is an end to it. */
#include "dump/memory/page_set.h"

#include <stdlib.h>

#define ROOM_FIRST 1024
#define ROOM_LARGEST ((size_t)1 << 22) /* 32 MiB */

void page_set_deinit(struct page_set *set)
{
	free(set->key);
}

static size_t slot_of(const uint64_t *keys, size_t room, uint64_t key)
{
	size_t slot = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (room - 1);
	while (keys[slot] && keys[slot] != key)
		slot = (slot + 1) & (room - 1);
	return slot;
}

static bool grow(struct page_set *set)
{
	size_t room = set->room ? set->room * 2 : ROOM_FIRST;
	uint64_t *keys = room <= ROOM_LARGEST ? calloc(room, sizeof *keys) : NULL;
	if (!keys)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->key[i])
			keys[slot_of(keys, room, set->key[i])] = set->key[i];
	free(set->key);
	set->key = keys;
	set->room = room;
	return true;
}

bool page_set_add(struct page_set *set, uint64_t key)
{
	if (!set->full && set->used * 2 >= set->room && !grow(set))
		set->full = true;
	if (set->room == 0)
		return false;
	size_t slot = slot_of(set->key, set->room, key);
	if (set->key[slot] == key || set->full)
		return false;
	set->key[slot] = key;
	set->used++;
	return true;
}
