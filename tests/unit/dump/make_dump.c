/* The formats once more, from the writer's side. */
#include "tests/unit/dump/make_dump.h"

#include <stdlib.h>
#include <string.h>

void make_store16(void *at, uint16_t value)
{
	uint8_t *byte = at;
	byte[0] = (uint8_t)value;
	byte[1] = (uint8_t)(value >> 8);
}

void make_store32(void *at, uint32_t value)
{
	make_store16(at, (uint16_t)value);
	make_store16((uint8_t *)at + 2, (uint16_t)(value >> 16));
}

void make_store64(void *at, uint64_t value)
{
	make_store32(at, (uint32_t)value);
	make_store32((uint8_t *)at + 4, (uint32_t)(value >> 32));
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value = 0;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

void make_dump_init(struct make_dump *make)
{
	memset(make, 0, sizeof *make);
	for (size_t i = 0; i < MAKE_HEADER; i += 4)
		memcpy(make->header + i, "PAGE", 4);
	uint8_t *header = make->header;
	memcpy(header, "PAGEDU64", 8);
	make_store32(header + 8, 15);
	make_store32(header + 0xc, 19041);
	make_store64(header + 0x10, MAKE_ROOT * 4096 + 2); /* low bits: PCID */
	make_store64(header + 0x20, 0xfffff8047c62a390);
	make_store64(header + 0x28, 0xfffff8047c61e200);
	make_store32(header + 0x30, 0x8664);
	make_store32(header + 0x34, 4);
	make_store32(header + 0x38, 0x80);
	for (int i = 0; i < 4; i++)
		make_store64(header + 0x40 + 8 * i, 0x4f4454 + (uint64_t)i);
	make_store64(header + 0x80, 0xfffff8047c600b20);
	make_store64(header + 0xfa0, 0);
	make_store64(header + 0xfa8, 132583410690000000); /* 2021-02-21T00:31:09Z */
	make_store64(header + 0x1030, 36000000000);       /* an hour */
	make->next_table = 2;
	make_dump_page(make, MAKE_ROOT);
}

static size_t place_of(const struct make_dump *make, uint64_t pfn)
{
	size_t place = 0;
	while (place < make->count && make->pfn[place] < pfn)
		place++;
	return place;
}

uint8_t *make_dump_page(struct make_dump *make, uint64_t pfn)
{
	size_t place = place_of(make, pfn);
	if (place < make->count && make->pfn[place] == pfn)
		return make->page[place];
	if (make->count == MAKE_PAGES)
		abort();
	memmove(
	    &make->pfn[place + 1], &make->pfn[place], (make->count - place) * sizeof make->pfn[0]);
	memmove(&make->page[place + 1], &make->page[place],
	    (make->count - place) * sizeof make->page[0]);
	make->pfn[place] = pfn;
	memset(make->page[place], 0, sizeof make->page[0]);
	make->count++;
	return make->page[place];
}

void make_dump_remove(struct make_dump *make, uint64_t pfn)
{
	size_t place = place_of(make, pfn);
	if (place == make->count || make->pfn[place] != pfn)
		abort();
	make->count--;
	memmove(
	    &make->pfn[place], &make->pfn[place + 1], (make->count - place) * sizeof make->pfn[0]);
	memmove(&make->page[place], &make->page[place + 1],
	    (make->count - place) * sizeof make->page[0]);
}

uint64_t make_dump_get64(struct make_dump *make, uint64_t physical)
{
	return get64(make_dump_page(make, physical >> 12) + (physical & 0xfff));
}

void make_dump_put64(struct make_dump *make, uint64_t physical, uint64_t value)
{
	make_store64(make_dump_page(make, physical >> 12) + (physical & 0xfff), value);
}

uint64_t make_dump_entry(
    struct make_dump *make, int levels, int level, uint64_t address, uint64_t entry)
{
	uint64_t table = MAKE_ROOT;
	for (int at = levels;; at--) {
		uint64_t place = table << 12 | (address >> (12 + 9 * (at - 1)) & 511) * 8;
		if (at == level) {
			make_dump_put64(make, place, entry);
			return place;
		}
		if (make_dump_get64(make, place) == 0)
			make_dump_put64(make, place, make->next_table++ << 12 | 0x63);
		table = (make_dump_get64(make, place) & 0xffffffffff000) >> 12;
		make_dump_page(make, table);
	}
}

/* Runs of consecutive page frames: {first, count} pairs. Returns how many. */
static size_t list_runs(const struct make_dump *make, uint64_t runs[MAKE_PAGES][2])
{
	size_t count = 0;
	for (size_t i = 0; i < make->count; i++) {
		if (count && runs[count - 1][0] + runs[count - 1][1] == make->pfn[i]) {
			runs[count - 1][1]++;
			continue;
		}
		runs[count][0] = make->pfn[i];
		runs[count++][1] = 1;
	}
	return count;
}

static void write_runs(uint8_t *at, const struct make_dump *make)
{
	uint64_t runs[MAKE_PAGES][2];
	size_t count = list_runs(make, runs);
	for (size_t i = 0; i < count; i++) {
		make_store64(at + 16 * i, runs[i][0]);
		make_store64(at + 16 * i + 8, runs[i][1]);
	}
}

static size_t bits_of(const struct make_dump *make)
{
	return make->count ? (size_t)make->pfn[make->count - 1] + 1 : 1;
}

static void write_bits(uint8_t *at, const struct make_dump *make)
{
	for (size_t i = 0; i < make->count; i++)
		at[make->pfn[i] / 8] |= (uint8_t)(1 << make->pfn[i] % 8);
}

static void write_bitmap(uint8_t *at, const struct make_dump *make, uint32_t type, size_t first)
{
	memcpy(at, type == 5 ? "FDMPDUMP" : "SDMPDUMP", 8);
	make_store64(at + 0x20, first);
	make_store64(at + 0x28, make->count);
	make_store64(at + 0x30, bits_of(make));
	write_bits(at + 0x38, make);
}

static void write_old_summary(uint8_t *at, const struct make_dump *make, size_t header_size)
{
	memcpy(at, "SDMPDUMP", 8);
	make_store32(at + 0xc, (uint32_t)header_size);
	make_store32(at + 0x10, (uint32_t)bits_of(make));
	make_store32(at + 0x14, (uint32_t)make->count);
	write_bits(at + 0x28, make);
}

static void write_rdmp(uint8_t *at, const struct make_dump *make, uint32_t type, size_t first)
{
	make_store32(at, 0x40);
	memcpy(at + 4, "RDMPDUMP", 8);
	make_store64(at + 0x10, first - MAKE_HEADER - 0x20);
	make_store64(at + 0x18, first);
	make_store64(at + 0x28, type == 10 ? make->count : 0);
	write_runs(at + 0x30, make);
	if (type == 10) { /* what is behind the last page's run means nothing */
		uint64_t runs[MAKE_PAGES][2];
		make_store64(at + 0x30 + 16 * list_runs(make, runs), 0xffffffffffff);
		make_store64(at + 0x38 + 16 * list_runs(make, runs), 0xffffffffffff);
	}
}

uint8_t *make_dump_bytes(
    const struct make_dump *make, uint32_t type, enum make_layout layout, size_t *length)
{
	size_t first = MAKE_HEADER;
	if (type == 2 || type == 5 || type == 6)
		first += (0x38 + bits_of(make) / 8 + 1 + 0xfff) & ~(size_t)0xfff;
	else if (type >= 8)
		first += 0x2000;
	*length = first + make->count * 4096;
	uint8_t *bytes = calloc(1, *length), *extra = bytes ? bytes + MAKE_HEADER : NULL;
	if (!bytes)
		abort();
	memcpy(bytes, make->header, MAKE_HEADER);
	make_store32(bytes + 0xf98, type);
	uint64_t runs[MAKE_PAGES][2];
	if (type == 1) {
		make_store32(bytes + 0x88, (uint32_t)list_runs(make, runs));
		make_store64(bytes + 0x90, make->count);
		write_runs(bytes + 0x98, make);
	} else if (type >= 8) {
		write_rdmp(extra, make, type, first);
	} else if (layout != MAKE_BY_TYPE) {
		write_old_summary(
		    extra, make, layout == MAKE_OLD_SUMMARY ? first : first - MAKE_HEADER);
	} else if (first > MAKE_HEADER) {
		write_bitmap(extra, make, type, first);
	}
	for (size_t i = 0; i < make->count; i++)
		memcpy(bytes + first + i * 4096, make->page[i], 4096);
	return bytes;
}
