/* Dumps that have a bitmap of page frames behind the header: DumpTypes 5 and 6, complete, active and kernel dumps of Windows 8 and
 * later (kdmp-parser: BMP_HEADER64); and DumpType 2, the kernel dump of Windows before 8. Of the latter writers disagree about the
 * header in front of the bitmap: of the layouts known, the one is taken whose bitmap has as many bits set as it says it has pages. */
#include "dump/file/format.h"

#include <string.h>

#include "dump/file/bitmap.h"
#include "dump/file/page.h"
#include "dump/little_endian.h"

#define BMP DUMP_HEADER_SIZE /* where it begins; SDMP in the older kind */

static bool bitmap_format_open(const struct dump_source *source,
    const uint8_t raw[DUMP_HEADER_SIZE], void **state, struct error *error)
{
	(void)raw;
	uint8_t bmp[0x38];
	if (!source_read(source, BMP, bmp, sizeof bmp))
		return error_set(error, EXIT_USAGE,
		    "cut off at byte %llu, before its bitmap of pages; copy it again",
		    (unsigned long long)source->size);
	if ((memcmp(bmp, "SDMP", 4) != 0 && memcmp(bmp, "FDMP", 4) != 0) ||
	    memcmp(bmp + 4, "DUMP", 4) != 0)
		return error_set(error, EXIT_USAGE, "damaged: no bitmap header at 0x%x", BMP);
	/* The field says how many pages there should be too, but only the bits say which. */
	struct bitmap_layout layout = {
	    .bitmap = BMP + 0x38,
	    .bits = load64(bmp + 0x30),
	    .first_page = load64(bmp + 0x20),
	};
	struct bitmap *bitmap = bitmap_create(source, &layout, error);
	if (!bitmap)
		return false;
	*state = bitmap;
	return true;
}

struct candidate {
	struct bitmap_layout layout;
	uint64_t pages;
};

/* The header of Windows 8 and later; the older one with HeaderSize counted from the file's start; the same
 * counted from SDMP. */
static void list_candidates(const uint8_t sdmp[0x38], struct candidate out[3])
{
	out[0] = (struct candidate){
	    .layout = {.bitmap = BMP + 0x38,
	        .bits = load64(sdmp + 0x30),
	        .first_page = load64(sdmp + 0x20)},
	    .pages = load64(sdmp + 0x28),
	};
	out[1] = (struct candidate){
	    .layout = {.bitmap = BMP + 0x28,
	        .bits = load32(sdmp + 0x10),
	        .first_page = load32(sdmp + 0xc)},
	    .pages = load32(sdmp + 0x14),
	};
	out[2] = out[1];
	out[2].layout.first_page += BMP;
}

static bool summary_open(const struct dump_source *source, const uint8_t raw[DUMP_HEADER_SIZE],
    void **state, struct error *error)
{
	(void)raw;
	uint8_t sdmp[0x38];
	if (!source_read(source, BMP, sdmp, sizeof sdmp))
		return error_set(error, EXIT_USAGE,
		    "cut off at byte %llu, before its bitmap of pages; copy it again",
		    (unsigned long long)source->size);
	if (memcmp(sdmp, "SDMPDUMP", 8) != 0)
		return error_set(error, EXIT_USAGE, "damaged: no SDMP header at 0x%x", BMP);
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

static void bitmap_format_close(void *state)
{
	bitmap_destroy(state);
}

static bool bitmap_format_find(const void *state, uint64_t pfn, uint64_t *offset)
{
	return bitmap_find(state, pfn, offset);
}

static void bitmap_format_extent(
    const void *state, uint64_t *pages, uint64_t *first_offset, uint64_t *highest)
{
	bitmap_extent(state, pages, first_offset, highest);
}

const struct dump_format format_bitmap = {
    .name = "bitmap",
    .types = {DUMP_TYPE_BITMAP_FULL, DUMP_TYPE_BITMAP_KERNEL},
    .open = bitmap_format_open,
    .close = bitmap_format_close,
    .find = bitmap_format_find,
    .extent = bitmap_format_extent,
};

const struct dump_format format_summary = {
    .name = "summary",
    .types = {DUMP_TYPE_SUMMARY},
    .open = summary_open,
    .close = bitmap_format_close,
    .find = bitmap_format_find,
    .extent = bitmap_format_extent,
};
