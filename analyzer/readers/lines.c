/* How wide characters are on a console, and where a word ends. */
#include "readers/lines.h"

#include <string.h>
#include <strings.h>

struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\x1a';
}

struct span span_trim(struct span span)
{
	while (span.length && is_blank(span.text[0])) {
		span.text++;
		span.length--;
	}
	while (span.length && is_blank(span.text[span.length - 1]))
		span.length--;
	return span;
}

int span_shown(struct span span, size_t most)
{
	size_t length = span.length < most ? span.length : most;
	while (
	    length < span.length && length > 0 && ((unsigned char)span.text[length] & 0xc0) == 0x80)
		length--;
	return (int)length;
}

bool span_is(struct span span, const char *text)
{
	return span.length == strlen(text) && strncasecmp(span.text, text, span.length) == 0;
}

bool span_starts(struct span span, const char *text)
{
	size_t length = strlen(text);
	return span.length >= length && strncasecmp(span.text, text, length) == 0;
}

size_t span_find(struct span span, const char *text)
{
	size_t length = strlen(text);
	for (size_t i = 0; i + length <= span.length; i++) {
		/* Of letters, the bit 0x20 is the case. */
		if ((span.text[i] | 0x20) == (text[0] | 0x20) &&
		    strncasecmp(span.text + i, text, length) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t utf8_get(struct span span, uint32_t *point)
{
	unsigned char lead = (unsigned char)span.text[0];
	size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	*point = lead;
	if (length == 1 || length > span.length)
		return 1;
	*point = lead & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)span.text[i] & 0xc0) != 0x80)
			return 1;
		*point = *point << 6 | ((unsigned char)span.text[i] & 0x3f);
	}
	return length;
}

char *utf8_put(char *out, uint32_t point)
{
	if (point < 0x80) {
		*out++ = (char)point;
	} else if (point < 0x800) {
		*out++ = (char)(0xc0 | point >> 6);
		*out++ = (char)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		*out++ = (char)(0xe0 | point >> 12);
		*out++ = (char)(0x80 | (point >> 6 & 0x3f));
		*out++ = (char)(0x80 | (point & 0x3f));
	} else {
		*out++ = (char)(0xf0 | point >> 18);
		*out++ = (char)(0x80 | (point >> 12 & 0x3f));
		*out++ = (char)(0x80 | (point >> 6 & 0x3f));
		*out++ = (char)(0x80 | (point & 0x3f));
	}
	return out;
}

bool span_is_ascii(struct span span)
{
	uint64_t word, seen = 0;
	size_t i = 0;
	for (; i + 8 <= span.length; i += 8) {
		memcpy(&word, span.text + i, 8);
		seen |= word;
	}
	for (; i < span.length; i++)
		seen |= (unsigned char)span.text[i];
	return !(seen & UINT64_C(0x8080808080808080));
}

/* East Asian Wide and Fullwidth (Unicode UAX #11), in large ranges. */
static int cells(uint32_t point)
{
	static const uint32_t wide[][2] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},
	    {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}};
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
		if (point >= wide[i][0] && point <= wide[i][1])
			return 2;
	}
	return 1;
}

void words_split(struct words *words, struct span line)
{
	words_split_tabbed(words, line, 8);
}

void words_split_tabbed(struct words *words, struct span line, int stop)
{
	int column = 0, gap = 0;
	struct word *word = NULL;
	words->count = 0;
	while (line.length) {
		uint32_t point;
		size_t length = utf8_get(line, &point);
		if (is_blank(line.text[0]) || point == 0xa0 || point == 0x3000) {
			int width = line.text[0] == '\t' ? stop - column % stop : cells(point);
			word = NULL;
			column += width;
			gap += width;
		} else {
			if (!word) {
				if (words->count == WORDS_MOST)
					return;
				word = &words->items[words->count++];
				*word = (struct word){{line.text, 0}, column, column, gap};
				gap = 0;
			}
			word->span.length += length;
			column += cells(point);
			word->end = column;
		}
		line = span_from(line, length);
	}
}

struct span words_join(const struct words *words, size_t first, size_t last)
{
	const char *start = words->items[first].span.text;
	const struct span *end = &words->items[last].span;
	return (struct span){start, (size_t)(end->text + end->length - start)};
}

bool span_is_digits(struct span span)
{
	for (size_t i = 0; i < span.length; i++) {
		if (span.text[i] < '0' || span.text[i] > '9')
			return false;
	}
	return span.length > 0;
}

bool span_decimal(struct span span, int64_t *out)
{
	int64_t value = 0;
	if (!span_is_digits(span) || span.length > 10)
		return false;
	for (size_t i = 0; i < span.length; i++)
		value = value * 10 + (span.text[i] - '0');
	if (value > UINT32_MAX)
		return false;
	*out = value;
	return true;
}

bool span_has_only(struct span span, const char *characters)
{
	for (size_t i = 0; i < span.length; i++) {
		if (!span.text[i] || !strchr(characters, span.text[i]))
			return false;
	}
	return true;
}

static const signed char hex_digits[256] = {['0'] = 1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    ['A'] = 11,
    12,
    13,
    14,
    15,
    16,
    ['a'] = 11,
    12,
    13,
    14,
    15,
    16};

bool span_hex(struct span span, int64_t *out)
{
	int64_t value = 0;
	if (span.length == 0 || span.length > 15)
		return false;
	for (size_t i = 0; i < span.length; i++) {
		int digit = hex_digits[(unsigned char)span.text[i]] - 1;
		if (digit < 0)
			return false;
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}

bool span_luid(struct span span, char separator, uint64_t *out)
{
	int64_t high, low;
	if (span.length != 17 || span.text[8] != separator ||
	    !span_hex((struct span){span.text, 8}, &high) ||
	    !span_hex((struct span){span.text + 9, 8}, &low))
		return false;
	*out = (uint64_t)high << 32 | (uint64_t)low;
	return true;
}

void account_split(struct span account, struct span *domain, struct span *user)
{
	const char *backslash = account.length ? memchr(account.text, '\\', account.length) : NULL;
	size_t at = backslash ? (size_t)(backslash - account.text) : 0;
	*domain = (struct span){account.text, at};
	*user = backslash ? span_from(account, at + 1) : account;
}
