/* Which bytes are safe to show on a terminal, and how wide they are. */
#include "common/text.h"

#include <stdbool.h>
#include <string.h>

/* The bytes of the UTF-8 character at text, which is not empty. A stray byte counts as a character. */
static size_t character_length(const char *text)
{
	size_t length = 1;
	if (((unsigned char)text[0] & 0xc0) == 0xc0) {
		while (length < 4 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length++;
	}
	return length;
}

/* The code point, of RFC 3629's UTF-8; -1: it is none. */
static int32_t code_point(const char *text, size_t length)
{
	static const struct {
		unsigned char lead,
		    bits;      /* the least lead byte of this length, and its bits that count */
		int32_t least; /* less has a shorter form */
	} forms[] = {{0, 0x7f, 0}, {0, 0x7f, 0}, {0xc0, 0x1f, 0x80}, {0xe0, 0x0f, 0x800},
	    {0xf0, 0x07, 0x10000}};
	const unsigned char lead = (unsigned char)text[0];
	int32_t code = lead & forms[length].bits;

	if (lead < forms[length].lead || lead > forms[length].lead + forms[length].bits)
		return -1;
	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code < forms[length].least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
	           ? -1
	           : code;
}

/* Whether the character is none that may be shown: bytes that are no UTF-8, or a character that steers how others are shown, that
 * is not seen at all, or that XML forbids (www.w3.org/TR/xml/#charsets). */
static bool is_unsafe(const char *text)
{
	static const struct {
		int32_t first, last;
	} unsafe[] = {
	    {0, 0x1f}, {0x7f, 0x9f}, /* DEL and C1: some terminals take U+009B for ESC [ */
	    {0xad, 0xad},            /* soft hyphen */
	    {0x61c, 0x61c},          /* Arabic letter mark */
	    {0x180e, 0x180e},        /* a blank without width */
	    {0x200b, 0x200f},        /* without width, and marks of direction */
	    {0x2028, 0x202e},        /* ends of lines, and what turns the direction */
	    {0x2060, 0x206f},        /* the same, invisible */
	    {0xfeff, 0xfeff},        /* byte order mark, without width */
	    {0xfff9, 0xfffb},        /* annotations */
	    {0xfffe, 0xffff},        /* no characters */
	    {0xe0000, 0xe007f},      /* tags, invisible */
	};
	if (*text >= 0x20 && *text < 0x7f)
		return false;
	const int32_t code = code_point(text, character_length(text));
	for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
		if (code >= unsafe[i].first && code <= unsafe[i].last)
			return true;
	}
	return code < 0;
}

size_t text_unsafe(const char *text)
{
	return is_unsafe(text) ? character_length(text) : 0;
}

/* Prints one character and returns its length in bytes. */
static size_t print_character(FILE *out, const char *text)
{
	size_t length = character_length(text);
	if (is_unsafe(text))
		fputc('?', out);
	else
		fwrite(text, 1, length, out);
	return length;
}

void text_make_safe_except(char *text, const char *kept)
{
	char *to = text;

	while (*text) {
		size_t length = character_length(text);
		if (is_unsafe(text) && !strchr(kept, *text))
			*to++ = '?';
		else
			to = (char *)memmove(to, text, length) + length;
		text += length;
	}
	*to = '\0';
}

void text_make_safe(char *text)
{
	text_make_safe_except(text, "");
}

void text_copy(char *out, size_t size, const char *bytes, size_t length)
{
	size_t used = 0;

	for (size_t i = 0, taken; i < length; i += taken) {
		const char *from = bytes[i] ? bytes + i : " ";
		size_t put = taken = character_length(from);
		if (code_point(from, taken) < 0) {
			from = "\ufffd";
			put = strlen(from);
		}
		if (i + taken > length || used + put >= size)
			break;
		memcpy(out + used, from, put);
		used += put;
	}
	out[used] = '\0';
}

static int width_of(const char *text, const char *end)
{
	int width = 0;
	for (; text < end; text += character_length(text))
		width++;
	return width;
}

int text_width(const char *text)
{
	return width_of(text, text + strlen(text));
}

void text_print(FILE *out, const char *text)
{
	if (!text)
		text = "-";
	while (*text)
		text += print_character(out, text);
}

void text_print_start(FILE *out, const char *text, int most)
{
	if (!text)
		text = "-";
	for (int i = 0; *text && i < most; i++)
		text += print_character(out, text);
	if (*text)
		fputs("...", out);
}

void text_print_column(FILE *out, const char *text, int width)
{
	if (!text)
		text = "-";
	bool cut = text_width(text) > width;
	int column = 0;
	for (; *text && column < width - cut; column++)
		text += print_character(out, text);
	if (cut) {
		fputc('~', out);
		column++;
	}
	for (; column < width; column++)
		fputc(' ', out);
}

/* Prints the words that fit into so many columns, one at least; it is broken if it does not, unless words are to be whole. */
static int print_words(FILE *out, const char **text, int width, bool whole)
{
	int column = 0;
	*text += strspn(*text, " ");
	while (**text) {
		const char *end = *text + strcspn(*text, " ");
		const int word = width_of(*text, end);
		if (column > 0 && column + 1 + word > width)
			break;
		if (column > 0) {
			fputc(' ', out);
			column++;
		}
		for (; *text < end && (whole || column < width); column++)
			*text += print_character(out, *text);
		if (*text < end)
			break;
		*text += strspn(*text, " ");
	}
	return column;
}

int text_print_line(FILE *out, const char **text, int width)
{
	return print_words(out, text, width, false);
}

void text_print_wrapped(FILE *out, const char *first, const char *text)
{
	const int indent = text_width(first);
	fputs(first, out);
	print_words(out, &text, TEXT_COLUMNS - indent, true);
	while (*text) {
		fprintf(out, "\n%*s", indent, "");
		print_words(out, &text, TEXT_COLUMNS - indent, true);
	}
	fputc('\n', out);
}
