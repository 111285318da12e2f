/* A sorted array, searched by halves: a complete dump has up to 42 runs, a debugger's may have a million. */
#include "dump/file/runs.h"

#include <stdlib.h>

#include "common/array.h"
#include "dump/file/page.h"

struct run {
	uint64_t base, count, offset;
};

struct runs {
	struct run *run;
	size_t count;
	uint64_t first_offset;
	uint64_t pages;
};

struct runs *runs_create(uint64_t first_offset)
{
	struct runs *runs = calloc(1, sizeof *runs);
	if (runs)
		runs->first_offset = first_offset;
	return runs;
}

void runs_destroy(struct runs *runs)
{
	if (!runs)
		return;
	free(runs->run);
	free(runs);
}

bool runs_add(struct runs *runs, uint64_t base, uint64_t count, struct error *error)
{
	if (base >= DUMP_PAGES_LARGEST || count > DUMP_PAGES_LARGEST - base ||
	    runs->pages + count > DUMP_PAGES_LARGEST)
		return error_set(error, EXIT_USAGE,
		    "damaged: memory run %zu has %llu pages from page 0x%llx", runs->count,
		    (unsigned long long)count, (unsigned long long)base);
	if (!array_reserve(&runs->run, runs->count, sizeof *runs->run))
		return error_memory(error);
	runs->run[runs->count++] = (struct run){
	    .base = base,
	    .count = count,
	    .offset = runs->first_offset + runs->pages * DUMP_PAGE_SIZE,
	};
	runs->pages += count;
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct run *a = left, *b = right;
	return (a->base > b->base) - (a->base < b->base);
}

bool runs_sort(struct runs *runs, struct error *error)
{
	if (runs->count)
		qsort(runs->run, runs->count, sizeof *runs->run, compare);
	for (size_t i = 1; i < runs->count; i++)
		if (runs->run[i - 1].base + runs->run[i - 1].count > runs->run[i].base)
			return error_set(error, EXIT_USAGE,
			    "damaged: its memory runs overlap at page 0x%llx",
			    (unsigned long long)runs->run[i].base);
	return true;
}

bool runs_find(const struct runs *runs, uint64_t pfn, uint64_t *offset)
{
	size_t low = 0, high = runs->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct run *run = &runs->run[middle];
		if (pfn < run->base) {
			high = middle;
		} else if (pfn - run->base >= run->count) {
			low = middle + 1;
		} else {
			*offset = run->offset + (pfn - run->base) * DUMP_PAGE_SIZE;
			return true;
		}
	}
	return false;
}

void runs_extent(
    const struct runs *runs, uint64_t *pages, uint64_t *first_offset, uint64_t *highest)
{
	*pages = runs->pages;
	*first_offset = runs->first_offset;
	*highest = 0;
	for (size_t i = 0; i < runs->count; i++)
		if (runs->run[i].count && runs->run[i].base + runs->run[i].count - 1 > *highest)
			*highest = runs->run[i].base + runs->run[i].count - 1;
}
