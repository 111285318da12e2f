#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dump/little_endian.h"
#include "dump/pdb/pdb.h"
#include "tests/unit/dump/make_dump.h"
#include "tests/unit/dump/make_pdb.h"

static char *folder;
static struct make_pdb make; /* half a megabyte */

static int make_folder(void **state)
{
	(void)state;
	folder = unit_directory();
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unit_remove_directory(folder);
	return 0;
}

static bool as_msfz;

static int use_msfz(void **state)
{
	as_msfz = true;
	return unit_count_descriptors(state);
}

static int use_msf(void **state)
{
	as_msfz = false;
	return unit_check_descriptors(state);
}

#define msfz_test(test)                                                                            \
	{                                                                                          \
		.name = "msfz: " #test, .test_func = (test), .setup_func = use_msfz,               \
		.teardown_func = use_msf                                                           \
	}

static uint8_t *made_bytes(size_t *length)
{
	return as_msfz ? make_pdb_msfz(&make, length) : make_pdb_bytes(&make, length);
}

static struct pdb *open_bytes(const void *bytes, size_t length, struct error *error)
{
	const char *path = unit_path(folder, "lab.pdb");
	unit_write_file(path, bytes, length);
	return pdb_open(path, error);
}

static struct pdb *open_made(void)
{
	size_t length;
	struct error error = {0};
	uint8_t *bytes = made_bytes(&length);
	struct pdb *pdb = open_bytes(bytes, length, &error);
	free(bytes);
	if (!pdb)
		print_error("%s\n", error.text);
	assert_non_null(pdb);
	return pdb;
}

static void identity_is_the_guid_and_the_age_of_the_dbi_stream(void **state)
{
	(void)state;
	char text[PDB_IDENTITY_TEXT];
	struct pdb_identity identity;
	make_pdb_sample(&make);
	struct pdb *pdb = open_made();
	assert_string_equal(
	    pdb_identity_text(pdb_identity(pdb), text), "0403020106050807090A0B0C0D0E0F103");
	assert_true(pdb_read_identity(unit_path(folder, "lab.pdb"), &identity, NULL));
	assert_true(pdb_identity_equal(&identity, pdb_identity(pdb)));
	pdb_close(pdb);
}

static void assert_layout(const struct pdb *pdb)
{
	struct pdb_member member;
	struct pdb_type type;
	struct error error = {0};
	int64_t value;
	assert_true(pdb_find_type(pdb, "_TOKEN", &type));
	assert_int_equal(type.kind, PDB_KIND_STRUCT);
	assert_int_equal(type.size, 0x7000);
	assert_true(pdb_find_member(pdb, "_TOKEN", "Links", &member, &error));
	assert_int_equal(member.offset, 8);
	assert_int_equal(member.type.kind, PDB_KIND_STRUCT);
	assert_int_equal(
	    member.type.size, 16); /* of the definition, not of the forward reference */
	assert_true(pdb_find_member(pdb, "_TOKEN", "Links.Blink", &member, &error));
	assert_int_equal(member.offset, 16);
	assert_int_equal(member.type.kind, PDB_KIND_POINTER);
	assert_int_equal(member.type.size, 8);
	assert_true(pdb_type_by_index(pdb, member.type.target, &type));
	assert_string_equal(type.name, "_LIST_ENTRY");
	assert_true(pdb_find_member(pdb, "_TOKEN", "Bits", &member, &error));
	assert_true(member.is_bitfield);
	assert_int_equal(member.bit_count, 3);
	assert_int_equal(member.bit_position, 5);
	assert_int_equal(member.type.size, 4);
	assert_true(pdb_find_member(pdb, "_TOKEN", "TokenType", &member, &error));
	assert_int_equal(member.type.kind, PDB_KIND_ENUM);
	assert_int_equal(member.type.size, 4);
	assert_true(member.type.is_signed);
	assert_true(pdb_find_member(pdb, "_TOKEN", "Pointer", &member, &error));
	assert_int_equal(member.type.kind, PDB_KIND_POINTER);
	assert_int_equal(member.type.size, 8);
	assert_true(pdb_find_member(
	    pdb, "_TOKEN", "Lists", &member, &error)); /* in the list's continuation */
	assert_int_equal(member.type.kind, PDB_KIND_ARRAY);
	assert_int_equal(member.type.count, 3);
	assert_true(pdb_find_member(pdb, "_TOKEN", "Both.AsUlonglong", &member, &error));
	assert_int_equal(member.offset, 0x9000);
	assert_int_equal(member.type.size, 8);
	assert_true(pdb_find_enum_value(pdb, "_TOKEN_TYPE", "TokenImpersonation", &value));
	assert_int_equal(value, 2);
	assert_true(pdb_find_enum_value(pdb, "_TOKEN_TYPE", "TokenStrange", &value));
	assert_int_equal(value, -5);
}

