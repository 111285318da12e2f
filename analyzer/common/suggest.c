/* Knows how far one word is from another. */
#include "common/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_MOST 63 /* nobody types longer ones by hand */
#define BEGINNING_LEAST 3

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, of neighbours swapped once. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][WORD_MOST + 1];
	size_t *row = rows[0], *above = rows[1], *two_above = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *const spare = two_above;
		two_above = above;
		above = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			const int x = tolower((unsigned char)a[i - 1]),
			          y = tolower((unsigned char)b[j - 1]);
			row[j] = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return row[b_length];
}

void suggest_begin(struct suggestion *suggestion, const char *word)
{
	*suggestion = (struct suggestion){.word = word};
}

void suggest_offer(struct suggestion *suggestion, const char *choice)
{
	const size_t length = strlen(suggestion->word), other = strlen(choice);

	if (length > WORD_MOST || other > WORD_MOST)
		return;
	const bool begins =
	    length >= BEGINNING_LEAST && strncasecmp(suggestion->word, choice, length) == 0;
	const size_t far = begins ? 1 : distance(suggestion->word, length, choice, other);
	if (far > (length > other ? length : other) / 3 + (length > 1) ||
	    (suggestion->closest && far >= suggestion->distance))
		return;
	/* Nothing of the word would be left. */
	if (far >= least(length, other))
		return;
	suggestion->closest = choice;
	suggestion->distance = far;
}

const char *suggest_words(const struct suggestion *suggestion, char text[SUGGESTION_TEXT])
{
	text[0] = '\0';
	if (suggestion->closest)
		snprintf(text, SUGGESTION_TEXT, " (did you mean %s?)", suggestion->closest);
	return text;
}
