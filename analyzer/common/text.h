/* Text for people: what comes from evidence must not steer a terminal, and lines fit in 80 columns. */
#ifndef LEAKLAB_TEXT_H
#define LEAKLAB_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_COLUMNS 80

/* What a noun ends in behind a count of it. */
static inline const char *text_plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

/* Prints text with what must not be shown as '?': control characters (C0, DEL, C1), those that turn the direction of others or have no
 * width, and bytes that are no UTF-8. Prints "-" for NULL. */
void text_print(FILE *out, const char *text);

/* The same, of no more than `most` characters, and "..." if there are more. */
void text_print_start(FILE *out, const char *text, int most);

/* The same replacement in place: what is quoted from a program's output goes into messages, JSON and the run file. */
void text_make_safe(char *text);
/* Some control characters are kept. */
void text_make_safe_except(char *text, const char *kept);
/* Copies what a program printed, of which `length` bytes count, and behind them is a NUL: NUL becomes a blank, a byte that is no UTF-8 U+FFFD,
 * and what does not fit is left out by whole characters. */
void text_copy(char *out, size_t size, const char *bytes, size_t length);
/* The bytes of the character at text, which is not empty, if it must not be shown; else 0. */
size_t text_unsafe(const char *text);

/* Prints text as text_print does, in a column `width` wide: cut (with "~" at its end) or filled with blanks. A
 * character of UTF-8 counts as one column. */
void text_print_column(FILE *out, const char *text, int width);

/* How many columns that text takes. */
int text_width(const char *text);

/* Prints the words that fit into a line so wide, and moves the text on to the others; a word that is longer is broken. Returns the
 * columns printed. */
int text_print_line(FILE *out, const char **text, int width);

/* Prints text broken at blanks: `first` starts the first line, as many blanks the others. Ends the line. */
void text_print_wrapped(FILE *out, const char *first, const char *text);

#endif
