#include "tests/unit/unit.h"

#include "common/timestamp.h"

static int64_t parsed(const char *text)
{
	int64_t timestamp = TIMESTAMP_UNKNOWN;
	assert_true(timestamp_parse(text, &timestamp));
	return timestamp;
}

static void known_moments_are_read(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(parsed("2000-02-29T12:00:00Z"), INT64_C(951825600000000));
	assert_int_equal(parsed("2026-11-21T09:30:00.000001Z"), INT64_C(1795253400000001));
	assert_int_equal(parsed("1969-12-31T23:59:59.5Z"), -500000);
}

static void offsets_are_taken_off(void **state)
{
	(void)state;
	assert_int_equal(parsed("2026-11-21T10:30:00+01:00"), parsed("2026-11-21T09:30:00Z"));
	assert_int_equal(parsed("2026-11-21T04:00:00-0530"), parsed("2026-11-21T09:30:00Z"));
}

static void seven_digits_of_a_filetime_are_cut_to_six(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:00.1234567Z"), 123456);
}

static void what_is_written_is_read_again(void **state)
{
	(void)state;
	const int64_t moments[] = {0, -1, 1, INT64_C(1795253400123456), TIMESTAMP_EARLIEST,
	    TIMESTAMP_LATEST, parsed("0014-11-20T09:30:00Z")};
	char text[TIMESTAMP_TEXT];
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
		assert_int_equal(parsed(timestamp_format(moments[i], text)), moments[i]);
	assert_string_equal(timestamp_format(TIMESTAMP_UNKNOWN, text), "unknown");
	assert_string_equal(timestamp_format(TIMESTAMP_EARLIEST - 1, text), "unknown");
	assert_string_equal(timestamp_format(TIMESTAMP_LATEST + 1, text), "unknown");
}

static void nonsense_is_refused_and_leaves_the_result_alone(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "yesterday", "2026-11-21", "2026-11-21T09:30:00",
	    "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
	    "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00Zx", "0001-01-01T00:00:00+01:00",
	    "9999-12-31T23:59:60Z", "2026-11-21T09:30:00+1:00"};
	int64_t timestamp = 42;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(timestamp_parse(texts[i], &timestamp));
		assert_int_equal(timestamp, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(known_moments_are_read),
	    unit_test(offsets_are_taken_off),
	    unit_test(seven_digits_of_a_filetime_are_cut_to_six),
	    unit_test(what_is_written_is_read_again),
	    unit_test(nonsense_is_refused_and_leaves_the_result_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
