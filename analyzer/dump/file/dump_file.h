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
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define DUMP_PAGE_SIZE 4096u
#define DUMP_PAGE_BITS 12

/* dump_is_memory_dump() is sure with this many first bytes of a file. */
#define DUMP_SIGNATURE_LENGTH 8

/* What the first bytes say: a Windows memory dump of any kind (x64, arm64, 32-bit, user minidump). */
bool dump_is_memory_dump(const void *bytes, size_t length);

/* DumpType of the header. */
enum dump_type {
	DUMP_TYPE_FULL = 1,
	DUMP_TYPE_SUMMARY = 2, /* the kernel dump of Windows before 8 */
	DUMP_TYPE_HEADER = 3,
	DUMP_TYPE_TRIAGE = 4, /* what Windows calls a small memory dump, or minidump */
	DUMP_TYPE_BITMAP_FULL = 5,
	DUMP_TYPE_BITMAP_KERNEL = 6,
	DUMP_TYPE_AUTOMATIC = 7,
	DUMP_TYPE_DEBUGGER_KERNEL = 8,      /* .dump /k */
	DUMP_TYPE_DEBUGGER_KERNEL_USER = 9, /* .dump /ka */
	DUMP_TYPE_DEBUGGER_FULL = 10,       /* .dump /f */
};

/* Bits of attributes (DUMP_FILE_ATTRIBUTES in the Windows SDK). */
#define DUMP_ATTRIBUTE_LIVE (1u << 4)      /* taken of a running system */
#define DUMP_ATTRIBUTE_ENCRYPTED (1u << 8) /* page data is encrypted */

#define DUMP_PROCESSORS_UNKNOWN 0
#define DUMP_UP_TIME_UNKNOWN INT64_MIN

/* DUMP_HEADER64. A field that the writer left unset (filled with "PAGE") is absent: 0 for addresses and counts,
 * false for has_..., "" for the comment, the ..._UNKNOWN constants for times. */
struct dump_header {
	uint32_t build;   /* MinorVersion: 19041 and so on */
	uint32_t machine; /* IMAGE_FILE_MACHINE_... */
	uint32_t processors;
	uint64_t directory_table_base; /* physical address, low 12 bits cleared */
	uint64_t loaded_module_list;   /* &nt!PsLoadedModuleList */
	uint64_t active_process_head;  /* &nt!PsActiveProcessHead */
	uint64_t debugger_data;        /* &nt!KdDebuggerDataBlock */
	bool has_bugcheck;
	uint32_t bugcheck;
	uint64_t bugcheck_parameters[4];
	uint32_t type; /* enum dump_type, or a number unknown to it */
	bool has_attributes;
	uint32_t attributes;
	int64_t system_time;     /* microseconds since 1970, or TIMESTAMP_UNKNOWN */
	int64_t up_time;         /* microseconds, or DUMP_UP_TIME_UNKNOWN */
	uint64_t required_space; /* bytes that the whole dump should have; 0: not said */
	char comment[129];
};

/* "bitmap kernel dump" and so on, never NULL. */
const char *dump_type_name(uint32_t type);

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

enum dump_page {
	DUMP_PAGE_FOUND,
	DUMP_PAGE_ABSENT,     /* the dump does not hold it */
	DUMP_PAGE_TRUNCATED,  /* the dump should hold it, but the file ends before it */
	DUMP_PAGE_UNREADABLE, /* the operating system could not read the file there */
};

/* Looks up the page with this page frame number. *bytes (DUMP_PAGE_SIZE of them) is valid until the next call, and
 * untouched unless the page is found. */
enum dump_page dump_file_page(struct dump_file *dump, uint64_t pfn, const uint8_t **bytes);

/* Where a page is kept, until the slot is needed for another one: whoever remembers a slot sees by its offset in the file
 * whether the page is still the same. */
struct dump_page_slot {
	uint64_t offset;
	uint8_t *bytes;
};
enum dump_page dump_file_page_slot(
    struct dump_file *dump, uint64_t pfn, const struct dump_page_slot **slot);

#endif
