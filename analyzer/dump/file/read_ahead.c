/* A walk over lists wants pages in an order that has nothing to do with the file's. Read one after the other from a disk, each is waited for; read as
 * a whole before, and kept by the operating system as long as it has room, they come from memory. */
#include "dump/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What Linux reads of one request at least: of a larger one it may forget the rest (force_page_cache_ra() in mm/readahead.c; the limit of most
 * disks is VM_READAHEAD_PAGES). */
#define REQUEST (UINT64_C(128) << 10)
#define PART (32 * REQUEST)

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

bool source_read_ahead(const struct dump_source *source, uint64_t *from)
{
	if (*from == 0 && source->stored > free_memory() / 2)
		return false;
	/* Holes are not on the disk. Where they cannot be asked for, none is known. */
	const off_t data = lseek(source->fd, (off_t)*from, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return false;
	uint64_t at = data < 0 ? *from : (uint64_t)data;
	const uint64_t end = at + PART;
	for (; at < end && at < source->size; at += REQUEST)
		if (posix_fadvise(source->fd, (off_t)at, (off_t)REQUEST, POSIX_FADV_WILLNEED) != 0)
			return false;
	*from = at;
	return at < source->size;
}
