/* Reading across pages, remembering translations, and counting what failed. */
#include "dump/memory/address_space.h"

#include <stdlib.h>
#include <string.h>

#include "dump/little_endian.h"
#include "dump/memory/page_set.h"
#include "dump/memory/page_table.h"

#define TRANSLATIONS 1024 /* of one space; 32 KiB */
#define NO_PAGE UINT64_MAX
#define WANTED_MOST (UINT64_C(64) << 10) /* bytes of one thing; larger ones are damage */

/* What the spaces of one dump have in common. Owned by the kernel's space. */
struct memory {
	struct page_tables tables;
	unsigned generation; /* of what translations depend on */
	bool counting;
	struct memory_counts counts;
	struct page_set seen;
};

struct translation {
	uint64_t page;                     /* virtual page number */
	uint64_t frame;                    /* physical address of the page */
	const struct dump_page_slot *slot; /* where the page was last; NULL: not looked for */
	uint64_t offset;                   /* while the slot still has this one */
};

struct address_space {
	struct memory *memory;
	bool owns_memory;
	uint64_t root;
	unsigned generation;
	struct translation translation[TRANSLATIONS];
};

static void forget_translations(struct address_space *space)
{
	for (size_t i = 0; i < TRANSLATIONS; i++)
		space->translation[i].page = NO_PAGE;
	space->generation = space->memory->generation;
}

static struct address_space *create(struct memory *memory, uint64_t root)
{
	struct address_space *space = malloc(sizeof *space);
	if (!space)
		return NULL;
	space->memory = memory;
	space->owns_memory = false;
	space->root = root & ~UINT64_C(0xfff);
	forget_translations(space);
	return space;
}

struct address_space *address_space_create(struct dump_file *dump, uint64_t directory_table_base)
{
	struct memory *memory = calloc(1, sizeof *memory);
	if (!memory)
		return NULL;
	memory->tables = (struct page_tables){
	    .dump = dump, .levels = 4, .kernel_root = directory_table_base & ~UINT64_C(0xfff)};
	memory->counting = true;
	struct address_space *space = create(memory, directory_table_base);
	if (!space) {
		free(memory);
		return NULL;
	}
	space->owns_memory = true;
	return space;
}

struct address_space *address_space_create_process(
    struct address_space *kernel, uint64_t directory_table_base)
{
	return create(kernel->memory, directory_table_base);
}

void address_space_destroy(struct address_space *space)
{
	if (!space)
		return;
	if (space->owns_memory) {
		page_set_deinit(&space->memory->seen);
		free(space->memory);
	}
	free(space);
}

/* What was translated before holds no longer. */
static void change(struct memory *memory)
{
	page_table_forget(&memory->tables);
	memory->generation++;
}

static void set_levels(struct memory *memory, int levels)
{
	memory->tables.levels = levels;
	change(memory);
}

bool address_space_settle_levels(struct address_space *space,
    bool (*check)(struct address_space *space, void *context), void *context)
{
	struct memory *memory = space->memory;
	bool good = false;
	memory->counting = false;
	for (int levels = 4; levels <= 5 && !good; levels++) {
		set_levels(memory, levels);
		good = check(space, context);
	}
	if (!good)
		set_levels(memory, 4);
	memory->counting = true;
	return good;
}

int address_space_levels(const struct address_space *space)
{
	return space->memory->tables.levels;
}

void address_space_set_invalid_pte_mask(struct address_space *space, uint64_t mask)
{
	/* Attribute bits (0 to 11) are never part of it: they say what kind of entry it is. */
	space->memory->tables.invalid_pte_mask = mask & ~UINT64_C(0xfff);
	change(space->memory);
}

static unsigned address_bits(const struct address_space *space)
{
	return space->memory->tables.levels == 5 ? 57 : 48;
}

static bool is_canonical(const struct address_space *space, uint64_t address)
{
	int64_t high = (int64_t)address >> (address_bits(space) - 1);
	return high == 0 || high == -1;
}

bool address_space_is_kernel(const struct address_space *space, uint64_t address)
{
	return is_canonical(space, address) && address >> 63;
}

/* The physical address behind a virtual one, whether or not the dump holds its page. Counts nothing. */
static enum memory_state translate(
    struct address_space *space, uint64_t address, uint64_t *physical)
{
	if (!is_canonical(space, address))
		return MEMORY_NON_CANONICAL;
	if (space->generation != space->memory->generation)
		forget_translations(space);
	uint64_t page = address >> DUMP_PAGE_BITS;
	struct translation *known = &space->translation[page % TRANSLATIONS];
	if (known->page != page) {
		uint64_t found;
		enum memory_state state =
		    page_table_walk(&space->memory->tables, space->root, address, &found);
		if (state != MEMORY_PRESENT)
			return state;
		*known = (struct translation){.page = page, .frame = found & ~UINT64_C(0xfff)};
	}
	*physical = known->frame | (address & (DUMP_PAGE_SIZE - 1));
	return MEMORY_PRESENT;
}

void address_space_want(struct address_space *space, uint64_t address, uint64_t length)
{
	uint64_t physical;
	if (length == 0 || length > WANTED_MOST)
		return;
	for (uint64_t page = address >> DUMP_PAGE_BITS;
	     page <= (address + length - 1) >> DUMP_PAGE_BITS; page++)
		if (translate(space, page << DUMP_PAGE_BITS, &physical) == MEMORY_PRESENT)
			dump_file_want(space->memory->tables.dump, physical >> DUMP_PAGE_BITS);
}

