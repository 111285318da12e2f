#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dump/memory/address_space.h"
#include "tests/unit/dump/make_dump.h"

#define HERE UINT64_C(0xfffff80000001000)
#define NEXT (HERE + 0x1000)
#define DATA UINT64_C(40) /* page frames of the data pages */

/* A dump of the pages made so far, and its kernel's address space. */
struct stage {
	char *folder;
	struct dump_file *dump;
	struct address_space *space;
};

static void stage_init(struct stage *stage, const struct make_dump *make, size_t cut)
{
	size_t length;
	struct error error = {0};
	stage->folder = unit_directory();
	uint8_t *bytes = make_dump_bytes(make, 6, MAKE_BY_TYPE, &length);
	const char *path = unit_path(stage->folder, "MEMORY.DMP");
	unit_write_file(path, bytes, length - cut);
	free(bytes);
	stage->dump = dump_file_open(path, &error);
	assert_non_null(stage->dump);
	assert_true(dump_file_find_pages(stage->dump, &error));
	stage->space =
	    address_space_create(stage->dump, dump_file_header(stage->dump)->directory_table_base);
	assert_non_null(stage->space);
}

static void stage_deinit(struct stage *stage)
{
	address_space_destroy(stage->space);
	dump_file_close(stage->dump);
	unit_remove_directory(stage->folder);
}

static void put_data(struct make_dump *make, uint64_t pfn)
{
	for (uint64_t i = 0; i < 4096; i += 8)
		make_store64(make_dump_page(make, pfn) + i, pfn << 32 | i);
}

static void assert_reads(struct stage *stage, uint64_t address, uint64_t expected)
{
	uint64_t value = 0;
	struct memory_fault fault = {0};
	if (!address_space_read_u64(stage->space, address, &value, &fault))
		print_error("%s at 0x%llx\n", memory_state_text(fault.state),
		    (unsigned long long)fault.address);
	assert_true(value == expected);
}

static void assert_faults(struct stage *stage, uint64_t address, enum memory_state state)
{
	uint64_t value = 0x4711;
	struct memory_fault fault = {0};
	assert_false(address_space_read_u64(stage->space, address, &value, &fault));
	assert_string_equal(memory_state_text(fault.state), memory_state_text(state));
	assert_true(fault.address == address);
	assert_int_equal(value, 0x4711);
}

static void pages_of_every_size_are_read(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	make_dump_init(&make);
	put_data(&make, DATA);
	put_data(&make, 512 + 7);
	put_data(&make, 0x40000 + 0x203);
	make_dump_entry(&make, 4, 1, HERE, UINT64_C(1) << 63 | DATA << 12 | 0x63);
	/* 2 MiB at page frame 512, with the PAT bit (12) set; 1 GiB at 0x40000. */
	make_dump_entry(&make, 4, 2, HERE + 0x40000000, UINT64_C(512) << 12 | 0x10e3);
	make_dump_entry(&make, 4, 3, HERE + 0x8000000000, UINT64_C(0x40000) << 12 | 0x10e3);
	stage_init(&stage, &make, 0);
	assert_reads(&stage, HERE + 0x10, DATA << 32 | 0x10);
	assert_reads(&stage, 0xfffff80040007ff8, (UINT64_C(512) + 7) << 32 | 0xff8);
	assert_reads(&stage, 0xfffff88000203008, UINT64_C(0x40203) << 32 | 8);
	stage_deinit(&stage);
}

