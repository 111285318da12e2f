/* From an address in the kernel to the number of what was read there. */
#ifndef LEAKLAB_ADDRESS_MAP_H
#define LEAKLAB_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_slot;

/* Zeroed: empty. */
struct address_map {
	struct address_slot *slots;
	size_t room, used;
};

void address_map_deinit(struct address_map *map);
/* The number at the address, or UINT32_MAX. */
uint32_t address_map_find(const struct address_map *map, uint64_t address);
/* address is not 0, and not in the map. False when memory is out. */
bool address_map_add(struct address_map *map, uint64_t address, uint32_t number);

#endif
