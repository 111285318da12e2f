/* PE headers, debug directory and export directory (Microsoft PE Format), of an image as it lies in memory: every
 * offset is an RVA, nothing is a file offset. */
#include "dump/pdb/pe_image.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "dump/little_endian.h"

#define DEBUG_ENTRIES_LARGEST 64
#define DEBUG_TYPE_CODEVIEW 2
#define DIRECTORY_EXPORT 0
#define DIRECTORY_DEBUG 6
#define PE32_PLUS 0x20b
#define HEADERS_LARGEST 0x10000u
#define EXPORTS_LARGEST 65536u
#define EXPORT_NAME_LONGEST 512u

struct headers {
	uint32_t timestamp, size_of_image;
	uint32_t export_rva, export_size, debug_rva, debug_size;
};

static bool read_at(const struct pe_reader *reader, uint64_t rva, void *buffer, size_t length)
{
	return rva + length <= UINT32_MAX &&
	       reader->read(reader->context, (uint32_t)rva, buffer, length);
}

static bool read_headers(const struct pe_reader *reader, struct headers *out, struct error *error)
{
	uint8_t dos[64], pe[24 + 112 + 8 * 16];
	if (!read_at(reader, 0, dos, sizeof dos))
		return error_set(error, EXIT_USAGE, "its headers are not in the dump");
	uint32_t at = load32(dos + 0x3c);
	if (memcmp(dos, "MZ", 2) != 0 || at > HEADERS_LARGEST)
		return error_set(error, EXIT_USAGE, "no image: it does not start with MZ");
	if (!read_at(reader, at, pe, sizeof pe))
		return error_set(error, EXIT_USAGE, "its headers are not in the dump");
	if (memcmp(pe, "PE\0\0", 4) != 0 || load16(pe + 24) != PE32_PLUS)
		return error_set(error, EXIT_USAGE, "no 64-bit image: its PE header is another's");
	uint32_t directories = load32(pe + 24 + 108);
	const uint8_t *directory = pe + 24 + 112;
	*out = (struct headers){.timestamp = load32(pe + 8), .size_of_image = load32(pe + 24 + 56)};
	if (directories > DIRECTORY_EXPORT) {
		out->export_rva = load32(directory + 8 * DIRECTORY_EXPORT);
		out->export_size = load32(directory + 8 * DIRECTORY_EXPORT + 4);
	}
	if (directories > DIRECTORY_DEBUG) {
		out->debug_rva = load32(directory + 8 * DIRECTORY_DEBUG);
		out->debug_size = load32(directory + 8 * DIRECTORY_DEBUG + 4);
	}
	return true;
}

static void copy_name(struct pe_identity *out, const char *path)
{
	const char *name = path;
	for (const char *at = path; *at; at++)
		if (*at == '\\' || *at == '/')
			name = at + 1;
	memcpy(out->pdb_path, path, strlen(path) + 1);
	memcpy(out->pdb_name, name, strlen(name) + 1);
}

/* 'RSDS', GUID, age, path with its NUL. */
static bool read_rsds(
    const struct pe_reader *reader, uint32_t rva, uint32_t size, struct pe_identity *out)
{
	uint8_t rsds[24 + sizeof out->pdb_path] = {0};
	if (size > sizeof rsds - 1)
		size = sizeof rsds - 1;
	if (size < 25 || !read_at(reader, rva, rsds, size) || memcmp(rsds, "RSDS", 4) != 0)
		return false;
	memcpy(out->pdb.guid, rsds + 4, sizeof out->pdb.guid);
	out->pdb.age = load32(rsds + 20);
	text_make_safe((char *)rsds + 24);
	copy_name(out, (const char *)rsds + 24);
	return true;
}

bool pe_image_identify(const struct pe_reader *reader, struct pe_identity *out, struct error *error)
{
	struct headers headers;
	struct pe_identity identity = {0};
	if (!read_headers(reader, &headers, error))
		return false;
	identity.timestamp = headers.timestamp;
	identity.size_of_image = headers.size_of_image;
	bool all_read = true;
	for (uint32_t i = 0; i < headers.debug_size / 28 && i < DEBUG_ENTRIES_LARGEST; i++) {
		uint8_t entry[28];
		all_read =
		    read_at(reader, (uint64_t)headers.debug_rva + 28 * i, entry, sizeof entry);
		if (!all_read)
			break;
		if (load32(entry + 12) != DEBUG_TYPE_CODEVIEW)
			continue;
		if (read_rsds(reader, load32(entry + 20), load32(entry + 16), &identity)) {
			*out = identity;
			return true;
		}
		all_read = false;
	}
	return error_set(error, EXIT_USAGE,
	    all_read ? "the image names no PDB (it has no RSDS debug entry)"
	             : "the image's debug directory is not in the dump, so its PDB is not known");
}

