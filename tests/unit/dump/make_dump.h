/* Makes little memory dumps: pages are put at page frames, mapped, and written in any of the formats. */
#ifndef LEAKLAB_MAKE_DUMP_H
#define LEAKLAB_MAKE_DUMP_H

#include <stddef.h>
#include <stdint.h>

#define MAKE_PAGES 64
#define MAKE_HEADER 0x2000
#define MAKE_ROOT 1 /* page frame of the top page table */

struct make_dump {
	uint8_t header[MAKE_HEADER]; /* filled in by make_dump_init(); change what you like */
	uint64_t pfn[MAKE_PAGES];    /* ascending */
	uint8_t page[MAKE_PAGES][4096];
	size_t count;
	uint64_t next_table; /* page frame of the next page table that is needed */
};

/* A header of build 19041 and no pages but an empty top page table. */
void make_dump_init(struct make_dump *make);

/* The bytes of a page, which is added if it is new. Valid until the next page is added. */
uint8_t *make_dump_page(struct make_dump *make, uint64_t pfn);

/* Takes a page out again. */
void make_dump_remove(struct make_dump *make, uint64_t pfn);

/* Puts an entry into the page tables of an address, at a level (1: page, 2: 2 MiB, 3: 1 GiB); tables above it
 * are made. levels: of the whole, 4 or 5. Returns the physical address of the entry. */
uint64_t make_dump_entry(
    struct make_dump *make, int levels, int level, uint64_t address, uint64_t entry);

/* The entry that is there. */
uint64_t make_dump_get64(struct make_dump *make, uint64_t physical);
void make_dump_put64(struct make_dump *make, uint64_t physical, uint64_t value);

void make_store16(void *at, uint16_t value);
void make_store32(void *at, uint32_t value);
void make_store64(void *at, uint64_t value);

enum make_layout {
	MAKE_BY_TYPE, /* as Windows or the debugger writes this type today */
	MAKE_OLD_SUMMARY, /* type 2 with the header of Windows 7, HeaderSize from the start of the file */
	MAKE_OLDER_SUMMARY, /* the same with HeaderSize from the SDMP header */
};

/* The dump as a file's bytes; the caller frees them. Never NULL. */
uint8_t *make_dump_bytes(
    const struct make_dump *make, uint32_t type, enum make_layout layout, size_t *length);

#endif
