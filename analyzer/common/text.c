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

/* Whether the character is none that may be shown: a control character, or bytes that are no UTF-8. */
static bool is_unsafe(const char *text)
{
	static const struct {
		unsigned char lead; /* the least lead byte of this length */
		size_t length;
	} kinds[] = {{0xf5, 0}, {0xf0, 4}, {0xe0, 3}, {0xc2, 2}, {0x80, 0}, {0x00, 1}};
	unsigned char byte = (unsigned char)text[0];
	size_t kind = 0;

	while (byte < kinds[kind].lead)
		kind++;
	if (kinds[kind].length != character_length(text) || byte < 0x20 || byte == 0x7f)
		return true;
	/* U+0080 to U+009F: some terminals take U+009B for ESC [. */
	return byte == 0xc2 && (unsigned char)text[1] < 0xa0;
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
