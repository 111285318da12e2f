/* What every unit test file shares. A leak tester must not leak: each test fails if it leaves a descriptor open. */
#ifndef LEAKLAB_UNIT_H
#define LEAKLAB_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test for the list that cmocka_run_group_tests() takes. cmocka's own macro of the name is of its retired interface. */
#undef unit_test
#define unit_test(name)                                                                            \
	cmocka_unit_test_setup_teardown(name, unit_count_descriptors, unit_check_descriptors)

int unit_count_descriptors(void **state);
int unit_check_descriptors(void **state);

/* Fails with both texts if part does not occur in text. */
#define assert_contains(text, part) unit_assert_contains(text, part, __FILE__, __LINE__)
void unit_assert_contains(const char *text, const char *part, const char *file, int line);

/* A fresh directory below $TMPDIR, and the path of a file in it (valid until the next call). */
char *unit_directory(void);
void unit_remove_directory(char *directory); /* with the files in it; frees the name */
const char *unit_path(const char *directory, const char *name);
void unit_write_file(const char *path, const void *bytes, size_t length);

#endif
