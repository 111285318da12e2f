/* Which format a type of dump has, and when a page that the dump lists is beyond the end of the file. */
#include "dump/file/dump_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/file/format.h"
#include "dump/file/page_cache.h"
#include "dump/file/read_ahead.h"
#include "dump/file/refusal.h"

static const struct dump_format *const formats[] = {
    &format_full, &format_summary, &format_bitmap, &format_rdmp};

struct dump_file {
	char *path; /* for messages */
	struct dump_source source;
	struct dump_header header;
	uint8_t raw[DUMP_HEADER_SIZE];
	const struct dump_format *format; /* NULL until the pages have been found */
	void *state;                      /* the format's */
	struct page_cache *cache;
	struct wanted *wanted; /* NULL: none was yet */
};

/* The header, or what the file is instead. raw keeps its bytes for the formats. */
static bool read_header(const struct dump_source *source, uint8_t raw[DUMP_HEADER_SIZE],
    struct dump_header *header, struct error *error)
{
	memset(raw, 0, DUMP_HEADER_SIZE);
	size_t length = source->size < DUMP_HEADER_SIZE ? (size_t)source->size : DUMP_HEADER_SIZE;
	if (!source_read(source, 0, raw, length))
		return error_set(error, EXIT_TARGET, "its first bytes cannot be read");
	if (!refuse_other_files(raw, length, error))
		return false;
	if (length < DUMP_HEADER_SIZE)
		return error_set(error, EXIT_USAGE,
		    "a memory dump cut off within its header, at byte %zu; copy it again", length);
	header_parse(raw, header);
	return refuse_other_machines(header->machine, error);
}

struct dump_file *dump_file_open(const char *path, struct error *error)
{
	struct dump_file *dump = calloc(1, sizeof *dump);
	if (!dump) {
		error_set(error, EXIT_TARGET, "reading %s: out of memory", path);
		return NULL;
	}
	if (!source_open(&dump->source, path, error)) {
		free(dump);
		return NULL;
	}
	if (asprintf(&dump->path, "%s", path) < 0) {
		dump->path = NULL;
		error_memory(error);
		goto fail;
	}
	if (!read_header(&dump->source, dump->raw, &dump->header, error))
		goto fail;
	return dump;
fail:
	error_prefix(error, "%s", path);
	dump_file_close(dump);
	return NULL;
}

void dump_file_close(struct dump_file *dump)
{
	if (!dump)
		return;
	if (dump->format)
		dump->format->close(dump->state);
	page_cache_destroy(dump->cache);
	wanted_destroy(dump->wanted);
	source_close(&dump->source);
	free(dump->path);
	free(dump);
}

const struct dump_header *dump_file_header(const struct dump_file *dump)
{
	return &dump->header;
}

static const struct dump_format *format_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		for (const uint32_t *known = formats[i]->types; *known; known++)
			if (*known == type)
				return formats[i];
	return NULL;
}

static bool find_pages(struct dump_file *dump, struct error *error)
{
	char summary[DUMP_SUMMARY_TEXT];
	if (!refuse_without_pages(&dump->header, error))
		return false;
	const struct dump_format *format = format_of(dump->header.type);
	if (!format)
		return error_set(error, EXIT_USAGE,
		    "a dump of type %u (%s), which is not understood; types 1, 2, 5, 6, 8, 9 and 10 are",
		    dump->header.type, header_summary(&dump->header, summary));
	if (!dump->cache)
		dump->cache = page_cache_create();
	if (!dump->cache)
		return error_memory(error);
	if (!format->open(&dump->source, dump->raw, &dump->state, error))
		return error_prefix(error, "a %s (%s)", dump_type_name(dump->header.type),
		    header_summary(&dump->header, summary));
	dump->format = format;
	return true;
}

bool dump_file_find_pages(struct dump_file *dump, struct error *error)
{
	return dump->format || find_pages(dump, error) || error_prefix(error, "%s", dump->path);
}

void dump_file_count_pages(const struct dump_file *dump, struct dump_page_counts *counts)
{
	uint64_t listed, first, highest;
	dump->format->extent(dump->state, &listed, &first, &highest);
	uint64_t room =
	    dump->source.size > first ? (dump->source.size - first) / DUMP_PAGE_SIZE : 0;
	counts->listed = listed;
	counts->stored = room < listed ? room : listed;
}

uint64_t dump_file_highest_page(const struct dump_file *dump)
{
	uint64_t listed, first, highest;
	dump->format->extent(dump->state, &listed, &first, &highest);
	return highest;
}

bool dump_file_fits(const struct dump_file *dump)
{
	return source_fits(&dump->source);
}

bool dump_file_read_ahead(const struct dump_file *dump, uint64_t *from)
{
	return source_read_ahead(&dump->source, from);
}

void dump_file_want(struct dump_file *dump, uint64_t pfn)
{
	uint64_t offset;
	if (!dump->wanted)
		dump->wanted = wanted_create(&dump->source);
	if (dump->wanted && dump->format->find(dump->state, pfn, &offset))
		wanted_add(dump->wanted, offset);
}

void dump_file_read_wanted(struct dump_file *dump)
{
	if (dump->wanted)
		wanted_read_ahead(dump->wanted, &dump->source);
}

enum dump_page dump_file_page_slot(
    struct dump_file *dump, uint64_t pfn, const struct dump_page_slot **slot)
{
	uint64_t offset;
	if (!dump->format->find(dump->state, pfn, &offset))
		return DUMP_PAGE_ABSENT;
	/* No overflow: offsets are below 2^63, and at most 2^44 bytes of pages follow. */
	if (offset + DUMP_PAGE_SIZE > dump->source.size)
		return DUMP_PAGE_TRUNCATED;
	const struct dump_page_slot *found = page_cache_read(dump->cache, &dump->source, offset);
	if (!found)
		return DUMP_PAGE_UNREADABLE;
	*slot = found;
	return DUMP_PAGE_FOUND;
}

enum dump_page dump_file_page(struct dump_file *dump, uint64_t pfn, const uint8_t **bytes)
{
	const struct dump_page_slot *slot;
	enum dump_page page = dump_file_page_slot(dump, pfn, &slot);
	if (page == DUMP_PAGE_FOUND)
		*bytes = slot->bytes;
	return page;
}
