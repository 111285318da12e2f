/* Clears large blocks of libfreerdp by giving their pages back to the kernel instead of writing to them. The dynamic linker gives
 * libfreerdp a program's own memset() and calloc() before libc's. Both keep their contracts, so that compression still works. */
#include "driver/workarounds/workarounds.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The arrays that a compressor clears: XCRUSH_CONTEXT.Signatures is the smallest of all, HistoryBuffer of MPPC and NCRUSH the smallest whose
 * pages are worth two calls of the kernel. Between them are libfreerdp's settings, too, which are written to at once. */
#define MEDIUM 8000
#define LARGE 65536
#define PAGE ((uintptr_t)4096)

typedef void *memset_function(void *block, int byte, size_t size);
typedef void *calloc_function(size_t count, size_t size);

static _Atomic(memset_function *) next_memset;
static _Atomic(calloc_function *) next_calloc;
static bool heap_is_private; /* of what malloc() gives; written before the first thread */
static atomic_size_t given_back;

/* The kernel takes MADV_FREE for private memory without a file only, where MADV_DONTNEED makes zeroes of it; elsewhere the latter would
 * bring back the file's bytes (madvise(2)). */
static bool is_private(void *page)
{
	return madvise(page, PAGE, MADV_FREE) == 0;
}

static void *libc_memset(void *block, int byte, size_t size)
{
	memset_function *function = atomic_load_explicit(&next_memset, memory_order_relaxed);

	if (!function) {
		*(void **)&function = dlsym(RTLD_NEXT, "memset");
		atomic_store_explicit(&next_memset, function, memory_order_relaxed);
	}
	return function(block, byte, size);
}

static void *libc_calloc(size_t count, size_t size)
{
	calloc_function *function = atomic_load_explicit(&next_calloc, memory_order_relaxed);

	if (!function) {
		*(void **)&function = dlsym(RTLD_NEXT, "calloc");
		atomic_store_explicit(&next_calloc, function, memory_order_relaxed);
	}
	return function(count, size);
}

/* The part of a block that shares a page with others. Reading a page that nobody has written to yet costs no memory, writing does. */
static void clear_part(char *part, size_t size)
{
	const bool is_clear = size == 0 || (part[0] == 0 && memcmp(part, part + 1, size - 1) == 0);

	if (!is_clear)
		libc_memset(part, 0, size);
}

static void clear_block(void *block, size_t size, bool known_private)
{
	char *const first = block;
	const uintptr_t start = (uintptr_t)first, end = start + size;
	const uintptr_t pages = (start + PAGE - 1) & ~(PAGE - 1), pages_end = end & ~(PAGE - 1);

	if (pages >= pages_end || !(known_private || is_private(first + (pages - start))) ||
	    madvise(first + (pages - start), pages_end - pages, MADV_DONTNEED) != 0) {
		libc_memset(block, 0, size);
		return;
	}
	clear_part(first, pages - start);
	clear_part(first + (pages_end - start), end - pages_end);
	atomic_fetch_add_explicit(&given_back, 1, memory_order_relaxed);
}

void *memset(void *block, int byte, size_t size)
{
	if (size < MEDIUM || byte != 0 || !libfreerdp_has(__builtin_return_address(0)))
		return libc_memset(block, byte, size);
	if (size < LARGE)
		clear_part(block, size);
	else
		clear_block(block, size, false);
	return block;
}

/* libc's writes zeroes to what was freed before, and a mapping of its own for each block would stop all threads of the process. */
void *calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes < LARGE ||
	    !libfreerdp_has(__builtin_return_address(0)))
		return libc_calloc(count, size);
	void *block = malloc(bytes);
	if (block)
		clear_block(block, bytes, heap_is_private);
	return block;
}

/* One block tells of all: its pages are huge ones, which are private in another way, if glibc.malloc.hugetlb says so. */
static bool is_heap_private(void)
{
	char *block = malloc(LARGE);
	const bool is = block && is_private(block + PAGE - (uintptr_t)block % PAGE);

	free(block);
	return is;
}

bool zero_pages_install(void)
{
	/* madvise() would round up to larger pages, and so clear what lies behind. */
	if (sysconf(_SC_PAGESIZE) != (long)PAGE)
		return false;
	/* Blocks stay mapped between connections: a mapping made and undone for each stops all threads of the process. */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 32 << 20);
	/* One write would bring a huge page back. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	heap_is_private = is_heap_private();
	return true;
}

size_t zero_pages_count(void)
{
	return atomic_load(&given_back);
}
