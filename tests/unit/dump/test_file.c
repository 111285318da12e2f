#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "dump/file/dump_file.h"
#include "tests/unit/dump/make_dump.h"

static char *folder;

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

static const char *write_bytes(const void *bytes, size_t length)
{
	const char *path = unit_path(folder, "MEMORY.DMP");
	unit_write_file(path, bytes, length);
	return path;
}

static struct dump_file *open_bytes(const void *bytes, size_t length, struct error *error)
{
	return dump_file_open(write_bytes(bytes, length), error);
}

/* Pages with holes between them, and their number as content. */
static void fill(struct make_dump *make)
{
	static const uint64_t frames[] = {
	    3, 4, 5, 63, 64, 65, 127, 511, 512, 600, 1023, 1024, 1500};
	make_dump_init(make);
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
		make_store64(make_dump_page(make, frames[i]), frames[i]);
}

static struct dump_file *open_made(
    const struct make_dump *make, uint32_t type, enum make_layout layout)
{
	size_t length;
	uint8_t *bytes = make_dump_bytes(make, type, layout, &length);
	struct error error = {0};
	struct dump_file *dump = open_bytes(bytes, length, &error);
	free(bytes);
	if (!dump || !dump_file_find_pages(dump, &error))
		print_error("%s\n", error.text);
	assert_non_null(dump);
	assert_int_equal(error.code, 0);
	return dump;
}

static void assert_pages(struct dump_file *dump, const struct make_dump *make)
{
	const uint8_t *bytes = NULL;
	struct dump_page_counts counts;
	size_t found = 0;
	for (uint64_t pfn = 0; pfn < 2048; pfn++) {
		enum dump_page page = dump_file_page(dump, pfn, &bytes);
		if (page == DUMP_PAGE_ABSENT)
			continue;
		assert_int_equal(page, DUMP_PAGE_FOUND);
		assert_memory_equal(bytes, make->page[found], DUMP_PAGE_SIZE);
		assert_int_equal(make->pfn[found++], pfn);
	}
	assert_int_equal(found, make->count);
	dump_file_count_pages(dump, &counts);
	assert_int_equal(counts.listed, make->count);
	assert_int_equal(counts.stored, make->count);
	assert_int_equal(dump_file_highest_page(dump), 1500);
	assert_int_equal(dump_file_page(dump, UINT64_MAX, &bytes), DUMP_PAGE_ABSENT);
	assert_int_equal(dump_file_page(dump, UINT64_MAX >> 12, &bytes), DUMP_PAGE_ABSENT);
}

static void every_format_gives_its_pages_and_no_others(void **state)
{
	(void)state;
	static const uint32_t types[] = {1, 2, 5, 6, 8, 9, 10};
	static struct make_dump make;
	fill(&make);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct dump_file *dump = open_made(&make, types[i], MAKE_BY_TYPE);
		assert_pages(dump, &make);
		dump_file_close(dump);
	}
}

static void old_kernel_dumps_are_read_in_both_layouts(void **state)
{
	(void)state;
	static struct make_dump make;
	fill(&make);
	for (enum make_layout layout = MAKE_OLD_SUMMARY; layout <= MAKE_OLDER_SUMMARY; layout++) {
		struct dump_file *dump = open_made(&make, 2, layout);
		assert_pages(dump, &make);
		dump_file_close(dump);
	}
}

