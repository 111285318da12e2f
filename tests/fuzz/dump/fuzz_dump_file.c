/* A dump file: header, lists of pages, pages. */
#include "dump/file/dump_file.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error error;
	struct dump_file *dump = dump_file_open(fuzz_file(bytes, length), &error);
	if (!dump)
		return 0;
	if (dump_file_find_pages(dump, &error)) {
		struct dump_page_counts counts;
		const uint8_t *page;
		volatile uint8_t sum = 0;
		dump_file_count_pages(dump, &counts);
		uint64_t highest = dump_file_highest_page(dump);
		for (uint64_t pfn = 0; pfn < 2048; pfn++) {
			if (dump_file_page(dump, pfn, &page) == DUMP_PAGE_FOUND)
				sum += page[DUMP_PAGE_SIZE - 1];
			if (dump_file_page(dump, highest - pfn, &page) == DUMP_PAGE_FOUND)
				sum += page[0];
		}
		(void)sum; /* what counts is that it was read */
	}
	dump_file_close(dump);
	return 0;
}