static void a_range_gives_all_bytes_or_the_first_that_fails(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	uint8_t buffer[0x40];
	struct memory_fault fault;
	make_dump_init(&make);
	memset(make_dump_page(&make, DATA), 'a', 4096);
	memset(make_dump_page(&make, DATA + 9), 'b', 4096);
	make_dump_entry(&make, 4, 1, HERE, DATA << 12 | 1);
	make_dump_entry(&make, 4, 1, NEXT, (DATA + 9) << 12 | 1);
	stage_init(&stage, &make, 0);
	assert_true(address_space_read(stage.space, NEXT - 1, buffer, 3, &fault));
	assert_memory_equal(buffer, "abb", 3);
	memset(buffer, 'x', sizeof buffer);
	assert_false(address_space_read(stage.space, NEXT + 0xffe, buffer, 4, &fault));
	assert_int_equal(fault.state, MEMORY_NOT_MAPPED);
	assert_true(fault.address == NEXT + 0x1000);
	assert_memory_equal(buffer, "bbxx", 4);
	assert_true(address_space_read(stage.space, 0, buffer, 0, NULL));
	stage_deinit(&stage);
}

static void what_is_absent_is_told_apart_and_counted(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	make_dump_init(&make);
	put_data(&make, DATA);
	put_data(&make, DATA + 1);
	make_dump_entry(&make, 4, 1, HERE, DATA << 12 | 1);
	make_dump_entry(&make, 4, 1, HERE + 0x1000, 77 << 12 | 1);         /* no such page */
	make_dump_entry(&make, 4, 1, HERE + 0x2000, (DATA + 1) << 12 | 1); /* cut off */
	make_dump_entry(
	    &make, 4, 1, HERE + 0x3000, UINT64_C(0x5a) << 32 | 0x80); /* in the page file */
	make_dump_entry(&make, 4, 1, HERE + 0x4000, 0x80);            /* demand zero */
	stage_init(&stage, &make, 1);
	assert_reads(&stage, HERE, DATA << 32);
	assert_faults(&stage, HERE + 0x1008, MEMORY_NOT_IN_DUMP);
	assert_faults(&stage, HERE + 0x1010, MEMORY_NOT_IN_DUMP);
	assert_faults(&stage, HERE + 0x2000, MEMORY_TRUNCATED);
	assert_faults(&stage, HERE + 0x3000, MEMORY_PAGED_OUT);
	assert_faults(&stage, HERE + 0x4000, MEMORY_NOT_MAPPED);
	assert_faults(&stage, HERE + 0x5000, MEMORY_NOT_MAPPED);
	assert_faults(&stage, 0xffff000000000000, MEMORY_NON_CANONICAL);
	assert_faults(&stage, 0x0000800000000000, MEMORY_NON_CANONICAL);
	const struct memory_counts *counts = address_space_counts(stage.space);
	assert_int_equal(counts->reads[MEMORY_PRESENT], 1);
	assert_int_equal(counts->reads[MEMORY_NOT_IN_DUMP], 2);
	assert_int_equal(counts->pages[MEMORY_NOT_IN_DUMP], 1);
	assert_int_equal(counts->reads[MEMORY_TRUNCATED], 1);
	assert_int_equal(counts->reads[MEMORY_PAGED_OUT], 1);
	assert_int_equal(counts->pages[MEMORY_NOT_MAPPED], 2);
	assert_int_equal(counts->pages[MEMORY_NON_CANONICAL], 2);
	assert_false(counts->pages_at_least);
	stage_deinit(&stage);
}

static void a_read_past_the_last_address_fails(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	uint8_t buffer[16];
	struct memory_fault fault;
	make_dump_init(&make);
	put_data(&make, DATA);
	make_dump_entry(&make, 4, 1, 0xfffffffffffff000, DATA << 12 | 1);
	make_dump_entry(&make, 4, 1, 0, DATA << 12 | 1);
	stage_init(&stage, &make, 0);
	assert_true(address_space_read(stage.space, UINT64_MAX - 15, buffer, 16, &fault));
	assert_false(address_space_read(stage.space, UINT64_MAX - 14, buffer, 16, &fault));
	assert_int_equal(fault.state, MEMORY_NON_CANONICAL);
	stage_deinit(&stage);
}

