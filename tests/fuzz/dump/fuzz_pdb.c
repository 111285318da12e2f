/* A PDB, or (if it starts with MZ) an image in memory. */
#include <string.h>

#include "dump/pdb/pdb.h"
#include "dump/pdb/pe_image.h"
#include "tests/fuzz/input.h"

#define TYPES_LARGEST 2000

struct image {
	const uint8_t *bytes;
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

static void ask_image(const uint8_t *bytes, size_t length)
{
	struct image image = {.bytes = bytes, .length = length};
	struct pe_reader reader = {.read = read_image, .context = &image};
	struct pe_identity identity;
	struct error error;
	pe_image_identify(&reader, &identity, &error);
	struct pe_exports *exports = pe_exports_create(&reader, &error);
	if (exports) {
		pe_exports_nearest(exports, 0x1234);
	}
	pe_exports_destroy(exports);
}

static bool ask_member(void *context, const char *name, const struct pdb_member *member)
{
	volatile size_t *sum = context;
	*sum += strlen(name) + (size_t)member->offset;
	return true;
}

static void ask_pdb(struct pdb *pdb)
{
	volatile size_t sum = 0;
	struct pdb_member member;
	struct pdb_public item, nearest;
	struct pdb_type type;
	uint32_t index, rva;
	int64_t value;
	size_t asked = 0;
	for (size_t cursor = 0; asked++ < TYPES_LARGEST && pdb_next_public(pdb, &cursor, &item);) {
		pdb_find_public(pdb, item.name, &rva);
		pdb_nearest_public(pdb, item.rva, &nearest);
	}
	asked = 0;
	for (size_t cursor = 0; asked++ < TYPES_LARGEST && pdb_next_type(pdb, &cursor, &index);) {
		if (pdb_type_by_index(pdb, index, &type) && type.name)
			pdb_find_type(pdb, type.name, &type);
		if (asked < 100)
			pdb_each_member(pdb, index, ask_member, (void *)(uintptr_t)&sum);
	}
	pdb_find_member(pdb, "_TOKEN", "Links.Blink", &member, NULL);
	pdb_find_member(pdb, "_TOKEN", "Lists", &member, NULL);
	pdb_find_enum_value(pdb, "_TOKEN_TYPE", "TokenStrange", &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error error;
	if (length > 2 && memcmp(bytes, "MZ", 2) == 0) {
		ask_image(bytes, length);
		return 0;
	}
	struct pdb *pdb = pdb_open(fuzz_file(bytes, length), &error);
	if (pdb)
		ask_pdb(pdb);
	pdb_close(pdb);
	return 0;
}
