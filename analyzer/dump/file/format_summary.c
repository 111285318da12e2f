/* DumpType 2, the kernel dump of Windows before 8. Writers disagree about the header in front of its bitmap: of the
 * layouts known, the one is taken whose bitmap has as many bits set as it says it has pages. */
#include "dump/file/format.h"

#include <string.h>

#include "dump/file/bitmap.h"
#include "dump/file/page.h"
#include "dump/little_endian.h"

#define SDMP DUMP_HEADER_SIZE

struct candidate {
	struct bitmap_layout layout;
	uint64_t pages;
};

/* The header of Windows 8 and later; the older one with HeaderSize counted from the file's start; the same
 * counted from SDMP. */
static void list_candidates(const uint8_t sdmp[0x38], struct candidate out[3])
{
	out[0] = (struct candidate){
	    .layout = {.bitmap = SDMP + 0x38,
	        .bits = load64(sdmp + 0x30),
	        .first_page = load64(sdmp + 0x20)},
	    .pages = load64(sdmp + 0x28),
	};
	out[1] = (struct candidate){
	    .layout = {.bitmap = SDMP + 0x28,
	        .bits = load32(sdmp + 0x10),
	        .first_page = load32(sdmp + 0xc)},
	    .pages = load32(sdmp + 0x14),
	};
	out[2] = out[1];
	out[2].layout.first_page += SDMP;
}

static bool summary_open(const struct dump_source *source, const uint8_t raw[DUMP_HEADER_SIZE],
    void **state, struct error *error)
{
	(void)raw;
	uint8_t sdmp[0x38];
	if (!source_read(source, SDMP, sdmp, sizeof sdmp))
		return error_set(error, EXIT_USAGE,
		    "cut off at byte %llu, before its bitmap of pages; copy it again",
		    (unsigned long long)source->size);
	if (memcmp(sdmp, "SDMPDUMP", 8) != 0)
		return error_set(error, EXIT_USAGE, "damaged: no SDMP header at 0x%x", SDMP);
	struct candidate candidates[3];
	list_candidates(sdmp, candidates);
	struct bitmap *best = NULL;
	for (size_t i = 0; i < 3; i++) {
		struct bitmap *bitmap = bitmap_create(source, &candidates[i].layout, NULL);
		if (!bitmap || bitmap_population(bitmap) != candidates[i].pages) {
			bitmap_destroy(bitmap);
			continue;
		}
		/* Of several that count right, the one that ends where the file ends. */
		uint64_t end =
		    candidates[i].layout.first_page + candidates[i].pages * DUMP_PAGE_SIZE;
		if (best && end != source->size) {
			bitmap_destroy(bitmap);
			continue;
		}
		bitmap_destroy(best);
		best = bitmap;
	}
	if (!best)
		return error_set(error, EXIT_USAGE,
		    "damaged or cut off: neither layout known of its SDMP header has as many pages as "
		    "bits set");
	*state = best;
	return true;
}

static void summary_close(void *state)
{
	bitmap_destroy(state);
}

static bool summary_find(const void *state, uint64_t pfn, uint64_t *offset)
{
	return bitmap_find(state, pfn, offset);
}

static void summary_extent(
    const void *state, uint64_t *pages, uint64_t *first_offset, uint64_t *highest)
{
	bitmap_extent(state, pages, first_offset, highest);
}

const struct dump_format format_summary = {
    .name = "summary",
    .types = {DUMP_TYPE_SUMMARY},
    .open = summary_open,
    .close = summary_close,
    .find = summary_find,
    .extent = summary_extent,
};