static void header_gives_what_identifies_the_dump(void **state)
{
	(void)state;
	static struct make_dump make;
	char time[TIMESTAMP_TEXT];
	fill(&make);
	memcpy(make.header + 0xfb0, "kept for the auditors\0", 22);
	make_store32(make.header + 0x1050, 0x10);
	struct dump_file *dump = open_made(&make, 6, MAKE_BY_TYPE);
	const struct dump_header *header = dump_file_header(dump);
	assert_int_equal(header->build, 19041);
	assert_int_equal(header->machine, 0x8664);
	assert_int_equal(header->processors, 4);
	assert_int_equal(header->directory_table_base, MAKE_ROOT * 4096);
	assert_true(header->loaded_module_list == 0xfffff8047c62a390);
	assert_true(header->active_process_head == 0xfffff8047c61e200);
	assert_true(header->debugger_data == 0xfffff8047c600b20);
	assert_true(header->has_bugcheck);
	assert_int_equal(header->bugcheck, 0x80);
	assert_int_equal(header->bugcheck_parameters[3], 0x4f4457);
	assert_int_equal(header->type, DUMP_TYPE_BITMAP_KERNEL);
	assert_true(header->has_attributes);
	assert_int_equal(header->attributes, DUMP_ATTRIBUTE_LIVE);
	assert_string_equal(
	    timestamp_format(header->system_time, time), "2021-02-21T00:31:09.000000Z");
	assert_int_equal(header->up_time, 3600000000);
	assert_string_equal(header->comment, "kept for the auditors");
	dump_file_close(dump);
}

static void memory_may_have_moved_in_live_and_debuggers_dumps(void **state)
{
	(void)state;
	static const struct {
		uint32_t type, attributes, bugcheck;
		bool moved;
	} dumps[] = {{1, 0, 0x80, false}, {2, 0, 0x80, false}, {5, 0, 0x80, false},
	    {6, 0, 0xef, false}, {6, DUMP_ATTRIBUTE_LIVE, 0x80, true}, {6, 0, 0x161, true},
	    {8, 0, 0x80, true}, {9, 0, 0x80, true}, {10, 0, 0x80, true}};
	static struct make_dump make;
	fill(&make);
	for (size_t i = 0; i < sizeof dumps / sizeof dumps[0]; i++) {
		make_store32(make.header + 0x38, dumps[i].bugcheck);
		make_store32(make.header + 0x1050, dumps[i].attributes);
		struct dump_file *dump = open_made(&make, dumps[i].type, MAKE_BY_TYPE);
		assert_int_equal(dump_may_have_moved(dump_file_header(dump)), dumps[i].moved);
		dump_file_close(dump);
	}
}

static void fields_that_were_never_set_are_absent(void **state)
{
	(void)state;
	static struct make_dump make;
	fill(&make);
	static const size_t unset[] = {
	    0x20, 0x24, 0x38, 0x40, 0x44, 0x80, 0x84, 0xfa8, 0xfac, 0x1030, 0x1034};
	for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++)
		memcpy(make.header + unset[i], "PAGE", 4);
	struct dump_file *dump = open_made(&make, 5, MAKE_BY_TYPE);
	const struct dump_header *header = dump_file_header(dump);
	assert_int_equal(header->loaded_module_list, 0);
	assert_int_equal(header->debugger_data, 0);
	assert_false(header->has_bugcheck);
	assert_int_equal(header->bugcheck_parameters[0], 0);
	assert_true(header->system_time == TIMESTAMP_UNKNOWN);
	assert_true(header->up_time == DUMP_UP_TIME_UNKNOWN);
	assert_false(header->has_attributes);
	assert_string_equal(header->comment, "");
	dump_file_close(dump);
}

static void a_dump_cut_short_says_which_pages_are_gone(void **state)
{
	(void)state;
	static const uint32_t types[] = {1, 2, 5, 6, 8, 9, 10};
	static struct make_dump make;
	fill(&make);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t length;
		struct error error = {0};
		struct dump_page_counts counts;
		const uint8_t *bytes;
		uint8_t *whole = make_dump_bytes(&make, types[i], MAKE_BY_TYPE, &length);
		struct dump_file *dump = open_bytes(whole, length - 4097, &error);
		free(whole);
		assert_non_null(dump);
		assert_true(dump_file_find_pages(dump, &error));
		assert_int_equal(dump_file_page(dump, 1500, &bytes), DUMP_PAGE_TRUNCATED);
		assert_int_equal(dump_file_page(dump, 1024, &bytes), DUMP_PAGE_TRUNCATED);
		assert_int_equal(dump_file_page(dump, 1023, &bytes), DUMP_PAGE_FOUND);
		assert_int_equal(dump_file_page(dump, 1400, &bytes), DUMP_PAGE_ABSENT);
		dump_file_count_pages(dump, &counts);
		assert_int_equal(counts.listed, make.count);
		assert_int_equal(counts.stored, make.count - 2);
		dump_file_close(dump);
	}
}

