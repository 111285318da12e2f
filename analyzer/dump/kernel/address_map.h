/* From an address in the kernel to the number of what was read there. */
#ifndef LEAKLAB_ADDRESS_MAP_H
#define LEAKLAB_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_slot;

/* Zeroed except for spacing_bits: empty. */
struct address_map {
	unsigned spacing_bits; /* addresses mostly are 2^this or more apart */
	struct address_slot *slots;
	size_t room, used;
	bool is_mixed; /* private: neighbours came too close */
};

void address_map_deinit(struct address_map *map);
/* Room for so many in an empty map, if there is that much memory. */
void address_map_reserve(struct address_map *map, size_t count);
/* The number at the address, or UINT32_MAX. */
uint32_t address_map_find(const struct address_map *map, uint64_t address);
/* address is not 0, and not in the map. False when memory is out. */
bool address_map_add(struct address_map *map, uint64_t address, uint32_t number);

#endif
