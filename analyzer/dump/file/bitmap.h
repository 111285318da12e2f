/* One bit a page frame, least significant first; the pages that have one are packed in order. */
#ifndef LEAKLAB_DUMP_BITMAP_H
#define LEAKLAB_DUMP_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/file/source.h"

struct bitmap;

/* Where a bitmap and its pages lie in the file. */
struct bitmap_layout {
	uint64_t bitmap;     /* offset of the bitmap */
	uint64_t bits;       /* page frames that it covers */
	uint64_t first_page; /* offset of the first page's bytes */
};

struct bitmap *bitmap_create(
    const struct dump_source *source, const struct bitmap_layout *layout, struct error *error);
void bitmap_destroy(struct bitmap *bitmap); /* NULL is allowed */

uint64_t bitmap_population(const struct bitmap *bitmap);
bool bitmap_find(const struct bitmap *bitmap, uint64_t pfn, uint64_t *offset);
void bitmap_extent(
    const struct bitmap *bitmap, uint64_t *pages, uint64_t *first_offset, uint64_t *highest);

#endif
