/* 48 windows of 8 MiB. A fault on a mapped file is a signal (SIGBUS), so nothing is touched that has not been read in first
 * with MADV_POPULATE_READ, which says so when the disk fails or the file has become shorter. (A file that is cut within the
 * moments after that can still end the program; so could no other way of mapping it be safe.) Linux before 5.14 does not
 * have it: then there are no windows. */
#include "dump/file/windows.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "dump/file/dump_file.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define WINDOWS 48
#define WINDOW_SIZE (UINT64_C(8) << 20)
#define CHUNK_SIZE (UINT64_C(64) << 10) /* is read in at once */
#define CHUNKS (WINDOW_SIZE / CHUNK_SIZE)
#define NOWHERE UINT64_MAX

struct window {
	uint64_t start; /* in the file; NOWHERE: not mapped */
	uint64_t length;
	uint8_t *at;
	uint64_t used; /* when, by the clock below */
	uint64_t is_in[CHUNKS / 64];
};

struct windows {
	struct window window[WINDOWS];
	struct window *last;
	uint8_t hint[256]; /* which window a place was last in */
	uint64_t clock, generation;
	bool is_refused; /* by the operating system or the file system */
};

struct windows *windows_create(void)
{
	struct windows *windows = calloc(1, sizeof *windows);
	if (!windows)
		return NULL;
	for (size_t i = 0; i < WINDOWS; i++)
		windows->window[i].start = NOWHERE;
	windows->last = &windows->window[0];
	windows->generation = 1;
	return windows;
}

void windows_destroy(struct windows *windows)
{
	if (!windows)
		return;
	for (size_t i = 0; i < WINDOWS; i++)
		if (windows->window[i].start != NOWHERE)
			munmap(windows->window[i].at, windows->window[i].length);
	free(windows);
}

uint64_t windows_generation(const struct windows *windows)
{
	return windows->generation;
}

static struct window *find(struct windows *windows, uint64_t start)
{
	uint8_t *hint = &windows->hint[start / WINDOW_SIZE % 256];
	struct window *oldest = &windows->window[0];
	if (windows->window[*hint].start == start)
		return &windows->window[*hint];
	for (size_t i = 0; i < WINDOWS; i++) {
		struct window *window = &windows->window[i];
		if (window->start == start)
			return window;
		if (window->start == NOWHERE ||
		    (oldest->start != NOWHERE && window->used < oldest->used))
			oldest = window;
	}
	*hint = (uint8_t)(oldest - windows->window);
	return oldest;
}

static bool map(struct windows *windows, struct window *window, const struct dump_source *source,
    uint64_t start)
{
	if (window->start != NOWHERE) {
		munmap(window->at, window->length);
		windows->generation++;
	}
	uint64_t left = source->size - start;
	*window =
	    (struct window){.start = NOWHERE, .length = left < WINDOW_SIZE ? left : WINDOW_SIZE};
	void *at = mmap(NULL, window->length, PROT_READ, MAP_SHARED, source->fd, (off_t)start);
	if (at == MAP_FAILED)
		return false;
	window->at = at;
	window->start = start;
	return true;
}

static bool read_in(struct window *window, uint64_t within)
{
	uint64_t chunk = within / CHUNK_SIZE, bit = UINT64_C(1) << chunk % 64;
	if (window->is_in[chunk / 64] & bit)
		return true;
	uint64_t from = chunk * CHUNK_SIZE, length = window->length - from;
	if (madvise(window->at + from, length < CHUNK_SIZE ? length : CHUNK_SIZE,
	        MADV_POPULATE_READ) != 0)
		return false;
	window->is_in[chunk / 64] |= bit;
	return true;
}

const uint8_t *windows_page(
    struct windows *windows, const struct dump_source *source, uint64_t offset)
{
	uint64_t start = offset - offset % WINDOW_SIZE, within = offset - start;
	struct window *window = windows->last;
	if (windows->is_refused)
		return NULL;
	if (window->start != start) {
		window = find(windows, start);
		if (window->start != start && !map(windows, window, source, start)) {
			windows->is_refused = true;
			return NULL;
		}
		window->used = ++windows->clock;
		windows->last = window;
	}
	/* The window ends where the file did when it was opened, and a page may lie across two of them. */
	if (within + DUMP_PAGE_SIZE > window->length || !read_in(window, within) ||
	    !read_in(window, within + DUMP_PAGE_SIZE - 1))
		return NULL;
	return window->at + within;
}
