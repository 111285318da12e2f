/* DumpTypes 5 and 6, complete, active and kernel dumps of Windows 8 and later: a bitmap of page frames behind the
 * header (kdmp-parser: BMP_HEADER64). */
#include "dump/file/format.h"

#include <string.h>

#include "dump/file/bitmap.h"
#include "dump/little_endian.h"

#define BMP DUMP_HEADER_SIZE

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
