/* Dumps that have a list of memory runs: DumpType 1, a complete memory dump, in the header; DumpTypes 8, 9 and 10, as a debugger's
 * .dump /k, /ka and /f write them, {page frame, count} behind it (kdmp-parser: RDMP_HEADER64). Then the pages, packed. */
#include "dump/file/format.h"

#include <stdlib.h>
#include <string.h>

#include "dump/file/runs.h"
#include "dump/little_endian.h"

#define RUN_COUNT 0x88
#define RUNS 0x98
#define RUNS_LARGEST 42 /* the descriptor is 700 bytes long: 16, and 16 a run */
#define UNSET 0x45474150u

#define RDMP DUMP_HEADER_SIZE
#define LIST (RDMP + 0x30)
#define PAIRS_AT_ONCE 4096

static bool full_open(const struct dump_source *source, const uint8_t raw[DUMP_HEADER_SIZE],
    void **state, struct error *error)
{
	(void)source;
	uint32_t count = load32(raw + RUN_COUNT);
	if (count == UNSET || count == 0 || count > RUNS_LARGEST)
		return error_set(error, EXIT_USAGE,
		    "damaged: its header names %u memory runs (1 to %d are possible)",
		    count == UNSET ? 0 : count, RUNS_LARGEST);
	struct runs *runs = runs_create(DUMP_HEADER_SIZE);
	if (!runs)
		return error_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *run = raw + RUNS + (size_t)16 * i;
		if (!runs_add(runs, load64(run), load64(run + 8), error))
			goto fail;
	}
	if (!runs_sort(runs, error))
		goto fail;
	*state = runs;
	return true;
fail:
	runs_destroy(runs);
	return false;
}

static bool check_header(
    const struct dump_source *source, const uint8_t rdmp[0x30], struct error *error)
{
	if (load32(rdmp) != 0x40 || memcmp(rdmp + 4, "RDMPDUMP", 8) != 0)
		return error_set(error, EXIT_USAGE, "damaged: no RDMP header at 0x%x", RDMP);
	uint64_t first = load64(rdmp + 0x18);
	if (first < LIST || first >= INT64_MAX)
		return error_set(error, EXIT_USAGE,
		    "damaged: its first page is said to be at 0x%llx", (unsigned long long)first);
	if (first > source->size)
		return error_set(error, EXIT_USAGE,
		    "cut off at byte %llu, within its list of pages; copy it again",
		    (unsigned long long)source->size);
	return true;
}

/* limit: the pages that type 10 says it has; the list may be longer, with stale entries. */
static bool read_list(const struct dump_source *source, struct runs *runs, uint64_t end,
    uint64_t limit, struct error *error)
{
	uint8_t *pairs = malloc((size_t)16 * PAIRS_AT_ONCE);
	if (!pairs)
		return error_memory(error);
	bool good = true;
	uint64_t pages = 0, count = 1;
	for (uint64_t at = LIST; good && count && pages < limit && end - at >= 16;) {
		uint64_t here = (end - at) / 16 < PAIRS_AT_ONCE ? (end - at) / 16 : PAIRS_AT_ONCE;
		good = source_read(source, at, pairs, (size_t)here * 16) ||
		       error_set(error, EXIT_TARGET, "its list of pages cannot be read");
		for (uint64_t i = 0; good && i < here && pages < limit; i++) {
			count = load64(pairs + 16 * i + 8);
			if (count == 0)
				break;
			if (count > limit - pages)
				count = limit - pages;
			good = runs_add(runs, load64(pairs + 16 * i), count, error);
			pages += count;
		}
		at += here * 16;
	}
	free(pairs);
	return good;
}

static bool rdmp_open(const struct dump_source *source, const uint8_t raw[DUMP_HEADER_SIZE],
    void **state, struct error *error)
{
	uint8_t rdmp[0x30];
	if (!source_read(source, RDMP, rdmp, sizeof rdmp))
		return error_set(error, EXIT_USAGE,
		    "cut off at byte %llu, before its list of pages; copy it again",
		    (unsigned long long)source->size);
	if (!check_header(source, rdmp, error))
		return false;
	uint64_t first = load64(rdmp + 0x18);
	bool full = load32(raw + 0xf98) == DUMP_TYPE_DEBUGGER_FULL;
	struct runs *runs = runs_create(first);
	if (!runs)
		return error_memory(error);
	if (!read_list(source, runs, first, full ? load64(rdmp + 0x28) : UINT64_MAX, error) ||
	    !runs_sort(runs, error)) {
		runs_destroy(runs);
		return false;
	}
	*state = runs;
	return true;
}

static void runs_format_close(void *state)
{
	runs_destroy(state);
}

static bool runs_format_find(const void *state, uint64_t pfn, uint64_t *offset)
{
	return runs_find(state, pfn, offset);
}

static void runs_format_extent(
    const void *state, uint64_t *pages, uint64_t *first_offset, uint64_t *highest)
{
	runs_extent(state, pages, first_offset, highest);
}

const struct dump_format format_full = {
    .name = "memory runs",
    .types = {DUMP_TYPE_FULL},
    .open = full_open,
    .close = runs_format_close,
    .find = runs_format_find,
    .extent = runs_format_extent,
};

const struct dump_format format_rdmp = {
    .name = "RDMP",
    .types = {DUMP_TYPE_DEBUGGER_KERNEL, DUMP_TYPE_DEBUGGER_KERNEL_USER, DUMP_TYPE_DEBUGGER_FULL},
    .open = rdmp_open,
    .close = runs_format_close,
    .find = runs_format_find,
    .extent = runs_format_extent,
};
