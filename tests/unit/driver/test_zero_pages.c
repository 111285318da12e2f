/* memset() and calloc() as libfreerdp gets them keep their contracts: what they clear reads as zero, and nothing else changes. Here every
 * caller is served. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver/workarounds/libfreerdp.c" /* NOLINT(bugprone-suspicious-include): whose code is served is its own affair */
#include "driver/workarounds/zero_pages.c" /* NOLINT(bugprone-suspicious-include): its libc, too */

#define ROOM (40 * 4096)

static memset_function *volatile clear = memset; /* no compiler's own */
static memset_function *volatile other = libc_memset;
static calloc_function *volatile allocate = calloc;

static int serve_all(void **state)
{
	(void)state;
	zero_pages_install();
	assert_true(heap_is_private);
	code = 1;
	code_end = UINTPTR_MAX;
	return unit_count_descriptors(state);
}

static void fill(char *bytes)
{
	for (size_t i = 0; i < ROOM; i++)
		bytes[i] = (char)(i % 251 + 1);
}

static void check(const char *bytes, size_t start, size_t size)
{
	for (size_t i = 0; i < ROOM; i++)
		if (bytes[i] != (i >= start && i < start + size ? 0 : (char)(i % 251 + 1)))
			fail_msg("byte %zu of [%zu, %zu)", i, start, start + size);
}

static void clear_parts(char *bytes)
{
	static const size_t starts[] = {0, 1, 16, 4095, 4096, 4097, 5000, 8191},
	                    sizes[] = {1, 7999, 8000, 8192, 12288, 20000, 65535, 65536, 100001};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			fill(bytes);
			assert_ptr_equal(clear(bytes + starts[i], 0, sizes[j]), bytes + starts[i]);
			check(bytes, starts[i], sizes[j]);
		}
}

static void blocks_of_the_heap_read_as_zero_and_their_neighbours_stay(void **state)
{
	char *bytes = malloc(ROOM);
	const size_t before = zero_pages_count();
	(void)state;

	clear_parts(bytes);
	assert_true(zero_pages_count() > before);
	free(bytes);
}

static void memory_of_files_and_shared_memory_is_cleared_too(void **state)
{
	char name[] = "/tmp/leaklab-zero-XXXXXX";
	const int fd = mkstemp(name);
	(void)state;

	unlink(name);
	assert_int_equal(ftruncate(fd, ROOM), 0);
	for (int shared = 0; shared < 2; shared++) {
		char *bytes = mmap(
		    NULL, ROOM, PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		assert_ptr_not_equal(bytes, MAP_FAILED);
		clear_parts(bytes);
		munmap(bytes, ROOM);
	}
	close(fd);
}

static void calloc_clears_what_was_freed(void **state)
{
	static const size_t sizes[] = {1, 4000, 32767, 32768, 50000, 200000};
	(void)state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *used = malloc(2 * sizes[i]);
		other(used, 7, 2 * sizes[i]);
		free(used);
		char *bytes = allocate(2, sizes[i]);
		for (size_t j = 0; j < 2 * sizes[i]; j++)
			assert_int_equal(bytes[j], 0);
		free(bytes);
	}
	errno = 0;
	assert_null(allocate(SIZE_MAX / 2, 3));
	assert_int_equal(errno, ENOMEM);
}

static void other_values_and_other_callers_are_libcs(void **state)
{
	char *bytes = malloc(ROOM);
	const size_t before = zero_pages_count();
	(void)state;

	clear(bytes, 7, ROOM);
	for (size_t i = 0; i < ROOM; i++)
		assert_int_equal(bytes[i], 7);
	code_end = 1;
	clear(bytes, 0, ROOM);
	code_end = UINTPTR_MAX;
	for (size_t i = 0; i < ROOM; i++)
		assert_int_equal(bytes[i], 0);
	assert_int_equal(zero_pages_count(), before);
	free(bytes);
}

static void *clear_again_and_again(void *unused)
{
	char *bytes = malloc(ROOM);
	(void)unused;

	for (int i = 0; i < 200; i++) {
		fill(bytes);
		clear(bytes + 100, 0, ROOM - 200);
		check(bytes, 100, ROOM - 200);
	}
	free(bytes);
	return NULL;
}

static void threads_clear_side_by_side(void **state)
{
	pthread_t threads[4];
	(void)state;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, clear_again_and_again, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

#define served(test) cmocka_unit_test_setup_teardown(test, serve_all, unit_check_descriptors)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    served(blocks_of_the_heap_read_as_zero_and_their_neighbours_stay),
	    served(memory_of_files_and_shared_memory_is_cleared_too),
	    served(calloc_clears_what_was_freed),
	    served(other_values_and_other_callers_are_libcs),
	    served(threads_clear_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
