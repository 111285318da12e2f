/* Text from evidence inside other languages. Inside this folder. */
#ifndef LEAKLAB_REPORT_ESCAPE_H
#define LEAKLAB_REPORT_ESCAPE_H

#include <stdio.h>

/* All of them print "-" for NULL, and '?' for control characters and bytes that are no UTF-8. */

/* As text or attribute of HTML and XML. Line ends and tabs stay. */
void escape_markup(FILE *out, const char *text);
/* As a paragraph or an item of Markdown, on one line; and inside a table. */
void escape_markdown(FILE *out, const char *text);
void escape_markdown_cell(FILE *out, const char *text);

/* A line of Markdown's code block that is fenced by CODE_FENCE. Line ends and tabs stay. */
#define CODE_FENCE "~~~~~~~~"
void escape_code(FILE *out, const char *text);

/* A printf() whose result is escaped. */
void escape_markup_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
