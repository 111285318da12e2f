/* A word that was mistyped finds the one that was meant, and another word finds none. */
#include "unit.h"

#include <string.h>

#include "common/suggest.h"

static const char *meant(const char *word)
{
	static const char *const choices[] = {
	    "load.cycles", "load.slots", "load.rate", "host.address", "run", "judge"};
	struct suggestion suggestion;

	suggest_begin(&suggestion, word);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		suggest_offer(&suggestion, choices[i]);
	return suggestion.closest;
}

static void mistyped_words_find_the_one_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(meant("load.cycels"), "load.cycles");
	assert_string_equal(meant("load.cycle"), "load.cycles");
	assert_string_equal(meant("Load.Cycles"), "load.cycles");
	assert_string_equal(meant("lod.slots"), "load.slots");
	assert_string_equal(meant("rn"), "run");
	assert_string_equal(meant("jugde"), "judge");
	assert_string_equal(meant("host"), "host.address");
}

static void other_words_find_none(void **state)
{
	char text[SUGGESTION_TEXT];
	struct suggestion suggestion;
	char long_word[200];
	(void)state;

	assert_null(meant("frobnicate"));
	assert_null(meant("x"));
	assert_null(meant(""));
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(meant(long_word));
	suggest_begin(&suggestion, "x");
	assert_string_equal(suggest_words(&suggestion, text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(mistyped_words_find_the_one_that_was_meant),
	    unit_test(other_words_find_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
