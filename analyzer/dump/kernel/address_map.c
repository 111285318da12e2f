/* Open addressing, at most half full. */
#include "dump/kernel/address_map.h"

#include <stdlib.h>

#define ROOM_FIRST 1024

struct address_slot {
	uint64_t address; /* 0: free */
	uint32_t number;
};

void address_map_deinit(struct address_map *map)
{
	free(map->slots);
}

static struct address_slot *slot_of(struct address_slot *slots, size_t room, uint64_t address)
{
	/* Neighbours in memory stay neighbours here, which caches like: what is looked up is larger than 128 bytes. What
	 * differs only in high bits is spread by the multiplication. */
	size_t slot =
	    (size_t)((address >> 7) ^ ((address >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 20)) &
	    (room - 1);
	while (slots[slot].address && slots[slot].address != address)
		slot = (slot + 1) & (room - 1);
	return &slots[slot];
}

static bool grow(struct address_map *map)
{
	size_t room = map->room ? map->room * 2 : ROOM_FIRST;
	struct address_slot *slots = calloc(room, sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; i < map->room; i++)
		if (map->slots[i].address)
			*slot_of(slots, room, map->slots[i].address) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->room = room;
	return true;
}

uint32_t address_map_find(const struct address_map *map, uint64_t address)
{
	if (map->room == 0)
		return UINT32_MAX;
	const struct address_slot *slot = slot_of(map->slots, map->room, address);
	return slot->address ? slot->number : UINT32_MAX;
}

bool address_map_add(struct address_map *map, uint64_t address, uint32_t number)
{
	if (map->used * 2 >= map->room && !grow(map))
		return false;
	*slot_of(map->slots, map->room, address) = (struct address_slot){address, number};
	map->used++;
	return true;
}
