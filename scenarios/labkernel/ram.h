/* The memory of a crashed machine: virtual regions with contents, then page tables and physical pages. Inside this folder. */
#ifndef LEAKLAB_RAM_H
#define LEAKLAB_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAM_PAGE 4096

/* Where a virtual page is when the machine crashes. */
enum residence {
	RESIDENT,
	TRANSITION, /* taken from its owner, and still in memory */
	PAGED_OUT,
	NOT_DUMPED, /* in memory, and not in the dump */
};

struct ram_options {
	int levels; /* of paging: 4 or 5 */
	uint64_t
	    invalid_pte_mask; /* MiState.Hardware.InvalidPteMask; 0: entries are not swizzled */
};

struct ram;
struct region;

/* A physical page; the bytes belong to the ram. NULL bytes: it is not in the dump. */
struct frame {
	uint64_t number;
	const uint8_t *bytes;
};

struct ram *ram_create(const struct ram_options *options); /* NULL: out of memory */
void ram_destroy(struct ram *ram);                         /* NULL is allowed */

/* Reserves size bytes of address space at base for ram_take(). space 0 is the kernel's, else a process' own user part. The
 * region is the ram's. NULL: out of memory. */
struct region *ram_reserve(
    struct ram *ram, uint64_t base, size_t size, size_t space, bool large_pages);
/* Takes zeroed bytes, aligned (a power of two). Returns their place here, stable for good, and their address there. NULL
 * when the region is full. */
void *ram_take(struct region *region, size_t size, size_t alignment, uint64_t *address);
/* Says where the page at the address of space 0 is. False if no region has it. */
bool ram_set_residence(struct ram *ram, uint64_t address, enum residence residence);
/* The bytes that lie at an address of space 0; NULL: none. */
void *ram_at(struct ram *ram, uint64_t address, size_t size);

/* Lays page tables for `spaces` processes. roots gets the DirectoryTableBase of each, by space from 1. Contents may still
 * change afterwards, sizes may not. False: out of memory. */
bool ram_lay_tables(struct ram *ram, size_t spaces, uint64_t *roots);
/* Puts the pages into frames in no order, as they are on a host that has run for a while; after ram_lay_tables(), with its roots. False: out
 * of memory. */
bool ram_shuffle(struct ram *ram, size_t spaces, uint64_t *roots);
/* The frames in rising order, after ram_lay_tables(). */
const struct frame *ram_frames(const struct ram *ram, size_t *count);

#endif
