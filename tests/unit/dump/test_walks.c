/* What the walks over a kernel's lists and tables promise, whatever the dump holds. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dump/kernel/found.h"
#include "dump/kernel/kernel.h"
#include "dump/kernel/steps.h"
#include "evidence/snapshot.h"
#include "tests/unit/dump/make_dump.h"

#define HEAD UINT64_C(0xfffff80000001000)
#define FRAME UINT64_C(40)
#define ENTRIES 5

struct stage {
	struct make_dump make;
	char *folder;
	struct dump_file *dump;
	struct address_space *space;
};

static uint64_t entry_at(unsigned number)
{
	return HEAD + number * 0x1000u; /* each on a page of its own; 0 is the head */
}

static void put_links(struct stage *stage, unsigned number, uint64_t flink, uint64_t blink)
{
	make_dump_put64(&stage->make, (FRAME + number) << 12, flink);
	make_dump_put64(&stage->make, ((FRAME + number) << 12) + 8, blink);
}

/* A ring of ENTRIES entries and their head. */
static void make_ring(struct stage *stage)
{
	make_dump_init(&stage->make);
	for (unsigned i = 0; i <= ENTRIES; i++) {
		make_dump_entry(&stage->make, 4, 1, entry_at(i), (FRAME + i) << 12 | 1);
		make_dump_page(&stage->make, FRAME + i);
		put_links(stage, i, entry_at((i + 1) % (ENTRIES + 1)),
		    entry_at((i + ENTRIES) % (ENTRIES + 1)));
	}
}

static void stage_open(struct stage *stage)
{
	struct error error;
	size_t length;
	uint8_t *bytes = make_dump_bytes(&stage->make, 6, MAKE_BY_TYPE, &length);
	stage->folder = unit_directory();
	const char *path = unit_path(stage->folder, "MEMORY.DMP");
	unit_write_file(path, bytes, length);
	free(bytes);
	stage->dump = dump_file_open(path, &error);
	assert_non_null(stage->dump);
	assert_true(dump_file_find_pages(stage->dump, &error));
	stage->space =
	    address_space_create(stage->dump, dump_file_header(stage->dump)->directory_table_base);
	assert_non_null(stage->space);
}

static void stage_close(struct stage *stage)
{
	address_space_destroy(stage->space);
	dump_file_close(stage->dump);
	unit_remove_directory(stage->folder);
}

/* Walks the list; bit N of the result: entry N was given. No entry may be given twice. */
static unsigned walk(struct stage *stage, struct list *list, uint64_t most)
{
	unsigned seen = 0;
	uint64_t entry;
	stage_open(stage);
	list_begin(list, stage->space, HEAD, true, most);
	while (list_next(list, &entry) == LIST_ENTRY) {
		unsigned bit = 1u << ((entry - HEAD) / 0x1000);
		assert_false(seen & bit);
		seen |= bit;
	}
	stage_close(stage);
	return seen;
}

static void list_gives_all_entries(void **state)
{
	static struct stage stage;
	struct list list;
	(void)state;
	make_ring(&stage);
	assert_int_equal(walk(&stage, &list, 100), 0x3e);
	assert_false(list.broken);
}

static void list_that_is_empty_has_no_entries(void **state)
{
	static struct stage stage;
	struct list list;
	(void)state;
	make_ring(&stage);
	put_links(&stage, 0, HEAD, HEAD);
	assert_int_equal(walk(&stage, &list, 100), 0);
	assert_false(list.broken);
}

static void rest_of_a_broken_list_is_read_from_its_other_end(void **state)
{
	static struct stage stage;
	struct list list;
	(void)state;
	make_ring(&stage);
	make_dump_remove(&stage.make, FRAME + 3); /* the page is not in the dump */
	assert_int_equal(walk(&stage, &list, 100), 0x36);
	assert_true(list.broken);
	assert_false(list.joined);
	assert_int_equal(list.reason, MEMORY_NOT_IN_DUMP);
}

static void list_that_loops_ends_and_says_so(void **state)
{
	static struct stage stage;
	struct list list;
	(void)state;
	make_ring(&stage);
	put_links(&stage, 3, entry_at(2), entry_at(2));
	unsigned seen = walk(&stage, &list, 100);
	assert_int_equal(seen & 0xe, 0xe);
	assert_true(list.broken);
	assert_int_equal(list.reason, MEMORY_STATES);
}

static void ring_without_its_head_ends_and_says_so(void **state)
{
	static struct stage stage;
	struct list list;
	(void)state;
	make_ring(&stage);
	/* 2 -> 3 -> 4 -> 2, with back links that agree except for the way in */
	put_links(&stage, 4, entry_at(2), entry_at(3));
	walk(&stage, &list, 100);
	assert_true(list.broken);
}