/* The kernel's half is the same in every space; a user page is distinguished from another space's of the same address. */
static uint64_t page_key(
    const struct address_space *space, enum memory_state state, uint64_t address)
{
	uint64_t page = address >> DUMP_PAGE_BITS;
	if (!(address >> 63))
		page ^= (space->root * UINT64_C(0x9e3779b97f4a7c15)) >> 13;
	return (uint64_t)state << 56 | (page & ((UINT64_C(1) << 56) - 1));
}

static bool fail(struct address_space *space, enum memory_state state, uint64_t address,
    struct memory_fault *fault)
{
	struct memory *memory = space->memory;
	if (memory->counting) {
		memory->counts.reads[state]++;
		memory->counts.pages[state] +=
		    page_set_add(&memory->seen, page_key(space, state, address));
		memory->counts.pages_at_least = memory->seen.full;
	}
	if (fault)
		*fault = (struct memory_fault){.state = state, .address = address};
	return false;
}

/* The bytes of an address's page, if they were read lately and are still there; else NULL. */
static inline const uint8_t *recall_bytes(const struct address_space *space, uint64_t address)
{
	uint64_t page = address >> DUMP_PAGE_BITS;
	const struct translation *known = &space->translation[page % TRANSLATIONS];
	return known->page == page && known->slot && known->slot->offset == known->offset &&
	               space->generation == space->memory->generation
	           ? known->slot->bytes
	           : NULL;
}

static enum memory_state find_bytes(
    struct address_space *space, uint64_t address, const uint8_t **bytes)
{
	uint64_t page = address >> DUMP_PAGE_BITS, physical;
	struct translation *known = &space->translation[page % TRANSLATIONS];
	const struct dump_page_slot *slot;
	*bytes = recall_bytes(space, address);
	if (*bytes)
		return MEMORY_PRESENT;
	enum memory_state state = translate(space, address, &physical);
	if (state == MEMORY_PRESENT)
		state = page_table_page(space->memory->tables.dump, physical, &slot);
	if (state == MEMORY_PRESENT) {
		known->slot = slot;
		known->offset = slot->offset;
		*bytes = slot->bytes;
	}
	return state;
}

static inline void count_success(struct address_space *space)
{
	space->memory->counts.reads[MEMORY_PRESENT] += space->memory->counting;
}

/* What a page does not hold in full, or was not read lately. */
static bool read_pages(struct address_space *space, uint64_t address, uint8_t *out, size_t length,
    struct memory_fault *fault)
{
	while (length > 0) {
		size_t within = (size_t)(address & (DUMP_PAGE_SIZE - 1));
		size_t chunk = DUMP_PAGE_SIZE - within < length ? DUMP_PAGE_SIZE - within : length;
		const uint8_t *page;
		enum memory_state state = find_bytes(space, address, &page);
		if (state != MEMORY_PRESENT)
			return fail(space, state, address, fault);
		memcpy(out, page + within, chunk);
		out += chunk;
		address += chunk;
		length -= chunk;
		if (address == 0 && length > 0) /* beyond the last address there is none */
			return fail(space, MEMORY_NON_CANONICAL, address, fault);
	}
	count_success(space);
	return true;
}

bool address_space_read(struct address_space *space, uint64_t address, void *buffer, size_t length,
    struct memory_fault *fault)
{
	size_t within = (size_t)(address & (DUMP_PAGE_SIZE - 1));
	const uint8_t *page = recall_bytes(space, address);
	if (!page || length > DUMP_PAGE_SIZE - within)
		return read_pages(space, address, buffer, length, fault);
	memcpy(buffer, page + within, length);
	count_success(space);
	return true;
}

const uint8_t *address_space_view(
    struct address_space *space, uint64_t address, size_t *length, struct memory_fault *fault)
{
	const uint8_t *page;
	size_t within = (size_t)(address & (DUMP_PAGE_SIZE - 1));
	enum memory_state state = find_bytes(space, address, &page);
	if (state != MEMORY_PRESENT) {
		fail(space, state, address, fault);
		return NULL;
	}
	count_success(space);
	*length = DUMP_PAGE_SIZE - within;
	return page + within;
}

bool address_space_read_u8(
    struct address_space *space, uint64_t address, uint8_t *out, struct memory_fault *fault)
{
	return address_space_read(space, address, out, 1, fault);
}

bool address_space_read_u32(
    struct address_space *space, uint64_t address, uint32_t *out, struct memory_fault *fault)
{
	uint8_t bytes[4];
	if (!address_space_read(space, address, bytes, sizeof bytes, fault))
		return false;
	*out = load32(bytes);
	return true;
}

bool address_space_read_u64(
    struct address_space *space, uint64_t address, uint64_t *out, struct memory_fault *fault)
{
	uint8_t bytes[8];
	if (!address_space_read(space, address, bytes, sizeof bytes, fault))
		return false;
	*out = load64(bytes);
	return true;
}

const struct memory_counts *address_space_counts(const struct address_space *space)
{
	return &space->memory->counts;
}
