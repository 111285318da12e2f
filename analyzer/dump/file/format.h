/* How each type of dump arranges its pages: one table of operations a format. */
#ifndef LEAKLAB_DUMP_FORMAT_H
#define LEAKLAB_DUMP_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/file/header.h"
#include "dump/file/source.h"

struct dump_format {
	const char *name;
	uint32_t types[4]; /* DumpType numbers, ended by 0 */

	/* Reads where the pages are. state is the format's own. */
	bool (*open)(const struct dump_source *source, const uint8_t raw[DUMP_HEADER_SIZE],
	    void **state, struct error *error);
	void (*close)(void *state);
	/* The file offset of a page, false if the dump does not hold it. */
	bool (*find)(const void *state, uint64_t pfn, uint64_t *offset);
	/* Pages listed, the lowest offset of one, and the highest page frame number. */
	void (*extent)(
	    const void *state, uint64_t *pages, uint64_t *first_offset, uint64_t *highest);
};

extern const struct dump_format format_full, format_summary, format_bitmap, format_rdmp;

#endif
