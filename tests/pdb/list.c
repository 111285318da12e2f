/* leaklab-pdb-list: what the analyzer reads in a PDB, one line a fact, for comparison with another reader.
 *	leaklab-pdb-list PDB             identity, publics, members of every structure
 *	leaklab-pdb-list --image FILE    identity, PDB name and exports of an image as it lies in memory
 *	leaklab-pdb-list --time PDB      opens it, asks it some questions and prints the milliseconds of both */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/input.h"
#include "common/timestamp.h"
#include "dump/pdb/pdb.h"
#include "dump/pdb/pe_image.h"

static bool list_member(void *context, const char *name, const struct pdb_member *member)
{
	const uint32_t *index = context;
	printf("member 0x%" PRIX32 " %" PRIu64 " %s\n", *index, member->offset, name);
	return true;
}

static bool list_types(const struct pdb *pdb)
{
	bool good = true;
	uint32_t index;
	for (size_t cursor = 0; pdb_next_type(pdb, &cursor, &index);) {
		struct pdb_type type;
		/* A forward reference, like a modifier, describes another record. */
		if (!pdb_type_by_index(pdb, index, &type) || type.index != index ||
		    (type.kind != PDB_KIND_STRUCT && type.kind != PDB_KIND_UNION))
			continue;
		printf("type 0x%" PRIX32 " %" PRIu64 " %s\n", index, type.size, type.name);
		if (!pdb_each_member(pdb, index, list_member, &index)) {
			fprintf(
			    stderr, "type 0x%" PRIX32 " %s: damaged members\n", index, type.name);
			good = false;
		}
	}
	return good;
}

static bool list(const char *path, struct error *error)
{
	struct pdb *pdb = pdb_open(path, error);
	char text[PDB_IDENTITY_TEXT];
	struct pdb_public item;
	if (!pdb)
		return false;
	printf("identity %s\n", pdb_identity_text(pdb_identity(pdb), text));
	for (size_t cursor = 0; pdb_next_public(pdb, &cursor, &item);)
		printf("public %04u:%010u %s\n", item.segment, item.offset, item.name);
	bool good = list_types(pdb) || error_set(error, EXIT_USAGE, "%s: damaged members", path);
	pdb_close(pdb);
	return good;
}

static bool time_it(const char *path, struct error *error)
{
	int64_t start = timestamp_monotonic();
	struct pdb *pdb = pdb_open(path, error);
	if (!pdb)
		return false;
	int64_t opened = timestamp_monotonic();
	struct pdb_type type;
	struct pdb_public item, nearest = {0};
	size_t asked = 0, known = 0;
	uint32_t index, rva;
	for (size_t cursor = 0; asked < 2000 && pdb_next_public(pdb, &cursor, &item); asked++)
		known += pdb_find_public(pdb, item.name, &rva) &&
		         pdb_nearest_public(pdb, rva + 1, &nearest);
	for (size_t cursor = 0; asked < 4000 && pdb_next_type(pdb, &cursor, &index); asked++)
		known += pdb_type_by_index(pdb, index, &type) && type.name &&
		         pdb_find_type(pdb, type.name, &type);
	int64_t answered = timestamp_monotonic();
	printf("open_ms=%.3f query_ms=%.3f questions=%zu known=%zu\n",
	    (double)(opened - start) / 1e3, (double)(answered - opened) / 1e3, asked, known);
	pdb_close(pdb);
	return true;
}

struct image {
	char *bytes;
	size_t length;
};

static bool read_image(void *context, uint32_t rva, void *buffer, size_t length)
{
	const struct image *image = context;
	if (rva > image->length || length > image->length - rva)
		return false;
	memcpy(buffer, image->bytes + rva, length);
	return true;
}

static bool list_image(const char *path, struct error *error)
{
	struct image image;
	struct pe_reader reader = {.read = read_image, .context = &image};
	struct pe_identity identity;
	char text[PDB_IDENTITY_TEXT];
	if (!input_read(path, &image.bytes, &image.length, error))
		return false;
	struct pe_exports *exports = NULL;
	bool good = pe_image_identify(&reader, &identity, error);
	if (good) {
		printf("identity %s\nname %s\n", pdb_identity_text(&identity.pdb, text),
		    identity.pdb_name);
		exports = pe_exports_create(&reader, error);
	}
	for (uint32_t rva = UINT32_MAX; exports;) {
		const struct pe_export *item = pe_exports_nearest(exports, rva);
		if (!item)
			break;
		printf("export 0x%" PRIx32 " %s\n", item->rva, item->name);
		rva = item->rva - 1;
	}
	good = good && exports;
	pe_exports_destroy(exports);
	free(image.bytes);
	return good;
}

int main(int argc, char **argv)
{
	struct error error = {0};
	if (argc == 2 && list(argv[1], &error))
		return 0;
	if (argc == 3 && strcmp(argv[1], "--image") == 0 && list_image(argv[2], &error))
		return 0;
	if (argc == 3 && strcmp(argv[1], "--time") == 0 && time_it(argv[2], &error))
		return 0;
	if (error.code == 0)
		error_set(
		    &error, EXIT_USAGE, "usage: leaklab-pdb-list PDB | --image FILE | --time PDB");
	return error_print(&error, "leaklab-pdb-list");
}
