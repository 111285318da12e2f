/* Page tables: the first bytes choose addresses and a mask, the rest are physical pages from 0 on. */
#include <string.h>

#include "dump/little_endian.h"
#include "dump/memory/address_space.h"
#include "tests/fuzz/input.h"

#define PAGES_LARGEST 32
#define HEADER 0x2000
#define CHOICES 64

static bool check(struct address_space *space, void *context)
{
	uint64_t value;
	return address_space_read_u64(space, *(const uint64_t *)context, &value, NULL) && value & 1;
}

static void read_some(struct address_space *space, const uint8_t *choices)
{
	uint8_t buffer[3 * DUMP_PAGE_SIZE];
	struct memory_fault fault;
	uint64_t first = load64(choices);
	address_space_settle_levels(space, check, &first);
	address_space_set_invalid_pte_mask(space, load64(choices + 8));
	struct address_space *process = address_space_create_process(space, load64(choices + 16));
	for (size_t i = 24; i + 8 <= CHOICES; i += 8) {
		uint64_t address = load64(choices + i);
		address_space_read(space, address, buffer, 1 + choices[i] * 40u, &fault);
		address_space_read(process, address, buffer, 1 + choices[i + 1] * 40u, &fault);
		address_space_read(space, address | 0xffff800000000000, buffer, 8, &fault);
		address_space_read(process, address & 0x7fffffffffff, buffer, 8, &fault);
	}
	address_space_destroy(process);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t file[HEADER + PAGES_LARGEST * DUMP_PAGE_SIZE];
	struct error error;
	if (length < CHOICES + DUMP_PAGE_SIZE)
		return 0;
	size_t pages = (length - CHOICES) / DUMP_PAGE_SIZE;
	if (pages > PAGES_LARGEST)
		pages = PAGES_LARGEST;
	memset(file, 0, HEADER);
	memcpy(file, "PAGEDU64", 8);
	file[0x30] = 0x64;
	file[0x31] = 0x86;
	file[0x88] = 1;
	file[0xa0] = (uint8_t)pages;
	file[0xf98] = DUMP_TYPE_FULL;
	memcpy(file + HEADER, bytes + CHOICES, pages * DUMP_PAGE_SIZE);
	struct dump_file *dump =
	    dump_file_open(fuzz_file(file, HEADER + pages * DUMP_PAGE_SIZE), &error);
	if (!dump || !dump_file_find_pages(dump, &error))
		__builtin_trap();
	struct address_space *space = address_space_create(dump, DUMP_PAGE_SIZE);
	read_some(space, bytes);
	address_space_destroy(space);
	dump_file_close(dump);
	return 0;
}
