#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "readers/reader.h"

#define SMALL "{\"schema\":\"leaklab.snapshot/1\",\"host\":\"RDS01\"}"

static void assert_reads(const char *bytes, size_t length)
{
	struct error error = {0};
	const char *format = NULL;
	struct snapshot *snapshot = evidence_read(bytes, length, "a.json", &format, &error);
	if (!snapshot)
		print_error("%s\n", error.text);
	assert_non_null(snapshot);
	assert_string_equal(format, "leaklab snapshot JSON");
	assert_string_equal(snapshot->host, "RDS01");
	snapshot_destroy(snapshot);
}

static void assert_refused(const char *bytes, size_t length, const char *why)
{
	struct error error = {0};
	const char *format = "untouched";
	assert_null(evidence_read(bytes, length, "a.txt", &format, &error));
	assert_contains(error.text, "a.txt: ");
	assert_contains(error.text, why);
	assert_int_equal(error.code, EXIT_USAGE);
	assert_string_equal(format, "untouched");
}

static void snapshots_are_recognised_by_content(void **state)
{
	(void)state;
	assert_reads(SMALL, strlen(SMALL));
	assert_reads("\r\n " SMALL "\r\n", strlen(SMALL) + 5);
}

static void a_byte_order_mark_is_no_hindrance(void **state)
{
	(void)state;
	assert_reads("\xef\xbb\xbf" SMALL, strlen(SMALL) + 3);
}

static void utf16_from_a_shell_is_read(void **state)
{
	(void)state;
	char little[2 + 2 * sizeof SMALL] = "\xff\xfe", big[2 + 2 * sizeof SMALL] = "\xfe\xff";
	for (size_t i = 0; i < strlen(SMALL); i++) {
		little[2 + 2 * i] = SMALL[i];
		big[3 + 2 * i] = SMALL[i];
	}
	assert_reads(little, 2 + 2 * strlen(SMALL));
	assert_reads(big, 2 + 2 * strlen(SMALL));
	/* Without a mark, as `cmd /u` writes it. */
	assert_reads(little + 2, 2 * strlen(SMALL));
	assert_reads(big + 2, 2 * strlen(SMALL));
}

static void bytes_need_no_nul_behind_them(void **state)
{
	(void)state;
	char *exact = malloc(strlen(SMALL));
	memcpy(exact, SMALL, strlen(SMALL));
	assert_reads(exact, strlen(SMALL));
	free(exact);
}

static void nothing_and_nonsense_are_told_apart(void **state)
{
	(void)state;
	assert_refused("", 0, "empty");
	assert_refused("\xef\xbb\xbf \r\n", 6, "empty");
	assert_refused("MZ\x90\x00\x03", 5, "binary data");
	assert_refused("SQLite format 3\0....", 20, "judge or show");
	assert_refused("Hello, world\r\n", 14,
	    "starting with \"Hello, world\"; known formats are: leaklab snapshot JSON, qwinsta");
	assert_refused("{\"a\":1}", 7, "no \"schema\"");
	assert_refused("{", 1, "no \"schema\"");
	assert_refused("{\"schema\"", 9, "line 1, column");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(snapshots_are_recognised_by_content),
	    unit_test(a_byte_order_mark_is_no_hindrance),
	    unit_test(utf16_from_a_shell_is_read),
	    unit_test(bytes_need_no_nul_behind_them),
	    unit_test(nothing_and_nonsense_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
