/* The pages read lately. A walk over lists comes back to the same page tables and neighbours all the time. */
#ifndef LEAKLAB_DUMP_PAGE_CACHE_H
#define LEAKLAB_DUMP_PAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/file/page.h"
#include "dump/file/source.h"

struct page_cache;

struct page_cache *page_cache_create(void); /* NULL: out of memory */
void page_cache_destroy(struct page_cache *cache);

/* The slot with the DUMP_PAGE_SIZE bytes at an offset of the file. It holds them until the next call at least, and as long
 * as it names that offset. NULL if they cannot be read. */
const struct dump_page_slot *page_cache_read(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset);

#endif