/* Cut at any byte, a dump is refused or opened; nothing else happens. */
static void a_dump_cut_anywhere_is_refused_or_read(void **state)
{
	(void)state;
	static const uint32_t types[] = {1, 2, 6, 10};
	static struct make_dump make;
	fill(&make);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t length;
		uint8_t *whole = make_dump_bytes(&make, types[i], MAKE_BY_TYPE, &length);
		const char *path = write_bytes(whole, length);
		for (size_t cut = length; cut > 0;
		     cut = cut > 0x2200 ? cut - 1000 : cut - (cut > 16 ? 16 : 1)) {
			struct error error = {0};
			assert_int_equal(truncate(path, (off_t)cut), 0);
			struct dump_file *dump = dump_file_open(path, &error);
			bool good = dump && dump_file_find_pages(dump, &error);
			assert_true(good || error.text[0]);
			assert_true(dump || cut < 0x2000);
			if (!good && cut > 8)
				assert_contains(error.text, "cut off");
			dump_file_close(dump);
		}
		free(whole);
	}
}

static void pages_behind_four_gigabytes_are_found(void **state)
{
	(void)state;
	static struct make_dump make;
	size_t length;
	struct error error = {0};
	const uint8_t *bytes;
	make_dump_init(&make);
	make_store64(make_dump_page(&make, 1), 1);
	uint8_t *whole = make_dump_bytes(&make, 1, MAKE_BY_TYPE, &length);
	/* One run of 18 million pages, 69 GiB, of which the file (sparse) has all. */
	const uint64_t pages = 18000000;
	make_store64(whole + 0x98 + 8, pages);
	const char *path = write_bytes(whole, length);
	free(whole);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	bool sparse = ftruncate(fd, (off_t)(0x2000 + pages * 4096)) == 0;
	if (sparse)
		assert_int_equal(
		    pwrite(fd, "far away", 8, (off_t)(0x2000 + (pages - 1) * 4096)), 8);
	close(fd);
	if (!sparse)
		skip(); /* a file system without large files */
	struct dump_file *dump = dump_file_open(path, &error);
	assert_non_null(dump);
	assert_true(dump_file_find_pages(dump, &error));
	assert_int_equal(dump_file_page(dump, pages, &bytes), DUMP_PAGE_FOUND);
	assert_memory_equal(bytes, "far away", 8);
	assert_int_equal(dump_file_page(dump, pages + 1, &bytes), DUMP_PAGE_ABSENT);
	dump_file_close(dump);
}

/* A complete dump of that many pages, each with its number; more than are kept at a time. */
#define MANY_PAGES UINT64_C(6000)

static const char *write_many_pages(void)
{
	static struct make_dump make;
	size_t length;
	make_dump_init(&make);
	make_store64(make_dump_page(&make, 1), 1);
	uint8_t *whole = make_dump_bytes(&make, 1, MAKE_BY_TYPE, &length);
	make_store64(whole + 0x98 + 8, MANY_PAGES);
	const char *path = write_bytes(whole, 0x2000);
	free(whole);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (uint64_t i = 0; i < MANY_PAGES; i++) {
		uint8_t number[8];
		make_store64(number, i);
		assert_int_equal(pwrite(fd, number, 8, (off_t)(0x2000 + i * 4096)), 8);
	}
	assert_int_equal(ftruncate(fd, (off_t)(0x2000 + MANY_PAGES * 4096)), 0);
	close(fd);
	return path;
}

