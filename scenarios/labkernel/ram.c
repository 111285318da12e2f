/* Knows how virtual pages become x64 page-table entries and page frames (Intel SDM volume 3, 4.5; the invalid forms as
 * public debugger output of !pte shows them). */
#include "labkernel/ram.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/array.h"

#define ENTRIES 512
#define LARGE_PAGES 512 /* small ones in a large one */
#define PTE_VALID 1ull
#define PTE_USED 0x62ull /* written, accessed, dirty */
#define PTE_USER 4ull
#define PTE_LARGE 0x80ull
#define PTE_SWIZZLED_NOT 0x10ull
#define PTE_FRAME 0x000ffffffffff000ull
#define PTE_TRANSITION 0x800ull
#define PTE_PROTECTION 0x80ull /* of an entry that is not valid: read and write */
#define FIRST_FRAME 0x100      /* what lies below belongs to the firmware */
#define RUN_FRAMES 3000        /* then a hole, as devices leave them */
#define HOLE_FRAMES 37

struct region {
	struct region *next;
	uint64_t base;
	uint8_t *bytes;
	uint8_t *residences; /* by page */
	size_t size, used, space;
	bool large;
};

struct ram {
	struct ram_options options;
	struct region *regions;
	struct frame *frames;
	size_t frame_count;
	uint64_t next_frame;
	uint64_t **tables; /* to free */
	size_t table_count;
	bool failed;
};

struct ram *ram_create(const struct ram_options *options)
{
	struct ram *ram = calloc(1, sizeof(*ram));

	if (ram)
		*ram = (struct ram){.options = *options, .next_frame = FIRST_FRAME};
	return ram;
}

void ram_destroy(struct ram *ram)
{
	if (!ram)
		return;
	while (ram->regions) {
		struct region *region = ram->regions;
		ram->regions = region->next;
		munmap(region->bytes, region->size);
		free(region->residences);
		free(region);
	}
	for (size_t i = 0; i < ram->table_count; i++)
		free(ram->tables[i]);
	free(ram->tables);
	free(ram->frames);
	free(ram);
}

struct region *ram_reserve(
    struct ram *ram, uint64_t base, size_t size, size_t space, bool large_pages)
{
	struct region *region = calloc(1, sizeof(*region));

	if (!region)
		return NULL;
	*region = (struct region){
	    .next = ram->regions, .base = base, .size = size, .space = space, .large = large_pages};
	region->bytes = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	region->residences = calloc(size / RAM_PAGE, 1);
	if (region->bytes == MAP_FAILED || !region->residences) {
		if (region->bytes != MAP_FAILED)
			munmap(region->bytes, size);
		free(region->residences);
		free(region);
		return NULL;
	}
	ram->regions = region;
	return region;
}

void *ram_take(struct region *region, size_t size, size_t alignment, uint64_t *address)
{
	const size_t at = (region->used + alignment - 1) & ~(alignment - 1);

	if (at + size > region->size)
		return NULL;
	region->used = at + size;
	*address = region->base + at;
	return region->bytes + at;
}

static struct region *region_at(struct ram *ram, uint64_t address)
{
	for (struct region *region = ram->regions; region; region = region->next)
		if (region->space == 0 && address >= region->base &&
		    address - region->base < region->used)
			return region;
	return NULL;
}

bool ram_set_residence(struct ram *ram, uint64_t address, enum residence residence)
{
	struct region *region = region_at(ram, address);

	if (!region)
		return false;
	region->residences[(address - region->base) / RAM_PAGE] = (uint8_t)residence;
	return true;
}

void *ram_at(struct ram *ram, uint64_t address, size_t size)
{
	struct region *region = region_at(ram, address);

	if (!region || region->used - (address - region->base) < size)
		return NULL;
	return region->bytes + (address - region->base);
}

/* Numbers only rise. bytes may be NULL. */
static uint64_t add_frame_at(struct ram *ram, uint64_t number, const uint8_t *bytes)
{
	if (!array_reserve(&ram->frames, ram->frame_count, sizeof(*ram->frames))) {
		ram->failed = true;
		return 0;
	}
	ram->frames[ram->frame_count++] = (struct frame){number, bytes};
	ram->next_frame = number + 1;
	return number;
}

