/* What web pages, trackers, forums, mails and scripts put around and into the lines of a paste: tags and escapes of HTML, fences
 * (Markdown's ```, Jira's {code} and {noformat}, [code] of forums), string literals, blanks that are no ASCII. */
#include "readers/page.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void page_deinit(struct page *page)
{
	free(page->buffers[0]);
	free(page->buffers[1]);
}

/* ---- escapes ---- */

/* HTML 4.01, 24.2.1: the names of U+00A0 to U+00FF. */
static const char latin_names[] =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro "
    "para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil "
    "Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave "
    "Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml "
    "igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute "
    "thorn yuml";

static const struct {
	const char *name;
	uint32_t point;
} other_names[] = {{"gt", '>'}, {"lt", '<'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''},
    {"hellip", 0x2026}, {"ensp", 0x2002}, {"emsp", 0x2003}, {"thinsp", 0x2009}, {"ldquo", 0x201c},
    {"rdquo", 0x201d}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ndash", 0x2013}, {"mdash", 0x2014},
    {"num", '#'}, {"bsol", '\\'}, {"Tab", '\t'}};

/* 0: it is none. */
static uint32_t named_point(struct span name)
{
	for (size_t i = 0; i < sizeof other_names / sizeof other_names[0]; i++) {
		if (strlen(other_names[i].name) == name.length &&
		    memcmp(other_names[i].name, name.text, name.length) == 0)
			return other_names[i].point;
	}
	uint32_t point = 0xa0;
	for (const char *at = latin_names; *at; point++) {
		const size_t length = strcspn(at, " ");
		if (length == name.length && memcmp(at, name.text, length) == 0)
			return point;
		at += length + (at[length] == ' ');
	}
	return 0;
}

/* Of "gt", "#62", "#x3e"; 0: of none, or of what is no character of a line. */
static uint32_t escaped_point(struct span escape)
{
	int64_t number;
	bool hex = span_starts(escape, "#x");
	if (!escape.length || escape.text[0] != '#')
		return named_point(escape);
	if (hex ? !span_hex(span_from(escape, 2), &number)
	        : !span_decimal(span_from(escape, 1), &number))
		return 0;
	const bool character = number >= ' ' || number == '\t';
	return character && number < 0x110000 && (number < 0xd800 || number > 0xdfff)
	           ? (uint32_t)number
	           : 0;
}

#define ESCAPE_MOST 10 /* characters between "&" and ";" */

/* In place, as no character is longer than its escape. True if there was one. */
static bool unescape(struct span *line, char *to)
{
	struct span rest = *line;
	char *out = to;
	while (rest.length) {
		const char *and = memchr(rest.text, '&', rest.length);
		const size_t plain = and? (size_t)(and-rest.text) : rest.length;
		memmove(out, rest.text, plain);
		out += plain;
		rest = span_from(rest, plain);
		const size_t most = rest.length < ESCAPE_MOST + 2 ? rest.length : ESCAPE_MOST + 2;
		const char *end = most ? memchr(rest.text, ';', most) : NULL;
		const size_t length = end ? (size_t)(end - rest.text) : 0;
		const uint32_t point =
		    length > 1 ? escaped_point((struct span){rest.text + 1, length - 1}) : 0;
		if (point) {
			out = utf8_put(out, point);
			rest = span_from(rest, length + 1);
		} else if (rest.length) {
			*out++ = rest.text[0];
			rest = span_from(rest, 1);
		}
	}
	const bool found = (size_t)(out - to) != line->length;
	*line = (struct span){to, (size_t)(out - to)};
	return found;
}

/* ---- blanks ---- */

/* How many ASCII blanks stand for the character; -1: it is none. */
static int blanks_of(uint32_t point)
{
	if (point == 0xa0 || (point >= 0x2000 && point <= 0x200a) || point == 0x202f ||
	    point == 0x205f)
		return 1;
	if (point == 0x3000)
		return 2;
	/* Of no width: soft hyphens, joiners, marks of direction and of byte order. */
	return point == 0xad || (point >= 0x200b && point <= 0x200f) || point == 0x2060 ||
	               point == 0xfeff
	           ? 0
	           : -1;
}

static void plain_blanks(struct span *line, char *to)
{
	struct span rest = *line;
	char *out = to;
	while (rest.length) {
		uint32_t point;
		const size_t length = utf8_get(rest, &point);
		const int blanks = length > 1 ? blanks_of(point) : -1;
		if (blanks < 0) {
			memmove(out, rest.text, length);
			out += length;
		}
		for (int i = 0; i < blanks; i++)
			*out++ = ' ';
		rest = span_from(rest, length);
	}
	*line = (struct span){to, (size_t)(out - to)};
}

/* ---- what stands around a line ---- */

