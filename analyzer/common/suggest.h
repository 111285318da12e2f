/* What somebody probably meant who typed a word that is not known. */
#ifndef LEAKLAB_SUGGEST_H
#define LEAKLAB_SUGGEST_H

#include <stddef.h>

/* Of all words offered, the one that fewest typing mistakes lie between: letters that are wrong, missing, too many or swapped, in any case; a
 * beginning of a word is close to it.
 * A word that has little in common with all of them is close to none. */
struct suggestion {
	const char *word;    /* that was typed */
	const char *closest; /* NULL: none is close */
	size_t distance;
};

void suggest_begin(struct suggestion *suggestion, const char *word);
/* choice must live as long as the suggestion. */
void suggest_offer(struct suggestion *suggestion, const char *choice);

#define SUGGESTION_TEXT 128
/* " (did you mean ...?)", or "". */
const char *suggest_words(const struct suggestion *suggestion, char text[SUGGESTION_TEXT]);

#endif
