/* DUMP_HEADER64: what it says, and which bytes are one. */
#ifndef LEAKLAB_DUMP_HEADER_H
#define LEAKLAB_DUMP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUMP_HEADER_SIZE 0x2000u

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

/* LIVE_SYSTEM_DUMP: no crash, a dump that was asked for while the host went on. */
#define DUMP_BUGCHECK_LIVE 0x161u

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

/* "NMI_HARDWARE_FAILURE"; NULL: not one that is known here. */
const char *dump_bugcheck_name(uint32_t code);

/* Whether memory may have changed while the dump was written: taken of a running system, or by a debugger (which may be one on that
 * system). What is counted in one place then need not fit what is found in another. */
bool dump_may_have_moved(const struct dump_header *header);

void header_parse(const uint8_t raw[DUMP_HEADER_SIZE], struct dump_header *header);

/* "build 19041, 2021-02-21T04:31:09Z, bugcheck 0x1000007e": what a refusal says after the header was read. */
#define DUMP_SUMMARY_TEXT 128
const char *header_summary(const struct dump_header *header, char text[DUMP_SUMMARY_TEXT]);

#endif
