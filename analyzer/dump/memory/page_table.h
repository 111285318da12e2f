/* From a virtual address to a physical one, through the page tables in the dump. */
#ifndef LEAKLAB_DUMP_PAGE_TABLE_H
#define LEAKLAB_DUMP_PAGE_TABLE_H

#include "dump/memory/address_space.h"

struct page_tables {
	struct dump_file *dump;
	int levels;
	uint64_t invalid_pte_mask;
	uint64_t kernel_root; /* prototype entries lie in the kernel's half */
};

/* root: physical address of the top table. The address is canonical. */
enum memory_state page_table_walk(
    const struct page_tables *tables, uint64_t root, uint64_t address, uint64_t *physical);

/* A page of the dump by physical address; *bytes is the page's start. */
enum memory_state page_table_page(struct dump_file *dump, uint64_t physical, const uint8_t **bytes);

#endif
