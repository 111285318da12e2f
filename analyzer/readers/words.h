/* Words that tools print in the language of the host. Inside this folder. */
#ifndef LEAKLAB_WORDS_H
#define LEAKLAB_WORDS_H

#include "readers/lines.h"

/* The English word for a session's state, or NULL for one we do not know. */
const char *state_in_english(struct span word);

enum heading { HEADING_UNKNOWN, HEADING_USER, HEADING_SESSION };
/* What the first column of qwinsta or quser is, by its heading. */
enum heading heading_of(struct span heading);

/* How many words of tools' headings and states occur in the text; tells one code page from another. */
int words_known(struct span text);

#endif
