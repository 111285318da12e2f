/* Knows which characters would be taken for markup by a browser, an XML parser or a ticket system. */
#include "report/escape.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

/* A copy of the text that is safe to show, with its line ends, each '\n', and its tabs. NULL when memory is out. */
static char *safe_copy(const char *text)
{
	char *copy = strdup(text ? text : "-"), *to = copy;
	for (const char *from = copy; from && *from; from++) {
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from == '\r' ? '\n' : *from;
	}
	if (copy) {
		*to = '\0';
		text_make_safe_except(copy, "\n\t");
	}
	return copy;
}

static void print_markup(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

void escape_markup(FILE *out, const char *text)
{
	char *copy = safe_copy(text);
	if (copy)
		print_markup(out, copy);
	free(copy);
}

void escape_markup_format(FILE *out, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text)
		escape_markup(out, text);
	free(text);
}

/* What begins a heading, a list or a quotation, if it begins a text. */
static bool begins_block(const char *text)
{
	const size_t digits = strspn(text, "0123456789");
	return strchr("#>+-=", *text) || (digits && (text[digits] == '.' || text[digits] == ')'));
}

void escape_markdown(FILE *out, const char *text)
{
	char *copy = safe_copy(text);
	if (copy && *copy && begins_block(copy))
		fputs("&#8203;", out); /* a blank without width */
	for (const char *at = copy ? copy : ""; *at; at++) {
		/* HTML is allowed in Markdown, and most ticket systems mention people and link what looks like a link. */
		if (*at == '\n' || *at == '\t')
			fputc(' ', out);
		else if (strchr("<&@", *at) || strncmp(at, "://", 3) == 0 ||
		         (*at == '.' && at - copy >= 3 && strncasecmp(at - 3, "www", 3) == 0))
			fprintf(out, "&#%d;", *at);
		else
			fprintf(out, "%s%c", strchr("\\`*_[]|~$", *at) ? "\\" : "", *at);
	}
	free(copy);
}

void escape_code(FILE *out, const char *text)
{
	char *copy = safe_copy(text);
	/* A line that starts with the fence would end the block. */
	for (char *line = copy; line && *line;) {
		const size_t length = strcspn(line, "\n");
		if (strncmp(line + strspn(line, " "), CODE_FENCE, strlen(CODE_FENCE)) == 0)
			fputs("| ", out);
		fwrite(line, 1, length, out);
		fputc('\n', out);
		line += length + (line[length] == '\n');
	}
	free(copy);
}
