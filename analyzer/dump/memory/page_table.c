/* The entries of page tables: what the processor defines (Intel SDM volume 3, 4.5) for valid ones, and Windows for
 * the others (_MMPTE_TRANSITION, _MMPTE_PROTOTYPE, _MMPTE_SOFTWARE in the public PDBs). */
#include "dump/memory/page_table.h"

#include <string.h>

#include "dump/little_endian.h"

#define VALID UINT64_C(0x001)
#define SWIZZLE UINT64_C(0x010)
#define LARGE UINT64_C(0x080)
#define PROTOTYPE UINT64_C(0x400)
#define TRANSITION UINT64_C(0x800)

#define VALID_FRAME UINT64_C(0x000ffffffffff000)      /* bits 12 to 51 */
#define TRANSITION_FRAME UINT64_C(0x0000fffffffff000) /* bits 12 to 47 */

/* A prototype entry's own page may be reached through a prototype entry. One step of that is real. */
#define PROTOTYPE_DEPTH 2

enum memory_state page_table_page(
    struct dump_file *dump, uint64_t physical, const struct dump_page_slot **slot)
{
	switch (dump_file_page_slot(dump, physical >> DUMP_PAGE_BITS, slot)) {
	case DUMP_PAGE_FOUND:
		return MEMORY_PRESENT;
	case DUMP_PAGE_ABSENT:
		return MEMORY_NOT_IN_DUMP;
	case DUMP_PAGE_TRUNCATED:
		return MEMORY_TRUNCATED;
	case DUMP_PAGE_UNREADABLE:
		break;
	}
	return MEMORY_UNREADABLE;
}

static enum memory_state read_entry(
    const struct page_tables *tables, uint64_t physical, uint64_t *entry)
{
	const struct dump_page_slot *slot;
	enum memory_state state = page_table_page(tables->dump, physical, &slot);
	if (state == MEMORY_PRESENT)
		*entry = load64(slot->bytes + (physical & (DUMP_PAGE_SIZE - 8)));
	return state;
}

static uint64_t undo_mask(const struct page_tables *tables, uint64_t entry)
{
	return entry & SWIZZLE ? entry : entry & ~tables->invalid_pte_mask;
}

static bool is_transition(uint64_t entry)
{
	return (entry & (VALID | PROTOTYPE | TRANSITION)) == TRANSITION;
}

/* An entry that names no page in memory. PageFileHigh (bits 32 to 63) is 0 for memory that was never touched: it has
 * no content anywhere. */
static enum memory_state state_of_software_entry(uint64_t entry)
{
	return entry >> 32 ? MEMORY_PAGED_OUT : MEMORY_NOT_MAPPED;
}

static enum memory_state walk(
    struct page_tables *tables, uint64_t root, uint64_t address, unsigned depth, uint64_t *frame);

/* Where the prototype entry of a shared page says that it is. */
static enum memory_state follow_prototype(
    struct page_tables *tables, uint64_t entry, unsigned depth, uint64_t *frame)
{
	/* Only the process's VADs (with this mark) know the file behind the page. */
	if (entry >> 32 == 0xffffffff)
		return MEMORY_PAGED_OUT;
	uint64_t address = (uint64_t)((int64_t)entry >> 16);
	if (depth >= PROTOTYPE_DEPTH || address >> 47 != 0x1ffff)
		return MEMORY_NOT_MAPPED;
	uint64_t page, prototype;
	enum memory_state state = walk(tables, tables->kernel_root, address, depth + 1, &page);
	if (state == MEMORY_PRESENT)
		state = read_entry(tables, page | (address & (DUMP_PAGE_SIZE - 1)), &prototype);
	if (state != MEMORY_PRESENT)
		return state;
	if (prototype & VALID) {
		*frame = prototype & VALID_FRAME;
		return MEMORY_PRESENT;
	}
	prototype = undo_mask(tables, prototype);
	if (is_transition(prototype)) {
		*frame = prototype & TRANSITION_FRAME;
		return MEMORY_PRESENT;
	}
	/* In a prototype entry the prototype bit means: in the file of this subsection. */
	return prototype & PROTOTYPE ? MEMORY_PAGED_OUT : state_of_software_entry(prototype);
}

static enum memory_state walk(
    struct page_tables *tables, uint64_t root, uint64_t address, unsigned depth, uint64_t *frame)
{
	struct leaf *leaf = &tables->leaf[address >> 21 & (PAGE_TABLE_LEAVES - 1)];
	uint64_t table = root & VALID_FRAME;
	int level = tables->levels;
	if (leaf->table && leaf->root == root && leaf->region == address >> 21) {
		table = leaf->table;
		level = 1;
	}
	for (; level >= 1; level--) {
		unsigned shift = DUMP_PAGE_BITS + 9 * (unsigned)(level - 1);
		uint64_t entry;
		enum memory_state state =
		    read_entry(tables, table | (address >> shift & 511) * 8, &entry);
		if (state != MEMORY_PRESENT)
			return state;
		if (entry & VALID) {
			table = entry & VALID_FRAME;
			if ((level == 2 || level == 3) && entry & LARGE) {
				/* Bit 12 of a large entry is the PAT bit, no part of the address. */
				uint64_t within = (UINT64_C(1) << shift) - 1;
				*frame = (table & ~within) | (address & within & ~UINT64_C(0xfff));
				return MEMORY_PRESENT;
			}
		} else {
			entry = undo_mask(tables, entry);
			if (level == 1 && !is_transition(entry) && entry & PROTOTYPE)
				return follow_prototype(tables, entry, depth, frame);
			if (!is_transition(entry))
				return state_of_software_entry(entry);
			table =
			    entry & TRANSITION_FRAME; /* a page table may be in transition too */
		}
		if (level == 2)
			*leaf = (struct leaf){root, address >> 21, table};
	}
	*frame = table;
	return MEMORY_PRESENT;
}

void page_table_forget(struct page_tables *tables)
{
	memset(tables->leaf, 0, sizeof tables->leaf);
}

enum memory_state page_table_walk(
    struct page_tables *tables, uint64_t root, uint64_t address, uint64_t *physical)
{
	uint64_t frame;
	enum memory_state state = walk(tables, root, address, 0, &frame);
	if (state == MEMORY_PRESENT)
		*physical = frame | (address & (DUMP_PAGE_SIZE - 1));
	return state;
}
