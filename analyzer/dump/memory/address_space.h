/* Virtual memory in a dump, as a processor and the memory manager would see it: page tables, pages in transition
 * (still in memory, but in no working set) and prototype entries (shared pages) are followed.
 *
 *	struct address_space *kernel = address_space_create(dump, header->directory_table_base);
 *	address_space_settle_levels(kernel, looks_right, context, &error);
 *	if (!address_space_read_u64(kernel, address, &value, &fault))
 *		... memory_state_text(fault.state), fault.address
 *
 * What is absent is never read as zeros: a read gives all the bytes, or the first address that failed and why. */
#ifndef LEAKLAB_ADDRESS_SPACE_H
#define LEAKLAB_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/file/dump_file.h"
#include "dump/memory/memory_state.h"

struct memory_fault {
	enum memory_state state;
	uint64_t address; /* the first that could not be read */
};

/* One address space by its page tables' root. The dump's pages have been found, and it outlives the space. NULL:
 * out of memory. */
struct address_space *address_space_create(struct dump_file *dump, uint64_t directory_table_base);

/* A process's address space (_KPROCESS.DirectoryTableBase), with the kernel's paging levels, masks and counters.
 * kernel must outlive it. */
struct address_space *address_space_create_process(
    struct address_space *kernel, uint64_t directory_table_base);
void address_space_destroy(struct address_space *space); /* NULL is allowed */

/* Windows does not say in the dump whether there are four or five levels of page tables: tries four, then five,
 * until check (which reads something known) says that the memory makes sense. Four levels stay if neither does,
 * and the result is false. What the tries failed to read is not counted. Only for spaces of address_space_create(). */
bool address_space_settle_levels(struct address_space *space,
    bool (*check)(struct address_space *space, void *context), void *context);
int address_space_levels(const struct address_space *space);

/* nt!MiState.Hardware.InvalidPteMask, once it is known: bits that the memory manager sets in entries that are not
 * valid and whose SwizzleBit is clear (its answer to L1TF). Until then it is 0. */
void address_space_set_invalid_pte_mask(struct address_space *space, uint64_t mask);

/* Reads length bytes. On failure, fault (may be NULL) says where and why; the bytes before that address are in
 * buffer, the rest of it is untouched. A failure is counted. */
bool address_space_read(struct address_space *space, uint64_t address, void *buffer, size_t length,
    struct memory_fault *fault);

/* The bytes at an address themselves, up to the end of their page; *length is how many. Valid until the next read of any space
 * of this dump. NULL, and a count, as for a read that fails. */
const uint8_t *address_space_view(
    struct address_space *space, uint64_t address, size_t *length, struct memory_fault *fault);

/* Little-endian numbers; *out is untouched on failure. */
bool address_space_read_u8(
    struct address_space *space, uint64_t address, uint8_t *out, struct memory_fault *fault);
bool address_space_read_u32(
    struct address_space *space, uint64_t address, uint32_t *out, struct memory_fault *fault);
bool address_space_read_u64(
    struct address_space *space, uint64_t address, uint64_t *out, struct memory_fault *fault);

/* Says that bytes will be read, for dump_file_read_wanted(). Nothing is counted. */
void address_space_want(struct address_space *space, uint64_t address, uint64_t length);

/* True for addresses of the kernel's half; false for the user's half and for non-canonical ones. */
bool address_space_is_kernel(const struct address_space *space, uint64_t address);

/* What could not be read, over a kernel space and all the process spaces made from it. Page tables that are missing
 * count for the address that needed them. */
struct memory_counts {
	uint64_t reads
	    [MEMORY_STATES]; /* reads that ended so; MEMORY_PRESENT counts those that succeeded */
	uint64_t pages
	    [MEMORY_STATES]; /* distinct virtual pages behind the failed reads; never for MEMORY_PRESENT */
	bool
	    pages_at_least; /* too many distinct pages to keep apart: the counts are lower bounds */
};
const struct memory_counts *address_space_counts(const struct address_space *space);

#endif