static void pages_and_tables_in_transition_are_followed(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	make_dump_init(&make);
	put_data(&make, DATA);
	make_dump_entry(&make, 4, 1, HERE, DATA << 12 | 0x880);
	uint64_t other = HERE + 0x200000;
	make_dump_entry(&make, 4, 1, other, DATA << 12 | 1);
	uint64_t place = make_dump_entry(&make, 4, 2, other, 0);
	make_dump_put64(&make, place, (make.next_table - 1) << 12 | 0x880);
	stage_init(&stage, &make, 0);
	assert_reads(&stage, HERE + 8, DATA << 32 | 8);
	assert_reads(&stage, other + 8, DATA << 32 | 8);
	stage_deinit(&stage);
}

static void entries_are_unswizzled_once_the_mask_is_known(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	const uint64_t mask = UINT64_C(1) << 45;
	make_dump_init(&make);
	put_data(&make, DATA);
	put_data(&make, DATA + 1);
	make_dump_entry(&make, 4, 1, HERE, mask | DATA << 12 | 0x880);
	make_dump_entry(
	    &make, 4, 1, NEXT, (DATA + 1) << 12 | 0x890); /* SwizzleBit: the mask is not in it */
	make_dump_entry(&make, 4, 1, NEXT + 0x1000, mask | 0x80);
	stage_init(&stage, &make, 0);
	assert_faults(&stage, HERE, MEMORY_NOT_IN_DUMP);
	assert_reads(&stage, NEXT, (DATA + 1) << 32);
	address_space_set_invalid_pte_mask(stage.space, mask);
	assert_reads(&stage, HERE, DATA << 32);
	assert_reads(&stage, NEXT, (DATA + 1) << 32);
	assert_faults(&stage, NEXT + 0x1000, MEMORY_NOT_MAPPED);
	stage_deinit(&stage);
}

static uint64_t prototype_at(uint64_t address)
{
	return address << 16 | 0x400;
}

static void prototype_entries_are_followed(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	const uint64_t prototypes = HERE + 0x10000;
	make_dump_init(&make);
	put_data(&make, DATA);
	make_dump_page(&make, DATA + 1);
	make_dump_entry(&make, 4, 1, prototypes, (DATA + 1) << 12 | 1);
	make_dump_put64(&make, (DATA + 1) << 12, DATA << 12 | 1);
	make_dump_put64(&make, (DATA + 1) << 12 | 8, DATA << 12 | 0x880);
	make_dump_put64(&make, (DATA + 1) << 12 | 16, prototype_at(prototypes)); /* in a file */
	make_dump_put64(&make, (DATA + 1) << 12 | 24, UINT64_C(9) << 32); /* in the page file */
	for (uint64_t i = 0; i < 5; i++)
		make_dump_entry(&make, 4, 1, HERE + 0x1000 * i, prototype_at(prototypes + 8 * i));
	make_dump_entry(
	    &make, 4, 1, HERE + 0x5000, UINT64_C(0xffffffff) << 32 | 0x400); /* only VADs know */
	make_dump_entry(&make, 4, 1, HERE + 0x6000, prototype_at(HERE + 0x6000));  /* itself */
	make_dump_entry(&make, 4, 1, HERE + 0x7000, prototype_at(0x7ff000000000)); /* user's half */
	stage_init(&stage, &make, 0);
	assert_reads(&stage, HERE + 0x18, DATA << 32 | 0x18);
	assert_reads(&stage, HERE + 0x1018, DATA << 32 | 0x18);
	assert_faults(&stage, HERE + 0x2000, MEMORY_PAGED_OUT);
	assert_faults(&stage, HERE + 0x3000, MEMORY_PAGED_OUT);
	assert_faults(&stage, HERE + 0x4000, MEMORY_NOT_MAPPED);
	assert_faults(&stage, HERE + 0x5000, MEMORY_PAGED_OUT);
	assert_faults(&stage, HERE + 0x6000, MEMORY_NOT_MAPPED);
	assert_faults(&stage, HERE + 0x7000, MEMORY_NOT_MAPPED);
	stage_deinit(&stage);
}