static void entries_outside_the_kernel_or_unaligned_are_not_read(void **state)
{
	static const uint64_t wild[] = {
	    0, 8, 0x7fff00000000, UINT64_C(0x8000000000000000), HEAD + 0x2001, UINT64_MAX - 7};
	static struct stage stage;
	struct list list;
	(void)state;
	for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
		make_ring(&stage);
		put_links(&stage, 2, wild[i], entry_at(1));
		assert_int_equal(walk(&stage, &list, 100), 0x3e);
		assert_true(list.broken && list.joined);
	}
	make_ring(&stage);
	put_links(&stage, 0, 8, entry_at(ENTRIES)); /* the head's own link */
	assert_int_equal(walk(&stage, &list, 100), 0x3e);
	assert_true(list.broken && list.joined);
	make_ring(&stage);
	put_links(&stage, 2, 8, entry_at(1));
	put_links(&stage, 4, entry_at(5), 8); /* what lies between two bad ones is lost */
	assert_int_equal(walk(&stage, &list, 100), 0x36);
	assert_false(list.joined);
}

static void list_has_no_more_entries_than_it_may(void **state)
{
	static struct stage stage;
	struct list list;
	(void)state;
	make_ring(&stage);
	assert_int_equal(__builtin_popcount(walk(&stage, &list, 3)), 3);
	assert_true(list.broken);
}

static void entry_of_windows_7_is_an_address_with_flags(void **state)
{
	const struct kernel_layout layout = {.entry = {.is_packed = false}};
	(void)state;
	assert_true(
	    handles_header(&layout, UINT64_C(0xfffffa8001234567)) == UINT64_C(0xfffffa8001234560));
	assert_true(handles_header(&layout, 0) == 0);
}

static void entry_since_windows_8_packs_the_address(void **state)
{
	const struct kernel_layout layout = {.entry = {.is_packed = true, .shift = 20}};
	const uint64_t header = UINT64_C(0xffffe40100000a30);
	(void)state;
	assert_true(handles_header(&layout, (header >> 4) << 20 | 0xfffff) == header);
	assert_true(handles_header(&layout, 0xfffff) == 0);
}

static void address_map_finds_what_was_added(void **state)
{
	struct address_map map = {0};
	(void)state;
	assert_true(address_map_find(&map, 16) == UINT32_MAX);
	for (uint32_t i = 1; i <= 5000; i++)
		assert_true(address_map_add(&map, i * UINT64_C(0x490), i));
	for (uint32_t i = 1; i <= 5000; i++)
		assert_int_equal(address_map_find(&map, i * UINT64_C(0x490)), i);
	assert_true(address_map_find(&map, 0x491) == UINT32_MAX);
	address_map_deinit(&map);
}

static void address_map_stays_fast_when_addresses_lie_closer_than_said(void **state)
{
	struct address_map map = {.spacing_bits = 10};
	const uint32_t count = 300000; /* hours, if each were compared with all before it */
	(void)state;
	for (uint32_t i = 1; i <= count; i++)
		assert_true(address_map_add(&map, i * UINT64_C(16), i));
	for (uint32_t i = 1; i <= count; i++)
		assert_int_equal(address_map_find(&map, i * UINT64_C(16)), i);
	address_map_deinit(&map);
}

static void address_map_with_room_reserved_is_empty(void **state)
{
	struct address_map map = {.spacing_bits = 10};
	(void)state;
	address_map_reserve(&map, 5000);
	assert_true(address_map_find(&map, 0x490) == UINT32_MAX);
	assert_true(address_map_add(&map, 0x490, 7));
	address_map_reserve(&map, 100000); /* too late: what is in it stays */
	assert_int_equal(address_map_find(&map, 0x490), 7);
	address_map_deinit(&map);
}

#define PROCESS UINT64_C(0xfffff80000010000) /* its second half lies on the next page */
#define PROCESS_FRAME UINT64_C(50)

/* A kernel whose layout is as small as can be: links and ID of a process on one page, when it exited and its handle table
 * on the next. */
static struct kernel *make_kernel(struct stage *stage)
{
	struct kernel *kernel = calloc(1, sizeof *kernel);
	struct kernel_private *inside = calloc(1, sizeof *inside);
	assert_non_null(kernel);
	assert_non_null(inside);
	kernel->inside = inside;
	kernel->dump = stage->dump;
	kernel->space = stage->space;
	inside->strings = intern_create();
	inside->budget = 1 << 20;
	memset(&inside->layout, 0xff, sizeof inside->layout); /* ABSENT */
	inside->layout.process.links = 0;
	inside->layout.process.pid = 0x10;
	inside->layout.process.image = 0x18;
	inside->layout.process.exited = 0x1000;
	inside->layout.process.objects = 0x1008;
	inside->layout.table.code = 0;
	inside->layout.entry.object = 0;
	inside->layout.header.body = 0x30;
	inside->has_token_type = true;
	assert_int_equal(inside->layout.process.token, ABSENT);
	return kernel;
}

