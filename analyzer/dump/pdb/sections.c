/* Section headers (IMAGE_SECTION_HEADER) and OMAP (imagehlp: OMAP {rva, rvaTo}). Microsoft reorders its kernels' code
 * after linking, so that symbols refer to sections that the image no longer has. */
#include "dump/pdb/sections.h"

#include "dump/little_endian.h"

#define HEADER_LENGTH 40
#define SLOT_OMAP_FROM_SOURCE 4
#define SLOT_SECTIONS 5
#define SLOT_SECTIONS_BEFORE 10
#define SLOT_ABSENT 0xffff

static bool slot_stream(struct streams *streams, struct span debug_header, size_t slot,
    struct span *out, struct error *error)
{
	*out = (struct span){0};
	if (debug_header.length < 2 * slot + 2)
		return true;
	uint16_t stream = load16(debug_header.bytes + 2 * slot);
	return stream == SLOT_ABSENT || streams_get(streams, stream, out, error);
}

bool sections_init(struct sections *sections, struct streams *streams, struct span debug_header,
    struct error *error)
{
	struct sections found;
	if (!slot_stream(streams, debug_header, SLOT_SECTIONS, &found.image, error) ||
	    !slot_stream(streams, debug_header, SLOT_SECTIONS_BEFORE, &found.symbols, error) ||
	    !slot_stream(streams, debug_header, SLOT_OMAP_FROM_SOURCE, &found.omap, error))
		return false;
	if (found.symbols.length == 0 || found.omap.length == 0)
		found.symbols = found.image;
	for (size_t at = 8; at + 8 <= found.omap.length; at += 8)
		if (load32(found.omap.bytes + at) < load32(found.omap.bytes + at - 8))
			return error_set(error, EXIT_USAGE,
			    "damaged: its map of moved code (OMAP) is not in order; fetch it again from the "
			    "symbol server");
	*sections = found;
	return true;
}

/* The last entry that is not above the RVA. An entry that maps to 0 says that the code is gone. */
static bool map_moved(const struct sections *sections, uint32_t *rva)
{
	size_t low = 0, high = sections->omap.length / 8;
	if (high == 0)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (load32(sections->omap.bytes + 8 * middle) <= *rva)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	const uint8_t *entry = sections->omap.bytes + 8 * (low - 1);
	uint32_t to = load32(entry + 4);
	if (to == 0)
		return false;
	*rva = to + (*rva - load32(entry));
	return true;
}

bool sections_rva(const struct sections *sections, uint16_t segment, uint32_t offset, uint32_t *rva)
{
	if (segment == 0 || segment > sections->symbols.length / HEADER_LENGTH)
		return false;
	const uint8_t *header = sections->symbols.bytes + (size_t)HEADER_LENGTH * (segment - 1u);
	uint32_t start = load32(header + 12);
	if (offset > UINT32_MAX - start)
		return false;
	uint32_t found = start + offset;
	if (!map_moved(sections, &found))
		return false;
	*rva = found;
	return true;
}

bool sections_start(const struct sections *sections, uint32_t rva, uint32_t *start)
{
	for (size_t i = 0; i < sections->image.length / HEADER_LENGTH; i++) {
		const uint8_t *header = sections->image.bytes + HEADER_LENGTH * i;
		uint32_t size = load32(header + 8), raw = load32(header + 16),
		         from = load32(header + 12);
		if (rva >= from && rva - from < (size > raw ? size : raw)) {
			*start = from;
			return true;
		}
	}
	return false;
}
