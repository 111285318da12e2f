/* A description while it is read: the words of the line at hand, and what earlier lines named. Inside this folder. */
#ifndef LEAKLAB_READING_H
#define LEAKLAB_READING_H

#include "labkernel/labkernel.h"

#define READING_WORDS 24

struct names {
	char **items;
	size_t count;
};

struct reading {
	const char *origin;
	int line;
	struct crash *crash;
	struct names tokens, logons, processes; /* their texts, by number */
	char *words[READING_WORDS];
	int count;
	struct error *error;
};

void reading_deinit(struct reading *reading); /* all but the crash */

/* An error at this line; false. */
bool complain(struct reading *reading, const char *what, const char *word);
/* Divides a line, in place, into words, which are decoded; a comment and blanks give none. */
bool read_words(struct reading *reading, char *line);

/* The value behind KEY=, or NULL. */
const char *option(struct reading *reading, const char *key);
bool has(struct reading *reading, const char *word);
uint64_t number_of(const char *text, int base);
uint64_t luid_of(const char *text);

bool add_name(struct reading *reading, struct names *names, const char *name);
bool find_name(
    struct reading *reading, const struct names *names, const char *name, size_t *number);
/* What a kind and a name together mean. */
bool find_object(struct reading *reading, const char *kind, const char *name,
    enum crash_object *object, size_t *number);
/* A number, or the address of an object (@token:NAME). text is changed. */
bool read_value(struct reading *reading, char *text, uint64_t *value);

#endif
