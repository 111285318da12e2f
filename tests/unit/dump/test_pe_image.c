#include "tests/unit/unit.h"

#include <string.h>

#include "dump/pdb/pe_image.h"
#include "tests/unit/dump/make_dump.h"

#define SIZE 0x3000

static uint8_t image[SIZE];
static uint32_t hole; /* an address that cannot be read; 0: none */

static bool read_image(void *context, uint32_t rva, void *buffer, size_t length)
{
	(void)context;
	if (rva > SIZE || length > SIZE - rva || (hole && rva <= hole && hole < rva + length))
		return false;
	memcpy(buffer, image + rva, length);
	return true;
}

static const struct pe_reader reader = {.read = read_image};

/* An image with a debug directory at 0x600 and exports at 0x400: PsOne at 0x1000, PsTwo at 0x1800, one that is
 * forwarded, and one of an ordinal that does not exist. */
static void make_image(void)
{
	static const char names[] = "PsTwo\0PsOne\0PsForwarded\0PsNowhere";
	static const uint16_t name_at[] = {0, 6, 12, 24}, ordinals[] = {1, 0, 2, 7};
	memset(image, 0, sizeof image);
	hole = 0;
	memcpy(image, "MZ", 2);
	make_store32(image + 0x3c, 0x80);
	memcpy(image + 0x80, "PE\0", 4);
	make_store32(image + 0x88, 0x5f5e1000);
	uint8_t *optional = image + 0x98;
	make_store16(optional, 0x20b);
	make_store32(optional + 56, SIZE);
	make_store32(optional + 108, 16);
	make_store32(optional + 112, 0x400);
	make_store32(optional + 116, 0x100);
	make_store32(optional + 112 + 48, 0x600);
	make_store32(optional + 112 + 52, 2 * 28);
	make_store32(image + 0x400 + 20, 3);
	make_store32(image + 0x400 + 24, 4);
	make_store32(image + 0x400 + 28, 0x440);
	make_store32(image + 0x400 + 32, 0x450);
	make_store32(image + 0x400 + 36, 0x460);
	make_store32(image + 0x440, 0x1000);
	make_store32(image + 0x444, 0x1800);
	make_store32(image + 0x448, 0x4f0); /* in the directory: forwarded */
	memcpy(image + 0x470, names, sizeof names);
	for (size_t i = 0; i < 4; i++) {
		make_store32(image + 0x450 + 4 * i, 0x470u + name_at[i]);
		make_store16(image + 0x460 + 2 * i, ordinals[i]);
	}
	make_store32(image + 0x600 + 12, 16); /* a debug entry of another type */
	make_store32(image + 0x61c + 12, 2);
	make_store32(image + 0x61c + 16, 24 + 22);
	make_store32(image + 0x61c + 20, 0x2000);
	memcpy(image + 0x2000,
	    "RSDS\4\3\2\1\6\5\x8\7\x9\xa\xb\xc\xd\xe\xf\x10\3\0\0\0c:\\work/out\\driver.pdb", 46);
}

static void image_names_its_pdb(void **state)
{
	(void)state;
	char text[PDB_IDENTITY_TEXT];
	struct pe_identity identity;
	make_image();
	assert_true(pe_image_identify(&reader, &identity, NULL));
	assert_string_equal(
	    pdb_identity_text(&identity.pdb, text), "0102030405060708090A0B0C0D0E0F103");
	assert_string_equal(identity.pdb_path, "c:\\work/out\\driver.pdb");
	assert_string_equal(identity.pdb_name, "driver.pdb");
	assert_int_equal(identity.size_of_image, SIZE);
	assert_int_equal(identity.timestamp, 0x5f5e1000);
}

static void a_name_of_endless_length_is_cut_and_made_safe(void **state)
{
	(void)state;
	struct pe_identity identity;
	make_image();
	make_store32(image + 0x61c + 16, 0x800);
	memset(image + 0x2018, '\x1b', 0x800);
	assert_true(pe_image_identify(&reader, &identity, NULL));
	assert_int_equal(strlen(identity.pdb_name), sizeof identity.pdb_name - 1);
	assert_int_equal(identity.pdb_name[0], '?');
}

static void assert_not_identified(const char *why)
{
	struct pe_identity identity = {.timestamp = 4711};
	struct error error = {0};
	assert_false(pe_image_identify(&reader, &identity, &error));
	assert_contains(error.text, why);
	assert_int_equal(identity.timestamp, 4711);
	make_image();
}

static void what_is_missing_in_an_image_is_said(void **state)
{
	(void)state;
	make_image();
	hole = 0x10;
	assert_not_identified("headers are not in the dump");
	hole = 0x90;
	assert_not_identified("headers are not in the dump");
	hole = 0x610;
	assert_not_identified("debug directory is not in the dump");
	hole = 0x2010;
	assert_not_identified("debug directory is not in the dump");
	image[0] = 'X';
	assert_not_identified("does not start with MZ");
	make_store32(image + 0x3c, UINT32_MAX);
	assert_not_identified("does not start with MZ");
	make_store16(image + 0x98, 0x10b);
	assert_not_identified("no 64-bit image");
	make_store32(image + 0x98 + 108, 2);
	assert_not_identified("names no PDB");
	make_store32(image + 0x98 + 112 + 48, UINT32_MAX);
	assert_not_identified("debug directory is not in the dump");
	make_store32(image + 0x61c + 16, 24);
	assert_not_identified("debug directory");
}

static void exports_are_found_by_address_and_name(void **state)
{
	(void)state;
	make_image();
	struct pe_exports *exports = pe_exports_create(&reader, NULL);
	assert_non_null(exports);
	assert_null(pe_exports_nearest(exports, 0xfff));
	assert_string_equal(pe_exports_nearest(exports, 0x17ff)->name, "PsOne");
	assert_string_equal(pe_exports_nearest(exports, UINT32_MAX)->name, "PsTwo");
	assert_int_equal(pe_exports_nearest(exports, UINT32_MAX)->rva, 0x1800);
	pe_exports_destroy(exports);
}

static void damaged_exports_are_refused(void **state)
{
	(void)state;
	struct error error = {0};
	make_image();
	make_store32(image + 0x400 + 24, UINT32_MAX);
	assert_null(pe_exports_create(&reader, &error));
	assert_contains(error.text, "damaged");
	make_image();
	hole = 0x445;
	assert_null(pe_exports_create(&reader, &error));
	assert_contains(error.text, "export tables are not in the dump");
	make_image();
	make_store32(image + 0x98 + 112, 0);
	assert_null(pe_exports_create(&reader, &error));
	assert_contains(error.text, "exports nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(image_names_its_pdb),
	    unit_test(a_name_of_endless_length_is_cut_and_made_safe),
	    unit_test(what_is_missing_in_an_image_is_said),
	    unit_test(exports_are_found_by_address_and_name),
	    unit_test(damaged_exports_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