static void pages_are_the_same_in_whatever_order_they_are_read(void **state)
{
	static const uint64_t steps[] = {1, MANY_PAGES - 1, 7, 16, 1024, 2501, 4099};
	struct error error;
	const uint8_t *bytes;
	(void)state;
	struct dump_file *dump = dump_file_open(write_many_pages(), &error);
	assert_non_null(dump);
	assert_true(dump_file_find_pages(dump, &error));
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		uint64_t page = 0;
		for (uint64_t j = 0; j < 2 * MANY_PAGES; j++) {
			uint8_t number[8];
			make_store64(number, page);
			/* The first page frame of the run is 1. */
			assert_int_equal(dump_file_page(dump, 1 + page, &bytes), DUMP_PAGE_FOUND);
			assert_memory_equal(bytes, number, 8);
			page = (page + steps[i]) % MANY_PAGES;
		}
	}
	dump_file_close(dump);
}

static void a_dump_that_is_cut_while_it_is_read_gives_the_pages_before_the_cut(void **state)
{
	struct error error;
	const uint8_t *bytes;
	(void)state;
	const char *path = write_many_pages();
	struct dump_file *dump = dump_file_open(path, &error);
	assert_non_null(dump);
	assert_true(dump_file_find_pages(dump, &error));
	assert_int_equal(dump_file_page(dump, 1 + 100, &bytes), DUMP_PAGE_FOUND);
	assert_int_equal(truncate(path, (off_t)(0x2000 + 105 * 4096)), 0);
	for (uint64_t i = 101; i < 105; i++) {
		uint8_t number[8];
		make_store64(number, i);
		assert_int_equal(dump_file_page(dump, 1 + i, &bytes), DUMP_PAGE_FOUND);
		assert_memory_equal(bytes, number, 8);
	}
	assert_int_equal(dump_file_page(dump, 1 + 105, &bytes), DUMP_PAGE_UNREADABLE);
	assert_int_equal(dump_file_page(dump, 1 + 103, &bytes), DUMP_PAGE_FOUND);
	dump_file_close(dump);
}

static void assert_file_refused(
    const void *bytes, size_t length, const char *why, const char *remedy)
{
	struct error error = {0};
	assert_null(open_bytes(bytes, length, &error));
	assert_contains(error.text, "MEMORY.DMP: ");
	assert_contains(error.text, why);
	assert_contains(error.text, remedy);
	assert_int_equal(error.code, EXIT_USAGE);
}

static void other_files_are_refused_by_name(void **state)
{
	(void)state;
	assert_file_refused("", 0, "empty", "disk full");
	assert_file_refused("hello, world, this is text", 26, "not a Windows memory dump",
	    "MEMORY.DMP of the host");
	assert_file_refused("PAGEDUMP\xf\0\0\0", 12, "32-bit", "x64");
	assert_file_refused("MDMP\x93\xa7", 6, "user-mode minidump", "complete memory dump");
	assert_file_refused("\x1f\x8b\x08\0", 4, "gzip", "gunzip");
	assert_file_refused("PK\3\4", 4, "ZIP", "unzip");
	assert_file_refused("7z\xbc\xaf\x27\x1c", 6, "7-Zip", "7z x");
	assert_file_refused("\xfd"
	                    "7zXZ",
	    5, "xz", "xz -d");
	assert_file_refused("\x28\xb5\x2f\xfd", 4, "zstd", "zstd -d");
	assert_file_refused("MSCF\0", 5, "cabinet", "cabextract");
	assert_file_refused("\x7f"
	                    "ELF",
	    4, "ELF", "elf2dmp");
	assert_file_refused("\xd2\xbe\xd2\xbe", 4, "VMware", "vmss2core");
	assert_file_refused("EMiL", 4, "LiME", "MemProcFS");
	static uint8_t memory[8192];
	assert_file_refused(memory, sizeof memory, "raw memory of a machine", "MemProcFS");
	for (size_t i = 0; i < 1024; i += 4)
		memcpy(memory + i, "\x53\xff\0\xf0", 4);
	assert_file_refused(memory, sizeof memory, "raw memory of a machine", "vmss2core");
	assert_file_refused(memory, 1000, "not a Windows memory dump", "MEMORY.DMP of the host");
	assert_file_refused("hibr", 4, "hibernation", "complete memory dump");
	assert_file_refused("PAGEDU64", 8, "cut off within its header", "copy it again");
}