static void members_have_offsets_sizes_and_kinds(void **state)
{
	(void)state;
	make_pdb_sample(&make);
	for (int i = 0; i < 2; i++) {
		make.is_scattered = i;
		struct pdb *pdb = open_made();
		assert_layout(pdb);
		pdb_close(pdb);
	}
}

static void a_missing_member_is_named(void **state)
{
	(void)state;
	struct pdb_member member = {.offset = 4711};
	struct pdb_type type;
	struct error error = {0};
	int64_t value;
	make_pdb_sample(&make);
	struct pdb *pdb = open_made();
	assert_false(pdb_find_member(pdb, "_TOKEN", "Links.Flonk", &member, &error));
	assert_contains(
	    error.text, "lab.pdb has no member Flonk in _LIST_ENTRY (wanted: _TOKEN.Links.Flonk)");
	assert_false(pdb_find_member(pdb, "_TOKEN", "Pointer.Flink", &member, &error));
	assert_contains(error.text, "no member Flink in what is not a structure");
	assert_false(pdb_find_member(pdb, "_TOKEN", "", &member, &error));
	assert_false(pdb_find_member(pdb, "_TOKEN", "Nested", &member, &error));
	assert_false(pdb_find_member(pdb, "_TOKENS", "Links", &member, &error));
	assert_contains(error.text, "lab.pdb has no type _TOKENS");
	assert_int_equal(member.offset, 4711);
	assert_false(pdb_find_type(pdb, "", &type));
	assert_false(pdb_find_enum_value(pdb, "_TOKEN", "Links", &value));
	assert_false(pdb_find_enum_value(pdb, "_TOKEN_TYPE", "Links", &value));
	assert_false(pdb_type_by_index(pdb, 0x2000, &type));
	assert_false(pdb_type_by_index(pdb, UINT32_MAX, &type));
	pdb_close(pdb);
}

static void publics_have_rvas_and_neighbours(void **state)
{
	(void)state;
	uint32_t rva = 0;
	struct pdb_public item;
	size_t count = 0;
	make_pdb_sample(&make);
	struct pdb *pdb = open_made();
	assert_true(pdb_find_public(pdb, "SepLogonSessions", &rva));
	assert_int_equal(rva, 0x5080);
	assert_false(pdb_find_public(pdb, "OfNoSection", &rva));
	assert_false(pdb_find_public(pdb, "Nobody", &rva));
	assert_true(pdb_nearest_public(pdb, 0x1011, &item));
	assert_string_equal(item.name, "KiSystemStartup");
	assert_true(pdb_nearest_public(pdb, 0x2fff, &item));
	assert_string_equal(item.name, "SepDuplicateToken");
	assert_false(pdb_nearest_public(pdb, 0x100f, &item)); /* before the first */
	assert_false(pdb_nearest_public(pdb, 0x507f, &item)); /* in another section */
	assert_false(pdb_nearest_public(pdb, 0x3000, &item)); /* in no section */
	for (size_t cursor = 0; pdb_next_public(pdb, &cursor, &item);)
		count++;
	assert_int_equal(count, 4);
	pdb_close(pdb);
}

static void moved_code_is_found_where_it_went(void **state)
{
	(void)state;
	uint32_t rva = 0;
	make_pdb_sample(&make);
	make_pdb_omap(&make, 0x1000, 0x2000);
	make_pdb_omap(&make, 0x1030, 0);
	make_pdb_omap(&make, 0x5000, 0x6000);
	struct pdb *pdb = open_made();
	assert_true(pdb_find_public(pdb, "KiSystemStartup", &rva));
	assert_int_equal(rva, 0x2010);
	assert_true(pdb_find_public(pdb, "SepLogonSessions", &rva));
	assert_int_equal(rva, 0x6080);
	assert_false(pdb_find_public(pdb, "SepDuplicateToken", &rva)); /* removed */
	pdb_close(pdb);
}

