/* A page of physical memory: how large it is, whether a dump has it, and where it is kept. */
#ifndef LEAKLAB_DUMP_PAGE_H
#define LEAKLAB_DUMP_PAGE_H

#include <stdint.h>

#define DUMP_PAGE_SIZE 4096u
#define DUMP_PAGE_BITS 12

/* More page frames than any machine has that runs x64 Windows today (16 TiB). It bounds what a damaged file can
 * make us allocate. */
#define DUMP_PAGES_LARGEST (UINT64_C(1) << 32)

enum dump_page {
	DUMP_PAGE_FOUND,
	DUMP_PAGE_ABSENT,     /* the dump does not hold it */
	DUMP_PAGE_TRUNCATED,  /* the dump should hold it, but the file ends before it */
	DUMP_PAGE_UNREADABLE, /* the operating system could not read the file there */
};

/* Where a page is kept, until the slot is needed for another one: whoever remembers a slot sees by its offset in the file
 * whether the page is still the same. */
struct dump_page_slot {
	uint64_t offset;
	uint8_t *bytes;
};

#endif
