/* Open addressing, at most half full. Neighbours in memory stay neighbours here, which a processor's caches like; where a
 * dump puts so many close to each other that looking one up takes long, all are mixed instead. */
#include "dump/kernel/address_map.h"

#include <stdlib.h>

#include "dump/kernel/large_array.h"

#define ROOM_FIRST 1024
#define STEPS_MOST 64 /* of a look-up, before all are mixed */

struct address_slot {
	uint64_t address; /* 0: free */
	uint32_t number;
};

void address_map_deinit(struct address_map *map)
{
	free(map->slots);
}

static size_t home_of(const struct address_map *map, uint64_t address)
{
	uint64_t mixed = (map->is_mixed ? address : address >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)((map->is_mixed ? 0 : address >> map->spacing_bits) ^ mixed >> 20) &
	       (map->room - 1);
}

/* Where the address is, or belongs; *steps is how far that was to go. */
static struct address_slot *slot_of(const struct address_map *map, uint64_t address, size_t *steps)
{
	size_t slot = home_of(map, address);
	for (*steps = 0; map->slots[slot].address && map->slots[slot].address != address; ++*steps)
		slot = (slot + 1) & (map->room - 1);
	return &map->slots[slot];
}

static bool rebuild(struct address_map *map, size_t room, bool is_mixed)
{
	struct address_map larger = *map;
	size_t steps;
	larger.room = room;
	larger.is_mixed = is_mixed;
	larger.slots = calloc(room, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	large_array_hint(larger.slots, room * sizeof *larger.slots);
	for (size_t i = 0; i < map->room; i++)
		if (map->slots[i].address)
			*slot_of(&larger, map->slots[i].address, &steps) = map->slots[i];
	free(map->slots);
	*map = larger;
	return true;
}

void address_map_reserve(struct address_map *map, size_t count)
{
	size_t room = ROOM_FIRST;
	while (room / 2 <= count)
		room *= 2;
	if (map->used == 0 && room > map->room)
		rebuild(map, room, map->is_mixed);
}

uint32_t address_map_find(const struct address_map *map, uint64_t address)
{
	size_t steps;
	if (map->room == 0)
		return UINT32_MAX;
	const struct address_slot *slot = slot_of(map, address, &steps);
	return slot->address ? slot->number : UINT32_MAX;
}

bool address_map_add(struct address_map *map, uint64_t address, uint32_t number)
{
	size_t steps;
	if (map->used * 2 >= map->room &&
	    !rebuild(map, map->room ? map->room * 2 : ROOM_FIRST, map->is_mixed))
		return false;
	*slot_of(map, address, &steps) = (struct address_slot){address, number};
	map->used++;
	return steps < STEPS_MOST || map->is_mixed || rebuild(map, map->room, true);
}
