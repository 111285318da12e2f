/* A Windows x64 memory dump: what its header says, and the physical pages it holds.
 *
 *	struct dump_file *dump = dump_file_open(path, &error);     (the header is read)
 *	const struct dump_header *header = dump_file_header(dump); (show it, whatever comes next)
 *	dump_file_find_pages(dump, &error);                        (false: it has no pages for us, and why)
 *	dump_file_page(dump, pfn, &bytes);
 *
 * The file is untrusted and may be larger than memory: some pages of it are kept, never all. A struct dump_file
 * is used by one thread at a time. */
#ifndef LEAKLAB_DUMP_FILE_H
#define LEAKLAB_DUMP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/file/header.h"
#include "dump/file/page.h"

struct dump_file;

/* Opens a dump and reads its header. NULL if the file cannot be read, is no x64 kernel dump, or is packed: the
 * error says what it is instead and what to do. A dump without pages (triage, encrypted) does open. */
struct dump_file *dump_file_open(const char *path, struct error *error);
void dump_file_close(struct dump_file *dump); /* NULL is allowed */

/* Valid as long as the dump is open. */
const struct dump_header *dump_file_header(const struct dump_file *dump);

/* Finds out where the pages lie. Must have succeeded before any of the functions below. False for kinds that hold
 * no logon sessions (triage, header only, automatic), encrypted and damaged dumps: the error names build, time
 * and bugcheck, and what to do instead. */
bool dump_file_find_pages(struct dump_file *dump, struct error *error);

struct dump_page_counts {
	uint64_t listed; /* pages that the dump says it holds */
	uint64_t
	    stored; /* of these, the ones that lie wholly within the file: fewer if it was cut short */
};
void dump_file_count_pages(const struct dump_file *dump, struct dump_page_counts *counts);

/* The highest page frame number that the dump holds. */
uint64_t dump_file_highest_page(const struct dump_file *dump);

/* Pages that stand in the file in no order make a disk search for each, unless the operating system reads them before:
 *
 *	if (dump_file_fits(dump)) while (dump_file_read_ahead(dump, &from)) ...;     (all, part by part; from is 0 at first)
 *	else { dump_file_want(dump, pfn); ... dump_file_read_wanted(dump); }         (some, in the file's order)
 *
 * Without effect on what is found. */
bool dump_file_fits(const struct dump_file *dump); /* into half of the free memory */
bool dump_file_read_ahead(const struct dump_file *dump, uint64_t *from);
void dump_file_want(struct dump_file *dump, uint64_t pfn);
void dump_file_read_wanted(struct dump_file *dump);

/* Looks up the page with this page frame number. *bytes (DUMP_PAGE_SIZE of them) is valid until the next call, and
 * untouched unless the page is found. */
enum dump_page dump_file_page(struct dump_file *dump, uint64_t pfn, const uint8_t **bytes);

/* The same, where it is kept. */
enum dump_page dump_file_page_slot(
    struct dump_file *dump, uint64_t pfn, const struct dump_page_slot **slot);

#endif
