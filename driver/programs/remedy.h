/* Why an observer failed, from what it printed on standard error. */
#ifndef LEAKLAB_REMEDY_H
#define LEAKLAB_REMEDY_H

#define LAST_WORDS 240

/* The last two lines, on one, safe to print; "": there are none. Returns out. */
const char *last_words(const char *messages, char out[LAST_WORDS]);
/* What to do about it; NULL: that is not known. */
const char *remedy_for(const char *messages);

#endif
