#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"

static void equal_strings_are_one_copy(void **state)
{
	(void)state;
	struct intern *intern = intern_create();
	const char *first = intern_string(intern, "lsass.exe and more", 9);
	assert_string_equal(first, "lsass.exe");
	assert_ptr_equal(intern_string(intern, "lsass.exe", 9), first);
	assert_ptr_not_equal(intern_string(intern, "lsass.ex", 8), first);
	assert_null(intern_string(intern, NULL, 0));
	assert_string_equal(intern_string(intern, "", 0), "");
	intern_destroy(intern);
}

static void copies_stay_where_they_are_while_the_pool_grows(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	static const char *copies[COUNT];
	struct intern *intern = intern_create();
	char text[32];
	for (int i = 0; i < COUNT; i++)
		copies[i] = intern_string(
		    intern, text, (size_t)snprintf(text, sizeof text, "string %d", i));
	for (int i = 0; i < COUNT; i++) {
		size_t length = (size_t)snprintf(text, sizeof text, "string %d", i);
		assert_ptr_equal(intern_string(intern, text, length), copies[i]);
		assert_string_equal(copies[i], text);
	}
	intern_destroy(intern);
}

static void a_string_larger_than_a_block_is_kept(void **state)
{
	(void)state;
	struct intern *intern = intern_create();
	size_t length = 300000;
	char *text = malloc(length);
	memset(text, 'x', length);
	const char *before = intern_string(intern, "before", 6);
	const char *large = intern_string(intern, text, length);
	const char *after = intern_string(intern, "after", 5);
	assert_int_equal(strlen(large), length);
	assert_string_equal(before, "before");
	assert_string_equal(after, "after");
	free(text);
	intern_destroy(intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(equal_strings_are_one_copy),
	    unit_test(copies_stay_where_they_are_while_the_pool_grows),
	    unit_test(a_string_larger_than_a_block_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