struct pe_exports {
	struct pe_export *item; /* by RVA */
	size_t count;
};

/* The export directory's arrays, each read at once. */
struct tables {
	uint32_t functions, names;
	uint8_t *function, *name, *ordinal;
};

static void tables_deinit(struct tables *tables)
{
	free(tables->function);
	free(tables->name);
	free(tables->ordinal);
}

static uint8_t *read_table(const struct pe_reader *reader, uint32_t rva, size_t length)
{
	uint8_t *bytes = malloc(length ? length : 1);
	if (bytes && length && !read_at(reader, rva, bytes, length)) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

static bool read_tables(const struct pe_reader *reader, const struct headers *headers,
    struct tables *tables, struct error *error)
{
	uint8_t directory[40];
	if (headers->export_rva == 0)
		return error_set(error, EXIT_USAGE, "the image exports nothing");
	if (!read_at(reader, headers->export_rva, directory, sizeof directory))
		return error_set(
		    error, EXIT_USAGE, "the image's export directory is not in the dump");
	tables->functions = load32(directory + 20);
	tables->names = load32(directory + 24);
	if (tables->functions > EXPORTS_LARGEST || tables->names > EXPORTS_LARGEST)
		return error_set(error, EXIT_USAGE, "the image's export directory is damaged");
	tables->function =
	    read_table(reader, load32(directory + 28), (size_t)4 * tables->functions);
	tables->name = read_table(reader, load32(directory + 32), (size_t)4 * tables->names);
	tables->ordinal = read_table(reader, load32(directory + 36), (size_t)2 * tables->names);
	if (!tables->function || !tables->name || !tables->ordinal)
		return error_set(
		    error, EXIT_USAGE, "the image's export tables are not in the dump");
	return true;
}

/* Read in pieces: a long read fails as a whole where the page behind a short name is missing. NULL: not there. */
static char *read_name(const struct pe_reader *reader, uint32_t rva)
{
	char name[EXPORT_NAME_LONGEST + 1];
	for (size_t used = 0; used < EXPORT_NAME_LONGEST;) {
		size_t piece = 64 - (rva + used) % 64;
		if (piece > EXPORT_NAME_LONGEST - used)
			piece = EXPORT_NAME_LONGEST - used;
		if (!read_at(reader, (uint64_t)rva + used, name + used, piece))
			return NULL;
		if (memchr(name + used, '\0', piece)) {
			text_make_safe(name);
			return strdup(name);
		}
		used += piece;
	}
	return NULL;
}

static int compare_rva(const void *left, const void *right)
{
	const struct pe_export *a = left, *b = right;
	if (a->rva != b->rva)
		return a->rva < b->rva ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void collect(const struct pe_reader *reader, const struct headers *headers,
    const struct tables *tables, struct pe_exports *exports)
{
	for (uint32_t i = 0; i < tables->names; i++) {
		uint16_t ordinal = load16(tables->ordinal + (size_t)2 * i);
		if (ordinal >= tables->functions)
			continue;
		uint32_t rva = load32(tables->function + (size_t)4 * ordinal);
		/* Within the directory lies the name of a forwarder, not code. */
		if (rva == 0 || (rva >= headers->export_rva &&
		                    rva - headers->export_rva < headers->export_size))
			continue;
		char *name = read_name(reader, load32(tables->name + (size_t)4 * i));
		if (name)
			exports->item[exports->count++] =
			    (struct pe_export){.name = name, .rva = rva};
	}
	qsort(exports->item, exports->count, sizeof *exports->item, compare_rva);
}

struct pe_exports *pe_exports_create(const struct pe_reader *reader, struct error *error)
{
	struct headers headers;
	struct tables tables = {0};
	struct pe_exports *exports = NULL;
	if (!read_headers(reader, &headers, error) ||
	    !read_tables(reader, &headers, &tables, error))
		goto out;
	exports = calloc(1, sizeof *exports);
	if (exports)
		exports->item = calloc((size_t)tables.names + 1, sizeof *exports->item);
	if (!exports || !exports->item) {
		pe_exports_destroy(exports);
		exports = NULL;
		error_memory(error);
		goto out;
	}
	collect(reader, &headers, &tables, exports);
out:
	tables_deinit(&tables);
	return exports;
}

void pe_exports_destroy(struct pe_exports *exports)
{
	if (!exports)
		return;
	for (size_t i = 0; i < exports->count; i++)
		free(exports->item[i].name);
	free(exports->item);
	free(exports);
}

const struct pe_export *pe_exports_nearest(const struct pe_exports *exports, uint32_t rva)
{
	size_t low = 0, high = exports->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (exports->item[middle].rva <= rva)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &exports->item[low - 1] : NULL;
}
