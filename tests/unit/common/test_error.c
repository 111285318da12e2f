#include "tests/unit/unit.h"

#include <string.h>

#include "common/error.h"

static void prefix_keeps_the_code_and_puts_context_first(void **state)
{
	(void)state;
	struct error error;
	assert_false(error_set(&error, EXIT_USAGE, "line %d: no colon", 3));
	assert_false(error_prefix(&error, "reading %s", "a.yaml"));
	assert_string_equal(error.text, "reading a.yaml: line 3: no colon");
	assert_int_equal(error.code, EXIT_USAGE);
}

static void its_own_text_can_be_an_argument(void **state)
{
	(void)state;
	struct error error;
	error_set(&error, EXIT_TARGET, "inner");
	error_set(&error, EXIT_TARGET, "outer(%s)", error.text);
	assert_string_equal(error.text, "outer(inner)");
}

static void long_messages_are_cut_and_nobody_listening_is_fine(void **state)
{
	(void)state;
	struct error error;
	char text[3000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&error, EXIT_TARGET, "%s", text);
	error_prefix(&error, "%s", text);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
	assert_false(error_set(NULL, EXIT_TARGET, "nobody listens"));
	assert_false(error_prefix(NULL, "nobody listens"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(prefix_keeps_the_code_and_puts_context_first),
	    unit_test(its_own_text_can_be_an_argument),
	    unit_test(long_messages_are_cut_and_nobody_listening_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