static void assert_refused(const void *bytes, size_t length, const char *why, const char *remedy)
{
	struct error error = {0};
	assert_null(open_bytes(bytes, length, &error));
	assert_contains(error.text, "lab.pdb: ");
	assert_contains(error.text, why);
	assert_contains(error.text, remedy);
	assert_int_equal(error.code, EXIT_USAGE);
}

static void other_files_are_refused_by_name(void **state)
{
	(void)state;
	assert_refused("", 0, "empty", "fetch it again");
	assert_refused("Microsoft MSFZ Container\r\n\x1a"
	               "ALD\0\0",
	    32, "cut off at byte 32", "fetch it again");
	assert_refused("MSCF\0\0\0\0", 8, "a packed PDB (.pd_", "cabextract");
	assert_refused("BSJB\1\0\1\0", 8, "portable PDB", ".NET");
	assert_refused("Microsoft C/C++ program database 2.00\r\n", 40, "2.00", "not");
	assert_refused("MZ\x90\0", 4, "an image", ".pdb");
	assert_refused("PAGEDU64", 8, "memory dump", "not a PDB");
	assert_refused("<html>", 6, "web page", "server");
	assert_refused("something else", 14, "not a PDB", "MSF 7.00");
}

static void assert_damage_refused_as(size_t at, uint32_t value, const char *why, const char *remedy)
{
	size_t length;
	make_pdb_sample(&make);
	uint8_t *bytes = made_bytes(&length);
	make_store32(bytes + at, value);
	assert_refused(bytes, length, why, remedy);
	free(bytes);
}

static void assert_damage_refused(size_t at, uint32_t value, const char *why)
{
	assert_damage_refused_as(at, value, why, "fetch it again");
}

static void damaged_containers_are_refused(void **state)
{
	(void)state;
	assert_damage_refused(0x20, 0, "blocks of 0 bytes");
	assert_damage_refused(0x20, 4095, "blocks of 4095 bytes");
	assert_damage_refused(0x28, UINT32_MAX, "cut off");
	assert_damage_refused(0x2c, UINT32_MAX, "directory");
	assert_damage_refused(0x2c, 3, "directory");
	assert_damage_refused(0x34, UINT32_MAX, "directory");
	assert_damage_refused(3 * 512, 0x10000, "block 65536");
	assert_damage_refused(4 * 512, UINT32_MAX, "streams");
	assert_damage_refused(4 * 512 + 12, 0x10000000, "stream 2");
	assert_damage_refused(4 * 512 + 4 + 36, 0x10000, "block 65536");
}

static void damaged_msfz_is_refused(void **state)
{
	(void)state;
	size_t length;
	assert_damage_refused_as(32, 1, "version 1", "pdzutil");
	assert_damage_refused(40, UINT32_MAX, "directory of 9 streams");
	assert_damage_refused(48, UINT32_MAX, "chunks at byte 4294967295");
	assert_damage_refused(56, UINT32_MAX, "directory of 4294967295 streams");
	assert_damage_refused(56, 10, "stream 9 of 10");
	assert_damage_refused_as(60, 3, "packed in a way (3)", "pdzutil");
	assert_damage_refused(60, 2, "its directory cannot be unpacked");
	assert_damage_refused(64, 1, "its directory cannot be unpacked");
	assert_damage_refused(68, UINT32_MAX, "its directory cannot be unpacked");
	assert_damage_refused(72, UINT32_MAX, "a table of 4294967295 chunks");
	assert_damage_refused(72, 0, "chunk 0 of 0");
	make_pdb_sample(&make);
	uint8_t *bytes = made_bytes(&length);
	const uint32_t table = load32(bytes + 48);
	free(bytes);
	assert_damage_refused(table, UINT32_MAX, "chunk 0 lies beyond its end");
	assert_damage_refused_as(table + 8, 7, "packed in a way (7)", "pdzutil");
	assert_damage_refused(table + 12, 1, "its content cannot be unpacked");
	assert_damage_refused(table + 16, UINT32_MAX, "its content cannot be unpacked");
}

