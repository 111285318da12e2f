/* What people write into scenarios: durations, keys, addresses, variables. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/rdp/worker.h"
#include "driver/scenario/keys.h"
#include "driver/scenario/scenario.h"

static void duration_has_a_unit(void **state)
{
	int64_t value = 7;

	(void)state;
	assert_true(duration_parse("250ms", &value));
	assert_int_equal(value, 250000);
	assert_true(duration_parse("1.5s", &value));
	assert_int_equal(value, 1500000);
	assert_true(duration_parse("20m", &value));
	assert_int_equal(value, 1200 * SECOND);
	assert_true(duration_parse("2h", &value));
	assert_int_equal(value, 7200 * SECOND);
}

static void duration_without_or_with_a_wrong_unit_is_refused(void **state)
{
	static const char *const wrong[] = {"", "5", "s", "-1s", "1d", "1s ", "1 s", "1e9s",
	    "0x10s", "inf", "nan", "99999999999999999999h", "1.2.3s"};
	int64_t value = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(duration_parse(wrong[i], &value));
	assert_int_equal(value, 7);
}

static void range_has_the_lesser_end_first(void **state)
{
	int64_t least = 0;
	int64_t most = 0;

	(void)state;
	assert_true(duration_parse_range("500ms..2s", &least, &most));
	assert_int_equal(least, 500000);
	assert_int_equal(most, 2000000);
	assert_true(duration_parse_range("3s", &least, &most));
	assert_int_equal(least, most);
	assert_false(duration_parse_range("2s..1s", &least, &most));
	assert_false(duration_parse_range("1..2s", &least, &most));
	assert_false(duration_parse_range("1s..", &least, &most));
}

static void chord_goes_down_in_order_and_up_in_reverse(void **state)
{
	struct error error;
	struct keys *keys = keys_parse("Win+R", &error);

	(void)state;
	assert_non_null(keys);
	assert_int_equal(keys->count, 4);
	assert_int_equal(keys->steps[0].scancode, 0x15b);
	assert_int_equal(keys->steps[1].scancode, 0x13);
	assert_int_equal(keys->steps[1].action, KEY_DOWN);
	assert_int_equal(keys->steps[2].scancode, 0x13);
	assert_int_equal(keys->steps[2].action, KEY_UP);
	assert_int_equal(keys->steps[3].scancode, 0x15b);
	keys_destroy(keys);
}

static void text_is_typed_with_shift_where_needed(void **state)
{
	struct error error;
	struct keys *keys = keys_parse("text:aB wait:2s Enter", &error);

	(void)state;
	assert_non_null(keys);
	assert_int_equal(keys->count, 2 + 4 + 1 + 2);
	assert_int_equal(keys->steps[0].scancode, 0x1e);
	assert_int_equal(keys->steps[2].scancode, 0x2a);
	assert_int_equal(keys->steps[3].scancode, 0x30);
	assert_int_equal(keys->steps[6].action, KEY_WAIT);
	assert_int_equal(keys->steps[6].wait, 2 * SECOND);
	assert_int_equal(keys->steps[7].scancode, 0x1c);
	keys_destroy(keys);
}

static void unknown_key_is_named(void **state)
{
	static const char *const wrong[] = {"Foo", "Win+", "+", "text:", "wait:5", "Win+R+A+B+C"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct keys *keys = keys_parse(wrong[i], &error);
		if (keys && strcmp(wrong[i], "Win+") == 0) {
			keys_destroy(keys);
			fail_msg("%s was taken", wrong[i]);
		}
		assert_null(keys);
		assert_contains(error.text, wrong[i]);
	}
}

static void address_may_have_a_port(void **state)
{
	struct error error;
	char host[256];
	uint16_t port;

	(void)state;
	assert_true(host_parse("rds01.example", host, &port, &error));
	assert_string_equal(host, "rds01.example");
	assert_int_equal(port, 3389);
	assert_true(host_parse("127.0.0.1:33890", host, &port, &error));
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 33890);
	assert_true(host_parse("[::1]:4000", host, &port, &error));
	assert_string_equal(host, "::1");
	assert_int_equal(port, 4000);
	assert_true(host_parse("fe80::1", host, &port, &error));
	assert_string_equal(host, "fe80::1");
	assert_int_equal(port, 3389);
}

static void address_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "", ":3389", "host:", "host:0", "host:70000", "host:12x", "[::1", "[::1]x"};
	struct error error;
	char host[256];
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (host_parse(wrong[i], host, &port, &error))
			fail_msg("\"%s\" was taken", wrong[i]);
}

static void variable_is_replaced_or_named(void **state)
{
	struct error error;
	char *text;

	(void)state;
	setenv("LEAKLAB_TEST_A", "one", 1);
	unsetenv("LEAKLAB_TEST_B");
	text = expand("x${LEAKLAB_TEST_A}y$z${", &error);
	assert_string_equal(text, "xoney$z${");
	free(text);
	assert_null(expand("${LEAKLAB_TEST_B}", &error));
	assert_contains(error.text, "LEAKLAB_TEST_B");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(duration_has_a_unit),
	    unit_test(duration_without_or_with_a_wrong_unit_is_refused),
	    unit_test(range_has_the_lesser_end_first),
	    unit_test(chord_goes_down_in_order_and_up_in_reverse),
	    unit_test(text_is_typed_with_shift_where_needed),
	    unit_test(unknown_key_is_named),
	    unit_test(address_may_have_a_port),
	    unit_test(address_that_is_none_is_refused),
	    unit_test(variable_is_replaced_or_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
