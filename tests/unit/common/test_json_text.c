#include <stdlib.h>
#include <string.h>

#include "common/json_text.h"
#include "tests/unit/unit.h"

static void assert_written(json_t *value, const char *expected)
{
	char *text = json_to_text(value, JSON_ON_ONE_LINE);
	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void a_number_is_written_as_it_is_meant(void **state)
{
	(void)state;
	assert_written(json_real(1001 / 1000.0), "1.001");
	assert_written(json_real(1.0009999999999999), "1.001");
	assert_written(json_real(0.1 + 0.2), "0.3");
	assert_written(json_real(12345.678), "12345.678");
}

static void a_rate_below_one_is_not_written_as_one(void **state)
{
	(void)state;
	assert_written(json_real(0.99999999), "0.99999999");
}

static void what_turns_or_hides_other_characters_is_an_escape_that_reads_back(void **state)
{
	const char *const name = "a\u202eb\u200b\x7f\U000e0041 \u00fc\U0001f600\u05d0";
	(void)state;
	json_t *value = json_string(name);
	char *text = json_to_text(value, JSON_ON_ONE_LINE);
	assert_string_equal(
	    text, "\"a\\u202eb\\u200b\\u007f\\udb40\\udc41 \u00fc\U0001f600\u05d0\"");
	json_t *again = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_string_equal(json_string_value(again), name);
	json_decref(again);
	json_decref(value);
	free(text);
}

static void what_a_stream_does_not_take_is_reported(void **state)
{
	json_t *value = json_string("text");
	FILE *full = fopen("/dev/full", "we");
	(void)state;
	setvbuf(full, NULL, _IONBF, 0);
	assert_false(json_write(value, JSON_ON_LINES, full));
	assert_false(json_write(NULL, JSON_ON_LINES, full));
	fclose(full);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_number_is_written_as_it_is_meant),
	    unit_test(a_rate_below_one_is_not_written_as_one),
	    unit_test(what_turns_or_hides_other_characters_is_an_escape_that_reads_back),
	    unit_test(what_a_stream_does_not_take_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