static bool looks_right(struct address_space *space, void *context)
{
	uint64_t value;
	return address_space_read_u64(space, *(const uint64_t *)context, &value, NULL) &&
	       value == DATA << 32;
}

static void five_levels_are_found_out_by_the_callers_check(void **state)
{
	(void)state;
	for (int levels = 4; levels <= 5; levels++) {
		static struct make_dump make;
		struct stage stage;
		uint64_t here = levels == 5 ? 0xff11000000003000 : HERE, nowhere = HERE + 0x7000;
		make_dump_init(&make);
		put_data(&make, DATA);
		make_dump_entry(&make, levels, 1, here, DATA << 12 | 1);
		stage_init(&stage, &make, 0);
		assert_false(address_space_settle_levels(stage.space, looks_right, &nowhere));
		assert_int_equal(address_space_levels(stage.space), 4);
		assert_true(address_space_settle_levels(stage.space, looks_right, &here));
		assert_int_equal(address_space_levels(stage.space), levels);
		assert_reads(&stage, here + 8, DATA << 32 | 8);
		assert_true(address_space_is_kernel(stage.space, here));
		assert_int_equal(address_space_counts(stage.space)->reads[MEMORY_NOT_MAPPED], 0);
		assert_faults(&stage, 0x0200000000000000, MEMORY_NON_CANONICAL);
		stage_deinit(&stage);
	}
}

static void processes_have_their_own_memory_and_count_together(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	uint64_t value;
	struct memory_fault fault;
	make_dump_init(&make);
	put_data(&make, DATA);
	make_dump_entry(&make, 4, 1, 0x10000, DATA << 12 | 1);
	make_dump_page(&make, 60); /* another top table, empty */
	stage_init(&stage, &make, 0);
	struct address_space *process = address_space_create_process(stage.space, 60 << 12 | 3);
	assert_non_null(process);
	assert_reads(&stage, 0x10000, DATA << 32);
	assert_false(address_space_read_u64(process, 0x10000, &value, &fault));
	assert_int_equal(fault.state, MEMORY_NOT_MAPPED);
	assert_faults(&stage, 0x11000, MEMORY_NOT_MAPPED);
	assert_false(address_space_read_u64(process, 0x11000, &value, NULL));
	assert_int_equal(address_space_counts(stage.space)->pages[MEMORY_NOT_MAPPED], 3);
	assert_false(address_space_is_kernel(process, 0x10000));
	address_space_destroy(process);
	stage_deinit(&stage);
}

static void page_tables_that_point_to_themselves_come_to_an_end(void **state)
{
	(void)state;
	static struct make_dump make;
	struct stage stage;
	uint8_t buffer[4096];
	make_dump_init(&make);
	for (uint64_t i = 0; i < 512; i++) /* the self map, everywhere */
		make_dump_put64(&make, MAKE_ROOT << 12 | i * 8, MAKE_ROOT << 12 | 0x63);
	stage_init(&stage, &make, 0);
	assert_true(address_space_read(stage.space, HERE, buffer, sizeof buffer, NULL));
	stage_deinit(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(pages_of_every_size_are_read),
	    unit_test(a_range_gives_all_bytes_or_the_first_that_fails),
	    unit_test(what_is_absent_is_told_apart_and_counted),
	    unit_test(a_read_past_the_last_address_fails),
	    unit_test(pages_and_tables_in_transition_are_followed),
	    unit_test(entries_are_unswizzled_once_the_mask_is_known),
	    unit_test(prototype_entries_are_followed),
	    unit_test(five_levels_are_found_out_by_the_callers_check),
	    unit_test(processes_have_their_own_memory_and_count_together),
	    unit_test(page_tables_that_point_to_themselves_come_to_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