/* The bytes of the bracketed word at the start, if it is one of these: "<br/>", "</pre>", "{code:json}", "[CODE=Text]"; 0: none. */
static size_t mark_length(
    struct span line, char open, char close, const char *const *names, size_t count)
{
	const char *end = line.length > 2 && line.text[0] == open
	                      ? memchr(line.text, close, line.length < 200 ? line.length : 200)
	                      : NULL;
	if (!end)
		return 0;
	struct span name = {line.text + 1, (size_t)(end - line.text) - 1};
	if (name.length && name.text[0] == '/')
		name = span_from(name, 1);
	size_t letters = 0;
	while (letters < name.length && !strchr(" :=|/", name.text[letters]))
		letters++;
	name.length = letters;
	for (size_t i = 0; i < count; i++) {
		if (span_is(name, names[i]))
			return (size_t)(end - line.text) + 1;
	}
	return 0;
}

static size_t mark_at(struct span line)
{
	static const char *const tags[] = {"pre", "code", "br", "p", "div", "span", "tt", "samp",
	    "kbd", "td", "tr", "li", "b", "font", "blockquote"};
	static const char *const macros[] = {"code", "noformat", "quote", "panel", "color",
	    "expand", "info", "note", "tip", "warning"};
	static const char *const forum[] = {
	    "code", "quote", "pre", "tt", "spoiler", "php", "font", "size"};
#define MARK(open, close, names)                                                                   \
	mark_length(line, open, close, names, sizeof names / sizeof names[0])
	switch (line.length ? line.text[0] : '\0') {
	case '<':
		return MARK('<', '>', tags);
	case '{':
		return line.length > 1 && line.text[1] == '{' ? 2 : MARK('{', '}', macros);
	case '[':
		return MARK('[', ']', forum);
	}
#undef MARK
	return 0;
}

/* The mark that the line ends with; 0: none. */
static size_t mark_behind(struct span line)
{
	if (!line.length || !strchr(">}]", line.text[line.length - 1]))
		return 0;
	if (line.length > 1 && memcmp(line.text + line.length - 2, "}}", 2) == 0)
		return 2;
	const char open = "<{["[strchr(">}]", line.text[line.length - 1]) - ">}]"];
	const char *at = memrchr(line.text, open, line.length);
	struct span mark = at ? span_from(line, (size_t)(at - line.text)) : (struct span){0};
	return mark.length && mark_at(mark) == mark.length ? mark.length : 0;
}

static size_t run_length(struct span line, char c)
{
	size_t length = 0;
	while (length < line.length && line.text[length] == c)
		length++;
	return length;
}

/* "```" or "~~~" at the start, with the name of a language if that is all. */
static size_t fence_length(struct span line)
{
	const char c = line.length ? line.text[0] : '\0';
	const size_t length = c == '`' || c == '~' ? run_length(line, c) : 0;
	if (length < 3)
		return 0;
	struct span word = span_trim(span_from(line, length));
	for (size_t i = 0; i < word.length; i++) {
		if (strchr(" \t\\:>", word.text[i]))
			return c == '`' ? length : 0;
	}
	return line.length;
}

static struct span trim_end(struct span line)
{
	while (line.length && memchr(" \t\r", line.text[line.length - 1], 3))
		line.length--;
	return line;
}

/* Drops marks and fences. Blanks before the first one are the page's, those behind it the tool's. */
static struct span unwrap(struct span line)
{
	for (;;) {
		struct span inner = span_trim(line), tail = trim_end(line);
		size_t length = mark_at(inner);
		if (!length)
			length = fence_length(inner);
		if (length) {
			line = span_from(line, (size_t)(inner.text - line.text) + length);
			continue;
		}
		length = mark_behind(tail);
		if (!length && tail.length > 3 &&
		    (memcmp(tail.text + tail.length - 3, "```", 3) == 0 ||
		        memcmp(tail.text + tail.length - 3, "~~~", 3) == 0))
			length = 3;
		if (!length)
			return line;
		line = (struct span){line.text, tail.length - length};
	}
}

struct span page_inside(struct span text)
{
	struct span inside = text;
	for (;;) {
		inside = span_trim(inside);
		while (inside.length && inside.text[0] == '\n')
			inside = span_trim(span_from(inside, 1));
		while (inside.length && strchr(" \t\r\n", inside.text[inside.length - 1]))
			inside.length--;
		const char *end = inside.length ? memchr(inside.text, '\n', inside.length) : NULL;
		struct span first = {
		    inside.text, end ? (size_t)(end - inside.text) : inside.length};
		const char *last = inside.length ? memrchr(inside.text, '\n', inside.length) : NULL;
		struct span tail =
		    last ? span_from(inside, (size_t)(last - inside.text) + 1) : inside;
		size_t length = mark_at(inside);
		if (!length)
			length = fence_length(trim_end(first));
		if (length) {
			inside = span_from(inside, length);
			continue;
		}
		length = mark_behind(tail);
		if (!length && fence_length(span_trim(tail)) == span_trim(tail).length)
			length = tail.length;
		if (!length)
			return inside;
		inside.length -= length;
	}
}