static uint64_t add_frame(struct ram *ram, const uint8_t *bytes)
{
	const bool hole = ram->frame_count % RUN_FRAMES == RUN_FRAMES - 1;

	return add_frame_at(ram, ram->next_frame + (hole ? HOLE_FRAMES : 0), bytes);
}

static uint64_t *add_table(struct ram *ram, uint64_t *frame)
{
	uint64_t *table = NULL;

	if (array_reserve(&ram->tables, ram->table_count, sizeof(*ram->tables)))
		table = calloc(ENTRIES, sizeof(*table));
	if (!table) {
		ram->failed = true;
		return NULL;
	}
	ram->tables[ram->table_count++] = table;
	*frame = add_frame(ram, (const uint8_t *)table);
	return table;
}

static size_t index_of_frame(const struct ram *ram, uint64_t number)
{
	size_t low = 0, high = ram->frame_count;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (ram->frames[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t *table_of_frame(struct ram *ram, uint64_t number)
{
	return (uint64_t *)(uintptr_t)ram->frames[index_of_frame(ram, number)].bytes;
}

/* The entry for the address `level` tables above the page (1: the page's own); makes the tables above it. */
static uint64_t *entry_for(struct ram *ram, uint64_t *root, uint64_t address, int level)
{
	const uint64_t user = address >> 63 ? 0 : PTE_USER;
	uint64_t *table = root;

	for (int at = ram->options.levels; at > level; at--) {
		uint64_t *entry = &table[address >> (3 + 9 * at) & (ENTRIES - 1)];
		uint64_t frame;
		if (!(*entry & PTE_VALID)) {
			if (!add_table(ram, &frame))
				return NULL;
			*entry = frame << 12 | PTE_VALID | PTE_USED | user;
		}
		table = table_of_frame(ram, *entry >> 12 & 0xfffffffffull);
	}
	return &table[address >> (3 + 9 * level) & (ENTRIES - 1)];
}

static uint64_t entry_of(struct ram *ram, const struct region *region, size_t page)
{
	const uint64_t user = region->base >> 63 ? 0 : PTE_USER;
	const uint64_t mask = ram->options.invalid_pte_mask;
	const uint64_t unswizzled = mask ? mask : PTE_SWIZZLED_NOT;
	const uint8_t *bytes = region->bytes + page * RAM_PAGE;

	switch ((enum residence)region->residences[page]) {
	case PAGED_OUT:
		return (uint64_t)(page + 1) << 32 | PTE_PROTECTION | PTE_SWIZZLED_NOT;
	case TRANSITION:
		return add_frame(ram, bytes) << 12 | PTE_TRANSITION | PTE_PROTECTION | unswizzled;
	case NOT_DUMPED:
		return add_frame(ram, NULL) << 12 | PTE_VALID | PTE_USED | user;
	default:
		return add_frame(ram, bytes) << 12 | PTE_VALID | PTE_USED | user;
	}
}

static void map_small(struct ram *ram, uint64_t *root, const struct region *region)
{
	const size_t pages = (region->used + RAM_PAGE - 1) / RAM_PAGE;

	for (size_t page = 0; page < pages && !ram->failed; page++) {
		uint64_t *entry = entry_for(ram, root, region->base + page * RAM_PAGE, 1);
		if (entry)
			*entry = entry_of(ram, region, page);
	}
}

static void map_large(struct ram *ram, uint64_t *root, const struct region *region)
{
	const size_t pages = (region->used + RAM_PAGE - 1) / RAM_PAGE;

	for (size_t page = 0; page < pages && !ram->failed; page += LARGE_PAGES) {
		uint64_t *entry = entry_for(ram, root, region->base + page * RAM_PAGE, 2);
		if (!entry)
			return;
		const uint64_t first =
		    (ram->next_frame + LARGE_PAGES - 1) & ~(uint64_t)(LARGE_PAGES - 1);
		*entry = first << 12 | PTE_LARGE | PTE_VALID | PTE_USED;
		for (size_t i = page; i < page + LARGE_PAGES && i < pages; i++)
			add_frame_at(ram, first + (i - page),
			    region->residences[i] == NOT_DUMPED ? NULL
			                                        : region->bytes + i * RAM_PAGE);
		ram->next_frame = first + LARGE_PAGES;
	}
}

static void map_space(struct ram *ram, uint64_t *root, size_t space)
{
	for (const struct region *region = ram->regions; region && !ram->failed;
	     region = region->next) {
		if (region->space == space)
			(region->large ? map_large : map_small)(ram, root, region);
	}
}

/* ---- frames in no order ---- */

static bool is_large(uint64_t entry)
{
	return (entry & (PTE_VALID | PTE_LARGE)) == (PTE_VALID | PTE_LARGE);
}

/* Of frames by index, those that large pages have not. Returns how many; 0: memory is out. */
static size_t list_small(const struct ram *ram, size_t *small)
{
	bool *large = calloc(ram->frame_count, sizeof(*large));
	size_t count = 0;

	for (size_t i = 0; large && i < ram->table_count * ENTRIES; i++) {
		const uint64_t entry = ram->tables[i / ENTRIES][i % ENTRIES],
		               first = (entry & PTE_FRAME) >> 12;
		if (!is_large(entry))
			continue;
		for (size_t j = index_of_frame(ram, first);
		     j < ram->frame_count && ram->frames[j].number < first + LARGE_PAGES; j++)
			large[j] = true;
	}
	for (size_t i = 0; large && i < ram->frame_count; i++)
		if (!large[i])
			small[count++] = i;
	free(large);
	return count;
}

/* to[i]: the frame that gets what frame i has. Always the same order (Fisher and Yates; the generator is Knuth's MMIX). */
static bool deal(const struct ram *ram, size_t *to)
{
	size_t *small = calloc(ram->frame_count, sizeof(*small));
	const size_t count = small ? list_small(ram, small) : 0;
	uint64_t number = 1;

	for (size_t i = 0; i < ram->frame_count; i++)
		to[i] = i;
	for (size_t i = count; i > 1; i--) {
		number = number * 6364136223846793005u + 1442695040888963407u;
		const size_t a = small[i - 1], b = small[(number >> 32) % i], other = to[a];
		to[a] = to[b];
		to[b] = other;
	}
	free(small);
	return count > 0;
}

static uint64_t new_place(const struct ram *ram, const size_t *to, uint64_t place)
{
	return ram->frames[to[index_of_frame(ram, place >> 12)]].number << 12;
}

static uint64_t new_entry(const struct ram *ram, const size_t *to, uint64_t entry)
{
	const bool valid = entry & PTE_VALID;
	const uint64_t mask = valid ? 0 : ram->options.invalid_pte_mask;

	if (is_large(entry) || !(entry & (PTE_VALID | PTE_TRANSITION)))
		return entry;
	return (entry & (mask | ~PTE_FRAME)) | new_place(ram, to, entry & PTE_FRAME & ~mask);
}

bool ram_shuffle(struct ram *ram, size_t spaces, uint64_t *roots)
{
	size_t *to = calloc(ram->frame_count, sizeof(*to));
	const uint8_t **bytes = calloc(ram->frame_count, sizeof(*bytes));
	const bool good = to && bytes && deal(ram, to);

	for (size_t i = 0; good && i < ram->table_count * ENTRIES; i++) {
		uint64_t *entry = &ram->tables[i / ENTRIES][i % ENTRIES];
		*entry = new_entry(ram, to, *entry);
	}
	for (size_t i = 0; good && i < spaces; i++)
		roots[i] = new_place(ram, to, roots[i]);
	for (size_t i = 0; good && i < ram->frame_count; i++)
		bytes[to[i]] = ram->frames[i].bytes;
	for (size_t i = 0; good && i < ram->frame_count; i++)
		ram->frames[i].bytes = bytes[i];
	free(to);
	free(bytes);
	return good;
}

bool ram_lay_tables(struct ram *ram, size_t spaces, uint64_t *roots)
{
	uint64_t frame;
	uint64_t *kernel = add_table(ram, &frame);

	if (kernel)
		map_space(ram, kernel, 0);
	for (size_t space = 1; space <= spaces && !ram->failed; space++) {
		uint64_t *root = add_table(ram, &frame);
		if (!root)
			break;
		/* All processes share the kernel's tables. */
		memcpy(root + ENTRIES / 2, kernel + ENTRIES / 2, ENTRIES / 2 * sizeof(*root));
		roots[space - 1] = frame << 12;
		map_space(ram, root, space);
	}
	return !ram->failed;
}

const struct frame *ram_frames(const struct ram *ram, size_t *count)
{
	*count = ram->frame_count;
	return ram->frames;
}
