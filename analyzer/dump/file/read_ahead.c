/* A walk over lists wants pages in an order that has nothing to do with the file's. Read one after the other from a disk, each is waited for; read as
 * a whole before, and kept by the operating system as long as it has room, they come from memory. */
#include "dump/file/read_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump/file/page.h"

/* What Linux reads of one request at least: of a larger one it may forget the rest (force_page_cache_ra() in mm/readahead.c; the limit of most
 * disks is VM_READAHEAD_PAGES). */
#define REQUEST (UINT64_C(128) << 10)
#define PART (32 * REQUEST)
#define PAGES_MOST (UINT64_C(1) << 30) /* of a file (4 TiB); more are not read ahead */

/* Bytes that may be used without taking them from anybody (proc_meminfo(5)); 0: not known. */
static uint64_t free_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t kib = 0;
	while (file && !kib && fgets(line, sizeof line, file))
		sscanf(line, "MemAvailable: %" SCNu64, &kib);
	if (file)
		fclose(file);
	return kib << 10;
}

bool source_fits(const struct dump_source *source)
{
	return source->stored <= free_memory() / 2;
}

static bool ask(const struct dump_source *source, uint64_t offset, uint64_t length)
{
	return posix_fadvise(source->fd, (off_t)offset, (off_t)length, POSIX_FADV_WILLNEED) == 0;
}

bool source_read_ahead(const struct dump_source *source, uint64_t *from)
{
	/* Holes are not on the disk. Where they cannot be asked for, none is known. */
	const off_t data = lseek(source->fd, (off_t)*from, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return false;
	uint64_t at = data < 0 ? *from : (uint64_t)data;
	const uint64_t end = at + PART;
	for (; at < end && at < source->size; at += REQUEST)
		if (!ask(source, at, REQUEST))
			return false;
	*from = at;
	return at < source->size;
}

/* ---- some pages ---- */

struct wanted {
	uint64_t pages;
	uint64_t *bits;       /* one a page of the file */
	uint64_t *asked;      /* the same: those that were asked for already */
	uint64_t first, last; /* words that have some */
};

struct wanted *wanted_create(const struct dump_source *source)
{
	struct wanted *wanted = calloc(1, sizeof *wanted);
	if (!wanted)
		return NULL;
	wanted->pages = source->size / DUMP_PAGE_SIZE;
	if (wanted->pages > PAGES_MOST)
		wanted->pages = PAGES_MOST;
	wanted->first = UINT64_MAX;
	wanted->bits = calloc(wanted->pages / 64 + 1, sizeof *wanted->bits);
	wanted->asked = calloc(wanted->pages / 64 + 1, sizeof *wanted->asked);
	if (wanted->bits && wanted->asked)
		return wanted;
	wanted_destroy(wanted);
	return NULL;
}

void wanted_destroy(struct wanted *wanted)
{
	if (!wanted)
		return;
	free(wanted->bits);
	free(wanted->asked);
	free(wanted);
}

static void add_page(struct wanted *wanted, uint64_t page)
{
	const uint64_t word = page / 64, bit = UINT64_C(1) << page % 64;
	if (page >= wanted->pages || wanted->asked[word] & bit)
		return;
	wanted->bits[word] |= bit;
	wanted->first = word < wanted->first ? word : wanted->first;
	wanted->last = word > wanted->last ? word : wanted->last;
}

void wanted_add(struct wanted *wanted, uint64_t offset)
{
	add_page(wanted, offset / DUMP_PAGE_SIZE);
	add_page(wanted, (offset + DUMP_PAGE_SIZE - 1) / DUMP_PAGE_SIZE);
}

static bool is_wanted(const struct wanted *wanted, uint64_t page)
{
	return page < wanted->pages && wanted->bits[page / 64] >> page % 64 & 1;
}

/* How many follow each other from that one on, of those that fit into a request. */
static uint64_t run_of(const struct wanted *wanted, uint64_t page)
{
	uint64_t length = 0;
	while (length < REQUEST / DUMP_PAGE_SIZE && is_wanted(wanted, page + length))
		length++;
	return length;
}

void wanted_read_ahead(struct wanted *wanted, const struct dump_source *source)
{
	uint64_t left = free_memory() / 2 / DUMP_PAGE_SIZE;
	for (uint64_t word = wanted->first; word <= wanted->last && left > 0; word++)
		for (uint64_t page = word * 64; wanted->bits[word] && page < word * 64 + 64;) {
			const uint64_t length = run_of(wanted, page);
			if (length > 0)
				ask(source, page * DUMP_PAGE_SIZE, length * DUMP_PAGE_SIZE);
			page += length ? length : 1;
			left -= length < left ? length : left;
		}
	for (uint64_t word = wanted->first; word <= wanted->last; word++) {
		wanted->asked[word] |= wanted->bits[word];
		wanted->bits[word] = 0;
	}
	wanted->first = UINT64_MAX;
	wanted->last = 0;
}
