#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static char *printed;
static size_t printed_size;

/* Output goes here and is compared by assert_printed(). */
static FILE *start(void)
{
	FILE *out = open_memstream(&printed, &printed_size);
	assert_non_null(out);
	return out;
}

static void assert_printed(FILE *out, const char *expected)
{
	fclose(out);
	assert_string_equal(printed, expected);
	free(printed);
}

static void assert_prints(const char *text, const char *expected)
{
	FILE *out = start();
	text_print(out, text);
	assert_printed(out, expected);
}

static void assert_prints_column(const char *text, int width, const char *expected)
{
	FILE *out = start();
	text_print_column(out, text, width);
	assert_printed(out, expected);
}

static void evidence_cannot_steer_the_terminal(void **state)
{
	(void)state;
	assert_prints("a\x1b[2Jb\r\n\x7f", "a?[2Jb???");
	assert_prints("\xc2\x9b"
	              "31m",
	    "?31m");
	assert_prints("M\xc3\xbcller", "M\xc3\xbcller");
	assert_prints(NULL, "-");
}

static void evidence_cannot_turn_or_hide_what_stands_beside_it(void **state)
{
	(void)state;
	assert_prints("exe\u202etxt\u2066.\u2069", "exe?txt?.?");
	assert_prints("ad\u200bmin\ufeff\u00ad\u2060", "ad?min???");
	assert_prints("a\u2028b\U000e0041", "a?b?");
	assert_prints("\u20ac \u05d0\u05d1 \U0001f600", "\u20ac \u05d0\u05d1 \U0001f600");
}

static void bytes_that_are_no_text_are_marked(void **state)
{
	(void)state;
	assert_prints("\xed\xa0\x80|\xc0\xaf|\xe0\x80\xaf|\xf4\x90\x80\x80|\xef\xbf\xbf|\xff|\xc3",
	    "?|?|?|?|?|?|?");
	assert_prints("\xc3\xa9\xa9|", "?|");
}

static void columns_are_filled_or_cut_by_characters(void **state)
{
	(void)state;
	assert_prints_column("M\xc3\xbcller", 8, "M\xc3\xbcller  ");
	assert_prints_column("svchost.exe", 5, "svch~");
}

static void long_sentences_fit_in_eighty_columns(void **state)
{
	(void)state;
	static const char sentence[] =
	    "session IDs are reused although their logon sessions live on: token handles leak, "
	    "session IDs do not (as before MS16-111)";
	FILE *out = start();
	text_print_wrapped(out, "  - ", sentence);
	fclose(out);
	for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= TEXT_COLUMNS);
		assert_true(strncmp(line, "  - ", 4) == 0 || strncmp(line, "    ", 4) == 0);
	}
	free(printed);
}

static void a_word_that_is_longer_than_a_line_is_broken(void **state)
{
	const char *text = " see  C:\\Window\xc3\xa9s \xe2\x82\xac\x1b ";
	(void)state;
	FILE *out = start();
	while (*text) {
		assert_true(text_print_line(out, &text, 5) <= 5);
		fputc('/', out);
	}
	assert_printed(out, "see/C:\\Wi/ndow\xc3\xa9/s \xe2\x82\xac?/");
}

static void only_the_start_of_a_long_line_is_printed(void **state)
{
	(void)state;
	FILE *out = start();
	text_print_start(out, "\xe2\x82\xac\xe2\x82\xac\x1b", 3);
	text_print_start(out, " and more", 4);
	assert_printed(out, "\xe2\x82\xac\xe2\x82\xac? and...");
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
	char text[] = "a\xc0\xaf\xff b\xe2\x82\xac c\xe2\x82 \x1b[1m";

	(void)state;
	text_make_safe(text);
	assert_string_equal(text, "a?? b\xe2\x82\xac c? ?[1m");
	assert_prints("x\x80y", "x?y");
}

static void what_a_program_printed_becomes_text_of_whole_characters(void **state)
{
	static const char printed_bytes[] = "a\0b\x1b\xff\xc3\xa9\xe2\x82 \xe2\x82\xac";
	char text[32];

	(void)state;
	text_copy(text, sizeof text, printed_bytes, sizeof printed_bytes - 1);
	assert_string_equal(text, "a b\x1b\ufffd\u00e9\ufffd \u20ac");
	text_copy(text, sizeof text, "\u20ac\u20ac", 5);
	assert_string_equal(text, "\u20ac");
	text_copy(text, 6, "\u20ac\u20ac", 6);
	assert_string_equal(text, "\u20ac");
	text_copy(text, 7, "\u20ac\u20ac", 6);
	assert_string_equal(text, "\u20ac\u20ac");
	text_copy(text, 3, "\xff", 1);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(evidence_cannot_steer_the_terminal),
	    unit_test(evidence_cannot_turn_or_hide_what_stands_beside_it),
	    unit_test(bytes_that_are_no_text_are_marked),
	    unit_test(a_word_that_is_longer_than_a_line_is_broken),
	    unit_test(only_the_start_of_a_long_line_is_printed),
	    unit_test(bytes_that_are_no_utf8_become_question_marks),
	    unit_test(what_a_program_printed_becomes_text_of_whole_characters),
	    unit_test(columns_are_filled_or_cut_by_characters),
	    unit_test(long_sentences_fit_in_eighty_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