static void a_folder_and_a_missing_file_are_refused(void **state)
{
	(void)state;
	struct error error = {0};
	assert_null(dump_file_open(folder, &error));
	assert_contains(error.text, "not a file");
	assert_null(dump_file_open("/nonexistent/MEMORY.DMP", &error));
	assert_contains(error.text, "No such file");
}

static void other_machines_are_refused(void **state)
{
	(void)state;
	static struct make_dump make;
	fill(&make);
	make_store32(make.header + 0x30, 0xaa64);
	assert_file_refused(make.header, MAKE_HEADER, "arm64", "only x64");
	make_store32(make.header + 0x30, 0x14c);
	assert_file_refused(make.header, MAKE_HEADER, "32-bit", "only x64");
	make_store32(make.header + 0x30, 0x200);
	assert_file_refused(make.header, MAKE_HEADER, "machine type 0x200", "only x64");
}

/* The header is there all the same, and the refusal says what dump it was. */
static void assert_pages_refused(
    const struct make_dump *make, uint32_t type, const char *why, const char *remedy)
{
	size_t length;
	struct error error = {0};
	uint8_t *bytes = make_dump_bytes(make, type, MAKE_BY_TYPE, &length);
	struct dump_file *dump = open_bytes(bytes, length, &error);
	free(bytes);
	assert_non_null(dump);
	assert_int_equal(dump_file_header(dump)->build, 19041);
	assert_false(dump_file_find_pages(dump, &error));
	assert_contains(error.text, "build 19041, 2021-02-21T00:31:09.000000Z, bugcheck 0x80");
	assert_contains(error.text, why);
	assert_contains(error.text, remedy);
	assert_int_equal(error.code, EXIT_USAGE);
	dump_file_close(dump);
}

static void dumps_without_sessions_are_refused_after_their_header(void **state)
{
	(void)state;
	static struct make_dump make;
	fill(&make);
	assert_pages_refused(&make, 3, "header-only", "kernel or complete memory dump");
	assert_pages_refused(&make, 4, "triage", "kernel or complete memory dump");
	assert_pages_refused(&make, 7, "automatic", "kernel or complete memory dump");
	assert_pages_refused(&make, 0x4711, "type 18193", "1, 2, 5, 6, 8, 9 and 10");
	make_store32(make.header + 0x1050, 0x100);
	assert_pages_refused(&make, 6, "encrypted", "EncryptionEnabled");
}

static void assert_damage_refused(uint32_t type, size_t at, uint64_t value, const char *why)
{
	static struct make_dump make;
	size_t length;
	struct error error = {0};
	fill(&make);
	uint8_t *bytes = make_dump_bytes(&make, type, MAKE_BY_TYPE, &length);
	make_store64(bytes + at, value);
	struct dump_file *dump = open_bytes(bytes, length, &error);
	free(bytes);
	assert_non_null(dump);
	assert_false(dump_file_find_pages(dump, &error));
	assert_contains(error.text, why);
	dump_file_close(dump);
}

