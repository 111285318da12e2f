/* How JSON is written, by whichever program. */
#ifndef LEAKLAB_JSON_TEXT_H
#define LEAKLAB_JSON_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

enum json_layout { JSON_ON_ONE_LINE, JSON_ON_LINES };

/* A string, or null for NULL. Of text that is not UTF-8, bytes that are none are '?'. */
json_t *json_of_text(const char *text);

/* Writes the value and ends the line. Characters that would turn the direction of others, or that nobody sees, are written as
 * escapes. False if the stream takes no more, or the value is NULL. */
bool json_write(const json_t *value, enum json_layout layout, FILE *out);
/* The value on lines within another, with so many blanks before all of its lines but the first; no line is ended. */
bool json_write_part(const json_t *value, int depth, FILE *out);
/* As json_write(), as a string without the line's end, the caller's to free(); NULL when memory is out. */
char *json_to_text(const json_t *value, enum json_layout layout);

#endif