static void damaged_streams_are_refused(void **state)
{
	(void)state;
	static const struct {
		enum make_stream stream;
		size_t at;
		uint32_t value;
		const char *why;
	} damage[] = {
	    {MAKE_INFO, 0, 19990101, "no GUID"},
	    {MAKE_DBI, 0, 0, "DBI"},
	    {MAKE_DBI, 0x18, UINT32_MAX, "DBI"},
	    {MAKE_DBI, 0x30, 0x1000, "DBI"},
	    {MAKE_TYPES, 4, 8, "header of its types"},
	    {MAKE_TYPES, 8, 0, "header of its types"},
	    {MAKE_TYPES, 56, 0, "type 0x1000"},
	    {MAKE_TYPES, 56, 0x1505ffff, "type 0x1000"},
	    {MAKE_SYMBOLS, 0, 0, "symbol at 0"},
	    {MAKE_SYMBOLS, 0, 0x110effff, "symbol at 0"},
	};
	for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
		size_t length;
		make_pdb_sample(&make);
		make_store32(make.bytes[damage[i].stream] + damage[i].at, damage[i].value);
		uint8_t *bytes = made_bytes(&length);
		assert_refused(bytes, length, damage[i].why, "fetch it again");
		free(bytes);
	}
	make_pdb_sample(&make);
	make_pdb_omap(&make, 0x5000, 0x1000);
	make_pdb_omap(&make, 0x1000, 0x1000);
	size_t length;
	uint8_t *bytes = made_bytes(&length);
	assert_refused(bytes, length, "OMAP", "fetch it again");
	free(bytes);
}

static void a_field_list_that_goes_on_in_itself_ends(void **state)
{
	(void)state;
	struct pdb_member member;
	make_pdb_init(&make);
	size_t begun = make_pdb_begin(&make, 0x1203);
	make_pdb_member(&make, 0x74, 0, "Only");
	make_pdb_put16(&make, MAKE_TYPES, 0x1404);
	make_pdb_put16(&make, MAKE_TYPES, 0);
	make_pdb_put32(&make, MAKE_TYPES, 0x1000);
	make_pdb_structure(&make, make_pdb_end(&make, begun), 4, "_LOOP");
	begun = make_pdb_begin(&make, 0x1001); /* a modifier of itself */
	make_pdb_put32(&make, MAKE_TYPES, 0x1002);
	make_pdb_put16(&make, MAKE_TYPES, 1);
	make_pdb_end(&make, begun);
	begun = make_pdb_begin(&make, 0x1503); /* an array of itself */
	make_pdb_put32(&make, MAKE_TYPES, 0x1003);
	make_pdb_put32(&make, MAKE_TYPES, 0x23);
	make_pdb_put16(&make, MAKE_TYPES, 8);
	make_pdb_put_text(&make, MAKE_TYPES, "");
	make_pdb_end(&make, begun);
	struct pdb *pdb = open_made();
	struct pdb_type type;
	assert_true(pdb_find_member(pdb, "_LOOP", "Only", &member, NULL));
	assert_false(pdb_find_member(pdb, "_LOOP", "Other", &member, NULL));
	assert_false(pdb_type_by_index(pdb, 0x1002, &type) && type.kind != PDB_KIND_UNKNOWN);
	assert_true(pdb_type_by_index(pdb, 0x1003, &type));
	assert_int_equal(type.size, 8);
	pdb_close(pdb);
}

static void a_pdb_cut_anywhere_is_refused(void **state)
{
	(void)state;
	size_t length;
	make_pdb_sample(&make);
	uint8_t *bytes = made_bytes(&length);
	for (size_t cut = 1; cut < length; cut += cut < 64 ? 1 : 97) {
		struct error error = {0};
		assert_null(open_bytes(bytes, cut, &error));
		assert_true(error.text[0]);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(identity_is_the_guid_and_the_age_of_the_dbi_stream),
	    unit_test(members_have_offsets_sizes_and_kinds),
	    unit_test(a_missing_member_is_named),
	    unit_test(publics_have_rvas_and_neighbours),
	    unit_test(moved_code_is_found_where_it_went),
	    unit_test(other_files_are_refused_by_name),
	    unit_test(damaged_containers_are_refused),
	    unit_test(damaged_streams_are_refused),
	    unit_test(a_field_list_that_goes_on_in_itself_ends),
	    unit_test(a_pdb_cut_anywhere_is_refused),
	    msfz_test(identity_is_the_guid_and_the_age_of_the_dbi_stream),
	    msfz_test(members_have_offsets_sizes_and_kinds),
	    msfz_test(publics_have_rvas_and_neighbours),
	    msfz_test(moved_code_is_found_where_it_went),
	    msfz_test(damaged_msfz_is_refused),
	    msfz_test(damaged_streams_are_refused),
	    msfz_test(a_field_list_that_goes_on_in_itself_ends),
	    msfz_test(a_pdb_cut_anywhere_is_refused),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
