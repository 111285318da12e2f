/* Two kinds of pages. Where one page is read after the other, some are read ahead, as a system call costs more than copying
 * a page: these pass through a few batches (512 KiB), which stay near the processor. All others, page tables among them,
 * are kept in 4096 places (16 MiB) in sets of four; in a set, the one used longest ago makes room. What is read along
 * does not drive out what comes again. Nothing is mapped: a mapped file's pages are not near the processor, and a file
 * that somebody cuts short would end the program. */
#include "dump/file/page_cache.h"

#include <stdlib.h>

#define BATCHES 8 /* more than there are places that are read in one direction at a time */
#define AHEAD 16  /* pages of a batch */
#define SETS 1024
#define WAYS 4
#define KEPT (SETS * WAYS)
#define EMPTY UINT64_MAX

struct page_cache {
	struct dump_page_slot batch[BATCHES][AHEAD]; /* pages that follow each other */
	size_t next_batch;                           /* the oldest */
	struct dump_page_slot kept[KEPT];            /* a set after the other */
	uint64_t used[KEPT];                         /* when, by the clock */
	uint64_t clock;
	uint8_t *bytes; /* of all pages */
};

struct page_cache *page_cache_create(void)
{
	struct page_cache *cache = calloc(1, sizeof *cache);
	if (!cache)
		return NULL;
	/* The operating system gives this memory as it is first used. */
	cache->bytes = malloc((size_t)(BATCHES * AHEAD + KEPT) * DUMP_PAGE_SIZE);
	if (!cache->bytes) {
		free(cache);
		return NULL;
	}
	uint8_t *at = cache->bytes;
	for (size_t i = 0; i < BATCHES * AHEAD; i++, at += DUMP_PAGE_SIZE)
		cache->batch[i / AHEAD][i % AHEAD] = (struct dump_page_slot){EMPTY, at};
	for (size_t i = 0; i < KEPT; i++, at += DUMP_PAGE_SIZE)
		cache->kept[i] = (struct dump_page_slot){EMPTY, at};
	return cache;
}

void page_cache_destroy(struct page_cache *cache)
{
	if (!cache)
		return;
	free(cache->bytes);
	free(cache);
}

static size_t first_of_set(uint64_t offset)
{
	/* Pages are packed, so neighbours differ from this bit on. */
	return (size_t)(offset >> DUMP_PAGE_BITS) % SETS * WAYS;
}

static struct dump_page_slot *find(struct page_cache *cache, uint64_t offset)
{
	size_t first = first_of_set(offset);
	for (size_t i = 0; i < BATCHES; i++) {
		uint64_t page = (offset - cache->batch[i][0].offset) / DUMP_PAGE_SIZE;
		if (page < AHEAD && cache->batch[i][page].offset == offset)
			return &cache->batch[i][page];
	}
	for (size_t i = first; i < first + WAYS; i++) {
		if (cache->kept[i].offset == offset) {
			cache->used[i] = ++cache->clock;
			return &cache->kept[i];
		}
	}
	return NULL;
}

/* Where to begin to read for a page, and how many: that one, or some more in the direction in which its neighbour was
 * read lately. */
static uint64_t choose_pages(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset, size_t *count)
{
	const uint64_t before = (AHEAD - 1) * (uint64_t)DUMP_PAGE_SIZE;
	uint64_t left = (source->size - offset) / DUMP_PAGE_SIZE;
	*count = 1;
	if (offset >= DUMP_PAGE_SIZE && find(cache, offset - DUMP_PAGE_SIZE)) {
		*count = left < AHEAD ? (size_t)left : AHEAD;
	} else if (offset >= before && find(cache, offset + DUMP_PAGE_SIZE)) {
		*count = AHEAD;
		return offset - before;
	}
	return offset;
}

static bool read_ahead(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset, size_t count)
{
	struct dump_page_slot *batch = cache->batch[cache->next_batch];
	for (size_t i = 0; i < AHEAD; i++)
		batch[i].offset = EMPTY;
	if (!source_read(source, offset, batch[0].bytes, count * DUMP_PAGE_SIZE))
		return false;
	for (size_t i = 0; i < count; i++)
		batch[i].offset = offset + i * DUMP_PAGE_SIZE;
	cache->next_batch = (cache->next_batch + 1) % BATCHES;
	return true;
}

static struct dump_page_slot *read_one(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset)
{
	size_t first = first_of_set(offset), oldest = first;
	for (size_t i = first; i < first + WAYS; i++)
		if (cache->used[i] < cache->used[oldest])
			oldest = i;
	struct dump_page_slot *slot = &cache->kept[oldest];
	slot->offset = EMPTY;
	if (!source_read(source, offset, slot->bytes, DUMP_PAGE_SIZE))
		return NULL;
	slot->offset = offset;
	cache->used[oldest] = ++cache->clock;
	return slot;
}

const struct dump_page_slot *page_cache_read(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset)
{
	struct dump_page_slot *slot = find(cache, offset);
	if (slot)
		return slot;
	size_t count;
	uint64_t first = choose_pages(cache, source, offset, &count);
	if (count > 1 && read_ahead(cache, source, first, count))
		slot = find(cache, offset);
	return slot ? slot : read_one(cache, source, offset); /* that one can be read at least */
}