/* ---- string literals ---- */

/* The bytes of the quotation mark at the start, and its plain form. */
static size_t quote_at(struct span line, char *plain)
{
	static const char *const typed[] = {
	    "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x98", "\xe2\x80\x99"};
	*plain = line.length ? line.text[0] : '\0';
	if (*plain && strchr("\"'`", *plain))
		return 1;
	for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
		*plain = i < 3 ? '"' : '\'';
		if (span_starts(line, typed[i]))
			return strlen(typed[i]);
	}
	return 0;
}

/* The same of the one that the line ends with. */
static size_t quote_behind(struct span line, char *plain)
{
	const size_t length =
	    line.length > 2 && (unsigned char)line.text[line.length - 1] >= 0x80 ? 3 : 1;
	return line.length ? quote_at(span_from(line, line.length - length), plain) : 0;
}

/* "LAB\\anna": in most languages a backslash stands for itself when it is doubled. */
static bool all_doubled(struct span line)
{
	bool any = false;
	for (size_t i = 0; i < line.length; i++) {
		if (line.text[i] != '\\')
			continue;
		if (i + 1 == line.length || line.text[i + 1] != '\\')
			return false;
		any = true;
		i++;
	}
	return any;
}

static void undouble(struct span *line, char *to)
{
	size_t kept = 0;
	for (size_t i = 0; i < line->length; i++) {
		to[kept++] = line->text[i];
		i += line->text[i] == '\\';
	}
	*line = (struct span){to, kept};
}

/* A line that is a literal, or the first or last line of one; in place. */
static void unquote(struct span *line, char *to)
{
	char open, close;
	struct span inner = span_trim(*line), tail = trim_end(*line);
	while (tail.length > 1 && strchr(",;+\\)", tail.text[tail.length - 1]))
		tail = trim_end((struct span){tail.text, tail.length - 1});
	const size_t opens = quote_at(inner, &open), closes = quote_behind(tail, &close);
	const size_t indent = (size_t)(inner.text - line->text);
	const bool both =
	    opens && closes && open == close && tail.length >= indent + opens + closes;
	/* A name may end in an apostrophe. */
	if (!both && !(opens && open == '"') && !(closes && close == '"'))
		return;
	struct span body = *line;
	if (both || (closes && close == '"'))
		body.length = tail.length - closes;
	struct span text = opens ? span_from(body, indent + opens) : body;
	if (memchr(text.text, open == '\0' ? '"' : open, text.length) && both)
		return; /* several, as in CSV */
	if (!both && memchr(text.text, '"', text.length))
		return;
	while (both && text.length > 1 && text.text[text.length - 2] == '\\' &&
	       strchr("nrt", text.text[text.length - 1]))
		text.length -= 2;
	if (both && all_doubled(text))
		undouble(&text, to + indent + opens);
	if (opens)
		memmove(to + indent, text.text, text.length);
	*line = opens ? (struct span){to, indent + text.length} : text;
}

/* ---- a line ---- */

/* Of most lines the first and the last character, and that it has no escape, tell that there is nothing to do. */
static bool is_plain(struct span line)
{
	static const char
	    opens[256] =
	        {['<'] = 1, ['{'] = 1, ['['] = 1, ['`'] = 1, ['~'] = 1, ['"'] = 1, ['\''] = 1},
	    closes[256] = {
	        ['>'] = 1, ['}'] = 1, [']'] = 1, ['`'] = 1, ['~'] = 1, ['"'] = 1, ['\''] = 1};
	size_t first = 0, end = line.length;
	while (first < end && (line.text[first] == ' ' || line.text[first] == '\t'))
		first++;
	while (end > first && (unsigned char)line.text[end - 1] <= ' ')
		end--;
	return first == end || (!opens[(unsigned char)line.text[first]] &&
	                           !closes[(unsigned char)line.text[end - 1]] &&
	                           !memchr(line.text, '&', line.length) && span_is_ascii(line));
}

bool page_line(struct page *page, struct span line, struct span *out)
{
	*out = line;
	if (is_plain(line))
		return true;
	const int turn = page->turn ^= 1;
	if (page->sizes[turn] < line.length) {
		char *larger = realloc(page->buffers[turn], line.length);
		if (!larger)
			return false;
		page->buffers[turn] = larger;
		page->sizes[turn] = line.length;
	}
	char *own = page->buffers[turn];
	memcpy(own, line.text, line.length);
	struct span text = unwrap((struct span){own, line.length});
	for (int depth = 0; depth < 3 && text.length && unescape(&text, (char *)text.text); depth++)
		;
	if (text.length)
		plain_blanks(&text, (char *)text.text);
	if (text.length)
		unquote(&text, (char *)text.text);
	*out = text;
	return true;
}