static void damaged_page_lists_are_refused(void **state)
{
	(void)state;
	assert_damage_refused(1, 0x88, 0, "0 memory runs");
	assert_damage_refused(1, 0x88, 43, "43 memory runs");
	assert_damage_refused(1, 0x88, 0x45474150, "0 memory runs");
	assert_damage_refused(1, 0x98 + 8, UINT64_C(1) << 63, "damaged: memory run");
	assert_damage_refused(1, 0x98, UINT64_MAX, "damaged: memory run");
	assert_damage_refused(1, 0x98 + 8, 60, "overlap");
	assert_damage_refused(5, 0x2000, 0, "no bitmap header");
	assert_damage_refused(6, 0x2030, 0, "0 bits");
	assert_damage_refused(6, 0x2030, UINT64_C(1) << 63, "bits");
	assert_damage_refused(6, 0x2030, UINT64_C(1) << 31, "cut off");
	assert_damage_refused(6, 0x2020, 0x2000, "first page is said to be at 0x2000");
	assert_damage_refused(6, 0x2020, UINT64_MAX, "first page");
	assert_damage_refused(2, 0x2028, 7, "neither layout");
	assert_damage_refused(2, 0x2000, 7, "no SDMP header");
	assert_damage_refused(8, 0x2000, 7, "no RDMP header");
	assert_damage_refused(8, 0x2018, 0x2000, "first page");
	assert_damage_refused(8, 0x2018, UINT64_MAX, "first page");
	assert_damage_refused(8, 0x2018, UINT64_C(1) << 40, "cut off");
	assert_damage_refused(9, 0x2038, UINT64_MAX, "damaged: memory run");
}

static void dumps_are_recognised_by_their_first_bytes(void **state)
{
	(void)state;
	assert_true(dump_is_memory_dump("PAGEDU64", 8));
	assert_true(dump_is_memory_dump("PAGEDUMP", 8));
	assert_true(dump_is_memory_dump("MDMP\x93\xa7", 6));
	assert_false(dump_is_memory_dump("PAGEDU6", 7));
	assert_false(dump_is_memory_dump("PAGEMAKER", 9));
	assert_false(dump_is_memory_dump("MDMP?", 5));
	assert_false(dump_is_memory_dump("", 0));
}

static void reading_ahead_changes_nothing_of_what_is_found(void **state)
{
	(void)state;
	static const uint32_t types[] = {1, 2, 6, 10};
	static struct make_dump make;
	fill(&make);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct dump_file *dump = open_made(&make, types[i], MAKE_BY_TYPE);
		uint64_t from = 0, parts = 0;
		assert_true(dump_file_fits(dump));
		while (dump_file_read_ahead(dump, &from))
			assert_true(++parts < 100);
		for (uint64_t pfn = 0; pfn < 2048; pfn++)
			dump_file_want(dump, pfn); /* most of them the dump has not */
		dump_file_want(dump, UINT64_MAX);
		dump_file_read_wanted(dump);
		dump_file_read_wanted(dump); /* nothing is wanted any more */
		assert_pages(dump, &make);
		dump_file_close(dump);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(every_format_gives_its_pages_and_no_others),
	    unit_test(old_kernel_dumps_are_read_in_both_layouts),
	    unit_test(header_gives_what_identifies_the_dump),
	    unit_test(memory_may_have_moved_in_live_and_debuggers_dumps),
	    unit_test(fields_that_were_never_set_are_absent),
	    unit_test(a_dump_cut_short_says_which_pages_are_gone),
	    unit_test(a_dump_cut_anywhere_is_refused_or_read),
	    unit_test(pages_behind_four_gigabytes_are_found),
	    unit_test(pages_are_the_same_in_whatever_order_they_are_read),
	    unit_test(a_dump_that_is_cut_while_it_is_read_gives_the_pages_before_the_cut),
	    unit_test(reading_ahead_changes_nothing_of_what_is_found),
	    unit_test(other_files_are_refused_by_name),
	    unit_test(a_folder_and_a_missing_file_are_refused),
	    unit_test(other_machines_are_refused),
	    unit_test(dumps_without_sessions_are_refused_after_their_header),
	    unit_test(damaged_page_lists_are_refused),
	    unit_test(dumps_are_recognised_by_their_first_bytes),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
