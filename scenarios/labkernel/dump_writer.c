/* Knows how a crash dump file is laid out: DUMP_HEADER64, runs, bitmap (public sources: the headers as debuggers, kdmp-parser
 * and volatility3 read them). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labkernel/inside.h"

#define HEADER_SIZE 0x2000
#define BITMAP_HEADER 0x38
#define RUNS_MOST 42 /* PhysicalMemoryBlock has 700 bytes, of which 16 are counts */
#define NMI_HARDWARE_FAILURE 0x80
#define AMD64 0x8664
#define FILETIME_SECOND 10000000ull
#define EPOCH 116444736000000000ull

static void put_u32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void fill_header(const struct crash *crash, uint64_t root, uint8_t *header)
{
	/* What nobody sets holds this pattern. */
	for (size_t i = 0; i < HEADER_SIZE; i += 4)
		memcpy(header + i, "PAGE", 4);
	memcpy(header + 4, "DU64", 4);
	put_u32(header + 0x8, 15);
	put_u32(header + 0xc, crash->layout->build);
	put_u64(header + 0x10, root);
	put_u64(header + 0x20, crash_symbol(crash, "PsLoadedModuleList"));
	put_u64(header + 0x28, crash_symbol(crash, "PsActiveProcessHead"));
	put_u32(header + 0x30, AMD64);
	put_u32(header + 0x34, 2);
	put_u32(header + 0x38, NMI_HARDWARE_FAILURE);
	put_u64(header + 0x40, 0x4f4454);
	memset(header + 0x48, 0, 24);
	put_u64(header + 0x80, crash_symbol(crash, "KdDebuggerDataBlock"));
	put_u32(header + 0xf98, crash->options.type);
	put_u64(header + 0xfa8, (uint64_t)crash->options.time * 10 + EPOCH);
	memset(header + 0xfb0, 0, 128);
	memcpy(header + 0xfb0, LABKERNEL_COMMENT, strlen(LABKERNEL_COMMENT));
	put_u64(header + 0x1030, (uint64_t)crash->options.up_time * 10);
	put_u32(header + 0x1050, crash->options.live ? 1u << 4 : 0);
}

/* Runs of frames that are in the dump. Returns how many there are; runs may be NULL. */
static size_t find_runs(const struct frame *frames, size_t count, uint8_t *runs)
{
	size_t found = 0;

	for (size_t i = 0; i < count;) {
		size_t length = 1;
		if (!frames[i].bytes) {
			i++;
			continue;
		}
		while (i + length < count && frames[i + length].bytes &&
		       frames[i + length].number == frames[i].number + length)
			length++;
		if (runs) {
			put_u64(runs + 16 * found, frames[i].number);
			put_u64(runs + 16 * found + 8, length);
		}
		found++;
		i += length;
	}
	return found;
}

static size_t count_pages(const struct frame *frames, size_t count)
{
	size_t pages = 0;

	for (size_t i = 0; i < count; i++)
		pages += frames[i].bytes != NULL;
	return pages;
}

static bool write_pages(FILE *out, const struct frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (frames[i].bytes && fwrite(frames[i].bytes, RAM_PAGE, 1, out) != 1)
			return false;
	return true;
}

static bool write_full(
    FILE *out, uint8_t *header, const struct frame *frames, size_t count, struct error *error)
{
	const size_t runs = find_runs(frames, count, NULL);

	if (runs > RUNS_MOST)
		return error_set(error, EXIT_USAGE,
		    "%zu runs of pages; the header of a full dump has room for %d: write a bitmap dump",
		    runs, RUNS_MOST);
	memset(header + 0x88, 0, 16);
	put_u32(header + 0x88, (uint32_t)runs);
	put_u64(header + 0x90, count_pages(frames, count));
	find_runs(frames, count, header + 0x98);
	put_u64(header + 0xfa0, HEADER_SIZE + count_pages(frames, count) * RAM_PAGE);
	return (fwrite(header, HEADER_SIZE, 1, out) == 1 && write_pages(out, frames, count)) ||
	       error_set(error, EXIT_TARGET, "cannot write: %s", strerror(errno));
}

static bool write_bitmap(const struct crash *crash, FILE *out, uint8_t *header,
    const struct frame *frames, size_t count, struct error *error)
{
	const uint64_t bits = (frames[count - 1].number + 1 + 63) & ~63ull;
	const size_t size = (BITMAP_HEADER + bits / 8 + RAM_PAGE - 1) & ~(size_t)(RAM_PAGE - 1);
	uint8_t *bitmap = calloc(1, size);

	if (!bitmap)
		return error_memory(error);
	memcpy(bitmap, crash->options.type == DUMP_BITMAP_FULL ? "FDMPDUMP" : "SDMPDUMP", 8);
	put_u64(bitmap + 0x20, HEADER_SIZE + size);
	put_u64(bitmap + 0x28, count_pages(frames, count));
	put_u64(bitmap + 0x30, bits);
	for (size_t i = 0; i < count; i++)
		if (frames[i].bytes)
			bitmap[BITMAP_HEADER + frames[i].number / 8] |=
			    (uint8_t)(1u << frames[i].number % 8);
	put_u64(header + 0xfa0, HEADER_SIZE + size + count_pages(frames, count) * RAM_PAGE);
	const bool good = fwrite(header, HEADER_SIZE, 1, out) == 1 &&
	                  fwrite(bitmap, size, 1, out) == 1 && write_pages(out, frames, count);
	free(bitmap);
	return good || error_set(error, EXIT_TARGET, "cannot write: %s", strerror(errno));
}

static FILE *create(const char *path, struct error *error)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");

	if (!out)
		error_set(error, EXIT_TARGET, "%s: %s", path, strerror(errno));
	return out;
}

static bool close_file(FILE *out, const char *path, bool good, struct error *error)
{
	if (fclose(out) != 0 && good)
		good = error_set(error, EXIT_TARGET, "%s: %s", path, strerror(errno));
	if (!good)
		unlink(path);
	return good;
}

static bool write_pdb(const struct layout *layout, const char *path, struct error *error)
{
	FILE *out = create(path, error);

	if (!out)
		return false;
	const bool good = fwrite(layout->pdb, *layout->pdb_size, 1, out) == 1 ||
	                  error_set(error, EXIT_TARGET, "%s: %s", path, strerror(errno));
	return close_file(out, path, good, error);
}

bool crash_write(struct crash *crash, const char *path, const char *pdb_path, struct error *error)
{
	uint8_t header[HEADER_SIZE];
	uint64_t root;
	size_t count;

	if (!crash_finish(crash, &root, error))
		return false;
	fill_header(crash, root, header);
	const struct frame *frames = ram_frames(crash->ram, &count);
	FILE *out = create(path, error);
	if (!out)
		return false;
	const bool good = crash->options.type == DUMP_FULL
	                      ? write_full(out, header, frames, count, error)
	                      : write_bitmap(crash, out, header, frames, count, error);
	return close_file(out, path, good, error) &&
	       (!pdb_path || write_pdb(crash->layout, pdb_path, error));
}
