/* fuzz-dump-seeds DIR: writes what the fuzzers start from to DIR/dump_file, DIR/paging, DIR/pdb and DIR/kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/dump/make_dump.h"
#include "tests/unit/dump/make_pdb.h"

static struct make_dump dump;
static struct make_pdb pdb;

static void write_seed(
    const char *folder, const char *target, unsigned number, const uint8_t *bytes, size_t length)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, target);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/%s/seed-%u", folder, target, number);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
		perror(path);
		exit(4);
	}
}

static void write_dumps(const char *folder)
{
	make_dump_init(&dump);
	for (uint64_t pfn = 3; pfn < 200; pfn += 61)
		make_store64(make_dump_page(&dump, pfn), pfn);
	for (unsigned type = 1; type <= 10; type++) {
		size_t length;
		uint8_t *bytes = make_dump_bytes(&dump, type, MAKE_BY_TYPE, &length);
		write_seed(folder, "dump_file", type, bytes, length);
		free(bytes);
	}
}

/* Pages 0 to 15: tables from page 1 on, data in page 15; valid, transition, prototype and large entries. */
static void write_paging(const char *folder)
{
	static uint8_t bytes[64 + 16 * 4096];
	const uint64_t base = 0xfffff80000000000;
	for (int levels = 4; levels <= 5; levels++) {
		memset(bytes, 0, sizeof bytes);
		make_dump_init(&dump);
		make_dump_entry(&dump, levels, 1, base, 15 << 12 | 1);
		make_dump_entry(&dump, levels, 1, base + 0x1000, 15 << 12 | 0x880);
		make_dump_entry(&dump, levels, 1, base + 0x2000, base << 16 | 0x400);
		make_dump_entry(&dump, levels, 1, base + 0x3000, UINT64_C(9) << 32 | 0x80);
		make_dump_entry(&dump, levels, 2, base + 0x200000, 0x81);
		make_dump_entry(&dump, levels, 3, base + 0x40000000, 0x1081);
		make_dump_put64(&dump, 15 << 12, 15 << 12 | 1);
		for (size_t i = 0; i < dump.count; i++)
			if (dump.pfn[i] < 16)
				memcpy(bytes + 64 + dump.pfn[i] * 4096, dump.page[i], 4096);
		static const uint64_t choices[] = {
		    0, UINT64_C(1) << 45, 4096, 0, 0x1ff8, 0x2000, 0x200123, 0x40000456};
		for (size_t i = 0; i < 8; i++)
			make_store64(
			    bytes + 8 * i, i == 1 || i == 2 ? choices[i] : base + choices[i]);
		write_seed(folder, "paging", (unsigned)levels, bytes, sizeof bytes);
	}
}

/* An image with an RSDS entry and one export. */
static void write_image(const char *folder)
{
	static uint8_t image[0x1000];
	memcpy(image, "MZ", 2);
	make_store32(image + 0x3c, 0x80);
	memcpy(image + 0x80, "PE\0", 4);
	uint8_t *optional = image + 0x98;
	make_store16(optional, 0x20b);
	make_store32(optional + 108, 16);
	make_store32(optional + 112, 0x400);
	make_store32(optional + 116, 0x100);
	make_store32(optional + 112 + 48, 0x600);
	make_store32(optional + 112 + 52, 28);
	make_store32(image + 0x400 + 20, 1);
	make_store32(image + 0x400 + 24, 1);
	make_store32(image + 0x400 + 28, 0x440);
	make_store32(image + 0x400 + 32, 0x444);
	make_store32(image + 0x400 + 36, 0x448);
	make_store32(image + 0x440, 0x800);
	make_store32(image + 0x444, 0x450);
	memcpy(image + 0x450, "PsLoadedModuleList", 19);
	make_store32(image + 0x600 + 12, 2);
	make_store32(image + 0x600 + 16, 40);
	make_store32(image + 0x600 + 20, 0x640);
	memcpy(image + 0x640, "RSDS0123456789abcdef\1\0\0\0lab.pdb", 32);
	write_seed(folder, "pdb", 3, image, sizeof image);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: fuzz-dump-seeds DIR\n", stderr);
		return 2;
	}
	mkdir(argv[1], 0777);
	write_dumps(argv[1]);
	write_paging(argv[1]);
	write_image(argv[1]);
	static const uint8_t changes[] = {0, 1, 0, 1, 4, 0, 0x20, 0, 2, 1, 0x80, 3, 0, 3, 9};
	write_seed(argv[1], "kernel", 0, changes, sizeof changes);
	make_pdb_sample(&pdb);
	for (unsigned i = 0; i < 3; i++) {
		size_t length, length_msfz;
		pdb.is_scattered = i == 1;
		if (i == 2)
			make_pdb_omap(&pdb, 0x1000, 0x2000);
		uint8_t *bytes = make_pdb_bytes(&pdb, &length),
		        *msfz = make_pdb_msfz(&pdb, &length_msfz);
		write_seed(argv[1], "pdb", i, bytes, length);
		write_seed(argv[1], "pdb", 4 + i, msfz, length_msfz);
		free(bytes);
		free(msfz);
	}
	return 0;
}
