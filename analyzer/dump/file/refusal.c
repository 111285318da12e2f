/* The signatures of files that people mistake for a kernel dump, and the kinds of dump that hold no logon sessions,
 * each with the remedy. */
#include "dump/file/refusal.h"

#include <string.h>

#include "dump/signature.h"

#define MACHINE_AMD64 0x8664
#define MACHINE_ARM64 0xaa64
#define MACHINE_I386 0x14c

#define VMWARE                                                                                     \
	"a snapshot or saved state of VMware; convert it, with its .vmem beside it, first "        \
	"(vmss2core -W8 FILE.vmss FILE.vmem)"
#define TAKE_ANOTHER                                                                               \
	"take a kernel or complete memory dump (CrashControl\\CrashDumpEnabled 2 or 1) and give that"

#define FROM_RAW                                                                                   \
	"convert it first: MemProcFS (-device FILE) shows it as memory.dmp, vmss2core makes a dump of a .vmem with its .vmss"

static const struct signature others[] = {
    SIGNATURE("PAGEDUMP", "a kernel dump of a 32-bit Windows; only x64 dumps are analysed"),
    SIGNATURE(
        "MDMP", "a user-mode minidump of one process, which has no logon sessions; " TAKE_ANOTHER),
    SIGNATURE("\x1f\x8b", "packed with gzip; unpack it first (gunzip -k FILE)"),
    SIGNATURE("PK\x03\x04", "a ZIP archive; unpack it first (unzip FILE)"),
    SIGNATURE("7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first (7z x FILE)"),
    SIGNATURE("\xfd"
              "7zXZ",
        "packed with xz; unpack it first (xz -dk FILE)"),
    SIGNATURE("BZh", "packed with bzip2; unpack it first (bunzip2 -k FILE)"),
    SIGNATURE("\x28\xb5\x2f\xfd", "packed with zstd; unpack it first (zstd -d FILE)"),
    SIGNATURE("Rar!", "a RAR archive; unpack it first (unrar x FILE)"),
    SIGNATURE("MSCF", "a Windows cabinet; unpack it first (cabextract FILE)"),
    SIGNATURE("\x7f"
              "ELF",
        "an ELF file; if it is a virtual machine's memory, convert it first "
        "(elf2dmp FILE MEMORY.DMP), or let the hypervisor write a Windows dump "
        "(virsh dump --memory-only --format win-dmp)"),
    SIGNATURE("\xd0\xbe\xd2\xbe", VMWARE),
    SIGNATURE("\xd1\xba\xd1\xba", VMWARE),
    SIGNATURE("\xd2\xbe\xd2\xbe", VMWARE),
    SIGNATURE("\xd3\xbe\xd3\xbe", VMWARE),
    SIGNATURE("EMiL", "raw memory in LiME's format; " FROM_RAW),
    SIGNATURE("AVML", "raw memory in AVML's format; " FROM_RAW),
    SIGNATURE("HIBR", "a hibernation file, not a dump; " TAKE_ANOTHER),
    SIGNATURE("hibr", "a hibernation file, not a dump; " TAKE_ANOTHER),
    SIGNATURE("Microsoft C/C++ ", "a PDB, not a dump; give it with --symbols"),
};

/* How the physical memory of a PC begins: with a page of zeros, or the interrupt vectors of its BIOS, which mostly are alike and in segment
 * F000. */
static bool is_raw_memory(const uint8_t *bytes, size_t length)
{
	size_t zeros = 0, vectors = 0;
	while (zeros < length && bytes[zeros] == 0)
		zeros++;
	for (size_t i = 0; i + 4 <= length && i < 64; i += 4)
		vectors += bytes[i + 2] == 0 && bytes[i + 3] == 0xf0;
	return length >= 4096 && (zeros >= 4096 || vectors >= 8);
}

bool refuse_other_files(const uint8_t *bytes, size_t length, struct error *error)
{
	if (length == 0)
		return error_set(error, EXIT_USAGE,
		    "empty; was the dump still being written, or the disk full?");
	if (length >= 8 && memcmp(bytes, "PAGEDU64", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		const struct signature *other = &others[i];
		if (length >= other->length && memcmp(bytes, other->bytes, other->length) == 0)
			return error_set(error, EXIT_USAGE, "%s", other->what);
	}
	if (is_raw_memory(bytes, length))
		return error_set(error, EXIT_USAGE,
		    "looks like the raw memory of a machine (.vmem, .raw, .mem), which does not tell where the kernel is; " FROM_RAW);
	return error_set(error, EXIT_USAGE,
	    "not a Windows memory dump: it does not start with PAGEDU64; the file wanted is "
	    "%%SystemRoot%%\\MEMORY.DMP of the host");
}

bool refuse_other_machines(uint32_t machine, struct error *error)
{
	if (machine == MACHINE_AMD64)
		return true;
	if (machine == MACHINE_ARM64)
		return error_set(
		    error, EXIT_USAGE, "a dump of an arm64 Windows; only x64 dumps are analysed");
	if (machine == MACHINE_I386)
		return error_set(
		    error, EXIT_USAGE, "a dump of a 32-bit Windows; only x64 dumps are analysed");
	return error_set(error, EXIT_USAGE,
	    "a dump of machine type 0x%x; only x64 dumps (0x8664) are analysed", machine);
}

bool refuse_without_pages(const struct dump_header *header, struct error *error)
{
	char summary[DUMP_SUMMARY_TEXT];
	header_summary(header, summary);
	if (header->has_attributes && header->attributes & DUMP_ATTRIBUTE_ENCRYPTED)
		return error_set(error, EXIT_USAGE,
		    "an encrypted %s (%s); decrypt it with the key of its host first, or turn "
		    "CrashControl\\EncryptionEnabled off and take another",
		    dump_type_name(header->type), summary);
	switch (header->type) {
	case DUMP_TYPE_HEADER:
	case DUMP_TYPE_TRIAGE:
	case DUMP_TYPE_AUTOMATIC:
		return error_set(error, EXIT_USAGE,
		    "a %s (%s) has no logon sessions; " TAKE_ANOTHER, dump_type_name(header->type),
		    summary);
	default:
		return true;
	}
}
