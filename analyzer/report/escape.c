/* Knows which characters would be taken for markup by a browser, an XML parser or a ticket system. */
#include "report/escape.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
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

/* What ticket systems make a link of in the text that they have rendered, so that no escape in Markdown helps: people, issues, merge
 * requests, labels, milestones, snippets, epics, emoji (docs.gitlab.com/user/markdown, "GitLab-specific references"); and what they take for
 * an address: "://", "www.". A comment behind the sign parts the text, is not seen, and is not copied with it. */
#define PART "<!-- -->"

static bool begins_reference(const char *at)
{
	const unsigned char next = (unsigned char)at[1];
	if (*at == '@')
		return true;
	if (*at == ':')
		return strncmp(at, "://", 3) == 0 || islower(next) || next == '+' || next == '-';
	return strchr("#!~%$&^", *at) && (isalnum(next) || next == '"');
}

static void print_inline(FILE *out, const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at == '\n' || *at == '\t')
			fputc(' ', out);
		else if (*at == '<')
			fputs("&lt;", out); /* HTML is allowed in Markdown */
		else if (*at == '&')
			fputs("&amp;", out);
		else
			fprintf(out, "%s%c", strchr("\\`*_[]|~$", *at) ? "\\" : "", *at);
		if (begins_reference(at) || (at - text >= 2 && strncasecmp(at - 2, "www.", 4) == 0))
			fputs(PART, out);
	}
}

/* How many characters before the one that makes a heading, a list or a quotation of a line that begins so; SIZE_MAX: none does. */
static size_t find_marker(const char *text)
{
	const size_t digits = strspn(text, "0123456789");
	const char after = text[digits] ? text[digits + 1] : '\0';
	if (*text && strchr("#>+-=", *text))
		return 0;
	return digits && (text[digits] == '.' || text[digits] == ')') && (after == ' ' || !after)
	           ? digits
	           : SIZE_MAX;
}

void escape_markdown_cell(FILE *out, const char *text)
{
	char *copy = safe_copy(text);
	if (copy)
		print_inline(out, copy);
	free(copy);
}

void escape_markdown(FILE *out, const char *text)
{
	char *copy = safe_copy(text), *line = copy ? copy + strspn(copy, " \t\n") : NULL;
	const size_t marker = line ? find_marker(line) : SIZE_MAX;
	if (marker != SIZE_MAX) {
		fprintf(out, "%.*s\\", (int)marker, line);
		line += marker;
	}
	if (line)
		print_inline(out, line);
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
