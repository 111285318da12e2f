/* From a virtual address to a physical one, through the page tables in the dump. */
#ifndef LEAKLAB_DUMP_PAGE_TABLE_H
#define LEAKLAB_DUMP_PAGE_TABLE_H

#include "dump/file/dump_file.h"
#include "dump/memory/memory_state.h"

#define PAGE_TABLE_LEAVES 256

struct page_tables {
	struct dump_file *dump;
	int levels;
	uint64_t invalid_pte_mask;
	uint64_t kernel_root; /* prototype entries lie in the kernel's half */
	struct leaf {
		uint64_t root, region; /* of 2 MiB */
		uint64_t table;        /* physical address of its page table; 0: none known */
	} leaf[PAGE_TABLE_LEAVES];     /* looked up lately */
};

/* Forgets what depends on levels and mask. */
void page_table_forget(struct page_tables *tables);

/* root: physical address of the top table. The address is canonical. */
enum memory_state page_table_walk(
    struct page_tables *tables, uint64_t root, uint64_t address, uint64_t *physical);

/* A page of the dump by physical address. */
enum memory_state page_table_page(
    struct dump_file *dump, uint64_t physical, const struct dump_page_slot **slot);

#endif
