/* 4096 pages (16 MiB) in sets of four; in a set, the one used longest ago makes room. Memory is taken as pages come.
 * Where one page is read after the other, some are read ahead: a system call costs more than copying a page. */
#include "dump/file/page_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "dump/file/dump_file.h"

#define SETS 1024
#define WAYS 4
#define AHEAD 16 /* pages; at most SETS, so that each goes to another set */
#define EMPTY UINT64_MAX

struct way {
	uint64_t offset; /* EMPTY: page has nothing of use */
	uint8_t *page;   /* NULL until it is first needed */
};

struct page_cache {
	struct way set[SETS][WAYS]; /* most recently used first */
};

struct page_cache *page_cache_create(void)
{
	struct page_cache *cache = malloc(sizeof *cache);
	if (!cache)
		return NULL;
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < WAYS; j++)
			cache->set[i][j] = (struct way){.offset = EMPTY};
	return cache;
}

void page_cache_destroy(struct page_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < WAYS; j++)
			free(cache->set[i][j].page);
	free(cache);
}

static struct way *set_of(struct page_cache *cache, uint64_t offset)
{
	/* Pages are packed, so neighbours differ from this bit on. */
	return cache->set[(size_t)(offset >> DUMP_PAGE_BITS) % SETS];
}

static bool is_cached(struct page_cache *cache, uint64_t offset)
{
	const struct way *set = set_of(cache, offset);
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].offset == offset)
			return true;
	return false;
}

/* How many pages to read here: one, or some more if the page before was read lately. */
static int pages_to_read(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset)
{
	int count = 1;
	if (offset < DUMP_PAGE_SIZE || !is_cached(cache, offset - DUMP_PAGE_SIZE))
		return count;
	for (uint64_t next = offset + DUMP_PAGE_SIZE;
	     count < AHEAD && source->size - next >= DUMP_PAGE_SIZE && !is_cached(cache, next);
	     next += DUMP_PAGE_SIZE)
		count++;
	return count;
}

/* Reads pages to the last ways of as many sets. False: what those ways had is gone. */
static bool fill(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset, int count)
{
	struct iovec vectors[AHEAD];
	for (int i = 0; i < count; i++) {
		struct way *way = &set_of(cache, offset + (uint64_t)i * DUMP_PAGE_SIZE)[WAYS - 1];
		way->offset = EMPTY;
		if (!way->page)
			way->page = malloc(DUMP_PAGE_SIZE);
		if (!way->page)
			return false;
		vectors[i] = (struct iovec){.iov_base = way->page, .iov_len = DUMP_PAGE_SIZE};
	}
	/* One page is worth the patience of source_read(); what is only read ahead is not. */
	bool good = count == 1 ? source_read(source, offset, vectors[0].iov_base, DUMP_PAGE_SIZE)
	                       : preadv(source->fd, vectors, count, (off_t)offset) ==
	                             (ssize_t)count * DUMP_PAGE_SIZE;
	for (int i = 0; good && i < count; i++) {
		uint64_t at = offset + (uint64_t)i * DUMP_PAGE_SIZE;
		set_of(cache, at)[WAYS - 1].offset = at;
	}
	return good;
}

const uint8_t *page_cache_read(
    struct page_cache *cache, const struct dump_source *source, uint64_t offset)
{
	struct way *set = set_of(cache, offset);
	size_t hit = 0;
	while (hit < WAYS - 1 && set[hit].offset != offset)
		hit++;
	if (set[hit].offset != offset) {
		int count = pages_to_read(cache, source, offset);
		if (!fill(cache, source, offset, count) &&
		    (count == 1 || !fill(cache, source, offset, 1)))
			return NULL;
	}
	struct way found = set[hit];
	memmove(&set[1], &set[0], hit * sizeof set[0]);
	set[0] = found;
	return found.page;
}
