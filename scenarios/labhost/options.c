/* Knows how numbers and words on a command line are read. */
#include "labhost/labhost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t option_integer(
    struct argp_state *state, const char *option, const char *text, uint64_t least, uint64_t most)
{
	char *end;

	errno = 0;
	const unsigned long long number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < least || number > most)
		argp_error(state, "--%s %s: must be a whole number from %llu to %llu", option, text,
		    (unsigned long long)least, (unsigned long long)most);
	return number;
}

double option_real(
    struct argp_state *state, const char *option, const char *text, double least, double most)
{
	char *end;
	const double number = strtod(text, &end);

	if (end == text || *end || !(number >= least && number <= most))
		argp_error(
		    state, "--%s %s: must be a number from %g to %g", option, text, least, most);
	return number;
}

int option_word(
    struct argp_state *state, const char *option, const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	char list[256] = "";
	for (int i = 0; words[i]; i++) {
		strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, words[i], sizeof(list) - strlen(list) - 1);
	}
	argp_error(state, "--%s %s: want one of %s", option, text, list);
	return 0;
}
