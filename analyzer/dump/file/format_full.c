/* DumpType 1, a complete memory dump: the physical memory runs of the header, packed behind it. */
#include "dump/file/format.h"

#include "dump/file/runs.h"
#include "dump/little_endian.h"

#define RUN_COUNT 0x88
#define RUNS 0x98
#define RUNS_LARGEST 42 /* the descriptor is 700 bytes long: 16, and 16 a run */
#define UNSET 0x45474150u

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
		return error_set(error, EXIT_TARGET, "out of memory");
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

static void full_close(void *state)
{
	runs_destroy(state);
}

static bool full_find(const void *state, uint64_t pfn, uint64_t *offset)
{
	return runs_find(state, pfn, offset);
}

static void full_extent(
    const void *state, uint64_t *pages, uint64_t *first_offset, uint64_t *highest)
{
	runs_extent(state, pages, first_offset, highest);
}

const struct dump_format format_full = {
    .name = "memory runs",
    .types = {DUMP_TYPE_FULL},
    .open = full_open,
    .close = full_close,
    .find = full_find,
    .extent = full_extent,
};
