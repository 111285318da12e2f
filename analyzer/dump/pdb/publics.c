/* S_PUB32 records, by one scan over the symbol records. The PDB's own hash tables are not used: they would have to be
 * checked record by record, which costs as much. */
#include "dump/pdb/publics.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "dump/little_endian.h"
#include "dump/pdb/cursor.h"

#define S_PUB32 0x110e

static bool append(struct publics *publics, const struct pdb_public *item)
{
	if (!array_reserve(&publics->item, publics->count, sizeof *publics->item))
		return false;
	publics->item[publics->count++] = *item;
	return true;
}

static bool scan(struct publics *publics, struct span symbols, const struct sections *sections,
    struct error *error)
{
	/* A record's length does not count itself. */
	for (size_t at = 0; symbols.length - at >= 4;) {
		uint16_t length = load16(symbols.bytes + at);
		if (length < 2 || length > symbols.length - at - 2)
			return error_set(error, EXIT_USAGE,
			    "damaged: the symbol at %zu of %zu does not fit; fetch it again from the symbol "
			    "server",
			    at, symbols.length);
		if (load16(symbols.bytes + at + 2) == S_PUB32) {
			struct cursor body = {
			    .at = symbols.bytes + at + 4, .end = symbols.bytes + at + 2 + length};
			cursor_u32(&body); /* flags: code, function, managed */
			struct pdb_public item = {.offset = cursor_u32(&body)};
			item.segment = cursor_u16(&body);
			item.name = cursor_name(&body);
			item.has_rva = sections_rva(sections, item.segment, item.offset, &item.rva);
			if (!body.bad && !append(publics, &item))
				return error_memory(error);
		}
		at += (size_t)2 + length;
	}
	return true;
}

bool publics_init(struct publics *publics, struct span symbols, const struct sections *sections,
    struct error *error)
{
	memset(publics, 0, sizeof *publics);
	if (!scan(publics, symbols, sections, error))
		goto fail;
	if (!name_table_init(&publics->names, publics->count)) {
		error_memory(error);
		goto fail;
	}
	for (size_t i = 0; i < publics->count; i++)
		if (publics->item[i].has_rva)
			name_table_add(&publics->names, publics->item[i].name, (uint32_t)i);
	return true;
fail:
	publics_deinit(publics);
	return false;
}

void publics_deinit(struct publics *publics)
{
	free(publics->item);
	free(publics->by_rva);
	name_table_deinit(&publics->names);
	memset(publics, 0, sizeof *publics);
}

bool publics_find(const struct publics *publics, const char *name, uint32_t *rva)
{
	uint32_t index;
	if (!name_table_find(&publics->names, name, &index))
		return false;
	*rva = publics->item[index].rva;
	return true;
}

static int compare(const void *left, const void *right, void *context)
{
	const struct pdb_public *items = context;
	uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
	if (items[i].rva != items[j].rva)
		return items[i].rva < items[j].rva ? -1 : 1;
	return (i > j) - (i < j);
}

static bool sort_by_rva(struct publics *publics)
{
	publics->by_rva = malloc((publics->count + 1) * sizeof *publics->by_rva);
	if (!publics->by_rva)
		return false;
	for (size_t i = 0; i < publics->count; i++)
		if (publics->item[i].has_rva)
			publics->by_rva[publics->by_rva_count++] = (uint32_t)i;
	qsort_r(publics->by_rva, publics->by_rva_count, sizeof *publics->by_rva, compare,
	    publics->item);
	return true;
}

bool publics_nearest(
    struct publics *publics, const struct sections *sections, uint32_t rva, struct pdb_public *out)
{
	uint32_t start;
	if (!sections_start(sections, rva, &start) || (!publics->by_rva && !sort_by_rva(publics)))
		return false;
	size_t low = 0, high = publics->by_rva_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (publics->item[publics->by_rva[middle]].rva <= rva)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	/* Of several at one place, the first in the file's order. */
	uint32_t found = publics->item[publics->by_rva[low - 1]].rva;
	while (low > 1 && publics->item[publics->by_rva[low - 2]].rva == found)
		low--;
	if (found < start)
		return false;
	*out = publics->item[publics->by_rva[low - 1]];
	return true;
}
