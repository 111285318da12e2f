/* Where each fact lies in DUMP_HEADER64 (Windows SDK, ntiodump; the same in kdmp-parser and elf2dmp), and how a
 * field that the writer left unset looks. */
#include "dump/file/header.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/timestamp.h"
#include "dump/little_endian.h"

#define UNSET32 0x45474150u /* "PAGE" */
#define UNSET64 0x4547415045474150u

/* FILETIME counts 100 ns from 1601-01-01. */
#define FILETIME_1970 116444736000000000
#define FILETIME_LARGEST 0x7fff35f4f06c7fff /* the year 30828, where SYSTEMTIME ends */

static uint32_t field32(const uint8_t *raw, size_t offset)
{
	uint32_t value = load32(raw + offset);
	return value == UNSET32 ? 0 : value;
}

static uint64_t field64(const uint8_t *raw, size_t offset)
{
	uint64_t value = load64(raw + offset);
	return value == UNSET64 ? 0 : value;
}

static int64_t system_time(const uint8_t *raw)
{
	uint64_t value = field64(raw, 0xfa8);
	if (value < FILETIME_1970 || value > FILETIME_LARGEST)
		return TIMESTAMP_UNKNOWN;
	return (int64_t)(value - FILETIME_1970) / 10;
}

static int64_t up_time(const uint8_t *raw)
{
	uint64_t value = field64(raw, 0x1030);
	return value == 0 || value > FILETIME_LARGEST ? DUMP_UP_TIME_UNKNOWN : (int64_t)value / 10;
}

static void copy_comment(const uint8_t *raw, char comment[129])
{
	comment[0] = '\0';
	if (load32(raw + 0xfb0) == UNSET32)
		return;
	memcpy(comment, raw + 0xfb0, 128);
	comment[128] = '\0';
	text_make_safe(comment);
}

void header_parse(const uint8_t raw[DUMP_HEADER_SIZE], struct dump_header *header)
{
	memset(header, 0, sizeof *header);
	header->build = field32(raw, 0xc);
	header->directory_table_base = field64(raw, 0x10) & ~UINT64_C(0xfff);
	header->loaded_module_list = field64(raw, 0x20);
	header->active_process_head = field64(raw, 0x28);
	header->machine = field32(raw, 0x30);
	header->processors = field32(raw, 0x34);
	header->has_bugcheck = load32(raw + 0x38) != UNSET32;
	header->bugcheck = field32(raw, 0x38);
	for (size_t i = 0; i < 4; i++)
		header->bugcheck_parameters[i] = field64(raw, 0x40 + 8 * i);
	header->debugger_data = field64(raw, 0x80);
	header->type = field32(raw, 0xf98);
	header->required_space = field64(raw, 0xfa0);
	header->system_time = system_time(raw);
	header->up_time = up_time(raw);
	header->has_attributes = load32(raw + 0x1050) != UNSET32;
	header->attributes = field32(raw, 0x1050);
	copy_comment(raw, header->comment);
}

bool dump_is_memory_dump(const void *bytes, size_t length)
{
	return (length >= 8 &&
	           (memcmp(bytes, "PAGEDU64", 8) == 0 || memcmp(bytes, "PAGEDUMP", 8) == 0)) ||
	       (length >= 6 && memcmp(bytes, "MDMP\x93\xa7", 6) == 0);
}

const char *dump_type_name(uint32_t type)
{
	static const char *const names[] = {
	    [DUMP_TYPE_FULL] = "complete dump",
	    [DUMP_TYPE_SUMMARY] = "kernel dump",
	    [DUMP_TYPE_HEADER] = "header-only dump",
	    [DUMP_TYPE_TRIAGE] = "small (triage) dump",
	    [DUMP_TYPE_BITMAP_FULL] = "complete bitmap dump",
	    [DUMP_TYPE_BITMAP_KERNEL] = "kernel bitmap dump",
	    [DUMP_TYPE_AUTOMATIC] = "dump of the type automatic",
	    [DUMP_TYPE_DEBUGGER_KERNEL] = "debugger's kernel dump",
	    [DUMP_TYPE_DEBUGGER_KERNEL_USER] = "debugger's kernel and user dump",
	    [DUMP_TYPE_DEBUGGER_FULL] = "debugger's complete dump",
	};
	return type < sizeof names / sizeof names[0] && names[type] ? names[type]
	                                                            : "dump of unknown type";
}

bool dump_may_have_moved(const struct dump_header *header)
{
	return (header->has_attributes && header->attributes & DUMP_ATTRIBUTE_LIVE) ||
	       (header->has_bugcheck && header->bugcheck == DUMP_BUGCHECK_LIVE) ||
	       header->type == DUMP_TYPE_DEBUGGER_KERNEL ||
	       header->type == DUMP_TYPE_DEBUGGER_KERNEL_USER ||
	       header->type == DUMP_TYPE_DEBUGGER_FULL;
}

const char *header_summary(const struct dump_header *header, char text[DUMP_SUMMARY_TEXT])
{
	char time[TIMESTAMP_TEXT], bugcheck[32] = "no bugcheck";
	timestamp_format(header->system_time, time);
	if (header->has_bugcheck)
		snprintf(bugcheck, sizeof bugcheck, "bugcheck 0x%x", header->bugcheck);
	snprintf(text, DUMP_SUMMARY_TEXT, "build %u, %s%s, %s", header->build,
	    header->system_time == TIMESTAMP_UNKNOWN ? "time " : "", time, bugcheck);
	return text;
}