static void drop_kernel(struct kernel *kernel)
{
	kernel->space = NULL; /* the stage's */
	kernel_destroy(kernel);
}

/* One process in the list of the header. */
static void make_process(struct stage *stage)
{
	make_dump_init(&stage->make);
	make_store64(stage->make.header + 0x28, HEAD);
	make_dump_entry(&stage->make, 4, 1, HEAD, FRAME << 12 | 1);
	make_dump_page(&stage->make, FRAME);
	make_dump_entry(&stage->make, 4, 1, PROCESS, PROCESS_FRAME << 12 | 1);
	make_dump_entry(&stage->make, 4, 1, PROCESS + 0x1000, (PROCESS_FRAME + 1) << 12 | 1);
	make_dump_page(&stage->make, PROCESS_FRAME);
	make_dump_page(&stage->make, PROCESS_FRAME + 1);
	put_links(stage, 0, PROCESS, PROCESS);
	make_dump_put64(&stage->make, PROCESS_FRAME << 12, HEAD);
	make_dump_put64(&stage->make, (PROCESS_FRAME << 12) + 8, HEAD);
	make_dump_put64(&stage->make, (PROCESS_FRAME << 12) + 0x10, 2044);
}

static void process_without_its_second_half_may_be_alive_and_hold_anything(void **state)
{
	static struct stage stage;
	struct error error;
	(void)state;
	for (int half = 0; half < 2; half++) {
		make_process(&stage);
		if (half)
			make_dump_remove(&stage.make, PROCESS_FRAME + 1);
		stage_open(&stage);
		struct kernel *kernel = make_kernel(&stage);
		assert_true(processes_read(kernel, &error));
		assert_int_equal(kernel->process_count, 1);
		assert_int_equal(kernel->processes[0].exit_unknown, half);
		assert_true(kernel->processes[0].is_alive);
		assert_int_equal(kernel_missing_of(kernel, THING_PROCESS), half);
		assert_int_equal(kernel_missing_of(kernel, THING_HANDLE_TABLE), half);
		kernel->handles_read = kernel->threads_read = true;
		assert_int_equal(kernel_holders_seen(kernel), !half);
		drop_kernel(kernel);
		stage_close(&stage);
	}
}

static void handle_table_beyond_the_budget_is_missing(void **state)
{
	static struct stage stage;
	struct error error;
	(void)state;
	for (uint64_t budget = 0; budget < 2; budget++) {
		make_process(&stage);
		/* The table is on the second page, and leads to one leaf without entries. */
		make_dump_put64(&stage.make, ((PROCESS_FRAME + 1) << 12) + 8, PROCESS + 0x1100);
		make_dump_put64(&stage.make, ((PROCESS_FRAME + 1) << 12) + 0x100, PROCESS + 0x2000);
		make_dump_entry(&stage.make, 4, 1, PROCESS + 0x2000, (PROCESS_FRAME + 2) << 12 | 1);
		make_dump_page(&stage.make, PROCESS_FRAME + 2);
		stage_open(&stage);
		struct kernel *kernel = make_kernel(&stage);
		kernel->inside->leaf_budget = budget;
		assert_true(processes_read(kernel, &error) && handles_read(kernel, &error));
		assert_int_equal(kernel_missing_of(kernel, THING_HANDLE_TABLE), !budget);
		assert_true(kernel->processes[0].handles == (budget ? 0 : NUMBER_UNKNOWN));
		drop_kernel(kernel);
		stage_close(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(list_gives_all_entries),
	    unit_test(list_that_is_empty_has_no_entries),
	    unit_test(rest_of_a_broken_list_is_read_from_its_other_end),
	    unit_test(list_that_loops_ends_and_says_so),
	    unit_test(ring_without_its_head_ends_and_says_so),
	    unit_test(entries_outside_the_kernel_or_unaligned_are_not_read),
	    unit_test(list_has_no_more_entries_than_it_may),
	    unit_test(entry_of_windows_7_is_an_address_with_flags),
	    unit_test(entry_since_windows_8_packs_the_address),
	    unit_test(address_map_finds_what_was_added),
	    unit_test(address_map_stays_fast_when_addresses_lie_closer_than_said),
	    unit_test(address_map_with_room_reserved_is_empty),
	    unit_test(process_without_its_second_half_may_be_alive_and_hold_anything),
	    unit_test(handle_table_beyond_the_budget_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
