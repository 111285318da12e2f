/* Which pages have been counted already. */
#ifndef LEAKLAB_DUMP_PAGE_SET_H
#define LEAKLAB_DUMP_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_set {
	uint64_t *key; /* 0: free */
	size_t room, used;
	bool full; /* no more are kept apart */
};

void page_set_deinit(struct page_set *set);

/* True if the key (not 0) is new. */
bool page_set_add(struct page_set *set, uint64_t key);

#endif
