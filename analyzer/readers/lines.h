/* Lines of text and what is in them: columns, words, numbers. Inside this folder. */
#ifndef LEAKLAB_LINES_H
#define LEAKLAB_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of a text; no NUL follows it. */
struct span {
	const char *text;
	size_t length;
};

/* A word between blanks. Columns are display cells: tools align East Asian text by those. */
struct word {
	struct span span;
	int column;
	int end; /* the column behind it */
	int gap; /* blanks before it */
};

#define WORDS_MOST 64
struct words {
	struct word items[WORDS_MOST];
	size_t count;
};

struct span span_of(const char *text);
/* What is behind the first `start` bytes. */
static inline struct span span_from(struct span span, size_t start)
{
	if (start > span.length)
		start = span.length;
	return (struct span){span.text + start, span.length - start};
}
struct span span_trim(struct span span);
/* How many bytes of it are shown, at most this many, without half of a character at its end; for "%.*s". */
int span_shown(struct span span, size_t most);
/* ASCII letters match in any case. */
bool span_is(struct span span, const char *text);
bool span_starts(struct span span, const char *text);
/* Where text (any case) starts, or SIZE_MAX. */
size_t span_find(struct span span, const char *text);

/* The character at the start, and its bytes; stray bytes count as one character each. */
size_t utf8_get(struct span span, uint32_t *point);
/* Appends the character and returns the new end. */
char *utf8_put(char *out, uint32_t point);
bool span_is_ascii(struct span span);

/* The line's words; those past WORDS_MOST are left out. */
void words_split(struct words *words, struct span line);
/* The same where a tab goes on at the next multiple of `stop` columns. */
void words_split_tabbed(struct words *words, struct span line, int stop);
/* The text from the first of these words to the last. */
struct span words_join(const struct words *words, size_t first, size_t last);

/* All of the span as a number; false if it is none, or too large to be a process, a session or a count. */
bool span_decimal(struct span span, int64_t *out);
bool span_hex(struct span span, int64_t *out);
bool span_is_digits(struct span span);
/* True if it has no other characters than these. */
bool span_has_only(struct span span, const char *characters);
/* Eight hex digits, a separator, eight hex digits. */
bool span_luid(struct span span, char separator, uint64_t *out);

/* "DOMAIN\user" in parts; domain is empty if there is none. */
void account_split(struct span account, struct span *domain, struct span *user);

#endif
