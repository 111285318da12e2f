/* Byte order marks and UTF-16: `>` in PowerShell 5 writes UTF-16LE, whatever the program printed. */
#include "readers/encoding.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool starts_with(const char *bytes, size_t length, const char *mark, size_t mark_length)
{
	return length >= mark_length && memcmp(bytes, mark, mark_length) == 0;
}

static uint32_t unit_at(const unsigned char *bytes, bool big_endian)
{
	return big_endian ? (uint32_t)(bytes[0] << 8 | bytes[1])
	                  : (uint32_t)(bytes[1] << 8 | bytes[0]);
}

/* Appends a code point and returns the new end. */
static char *put_utf8(char *out, uint32_t point)
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

/* Half a surrogate pair becomes U+FFFD; an odd byte at the end (a cut file) is dropped. */
static char *from_utf16(const char *bytes, size_t length, bool big_endian, size_t *text_length)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + (length & ~(size_t)1);
	char *text = malloc(length / 2 * 3 + 1); /* at most three bytes for two; four for a pair */
	if (!text)
		return NULL;
	char *out = text;
	while (at < end) {
		uint32_t point = unit_at(at, big_endian);
		at += 2;
		if (point >= 0xd800 && point < 0xdc00 && at < end) {
			uint32_t low = unit_at(at, big_endian);
			if (low >= 0xdc00 && low < 0xe000) {
				point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
				at += 2;
			}
		}
		if (point >= 0xd800 && point < 0xe000)
			point = 0xfffd;
		out = put_utf8(out, point);
	}
	*out = '\0';
	*text_length = (size_t)(out - text);
	return text;
}

static bool is_text(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		/* Tools print tabs, line ends and form feeds; 0x1a ends files that DOS programs wrote. */
		if (byte == 0 || (byte < 0x20 && !strchr("\t\n\v\f\r\x1a", byte)))
			return false;
	}
	return true;
}

bool encoding_to_utf8(
    const char *bytes, size_t length, char **text, size_t *text_length, struct error *error)
{
	char *out;
	size_t out_length;
	bool little = starts_with(bytes, length, "\xff\xfe", 2),
	     big = starts_with(bytes, length, "\xfe\xff", 2);
	if (little || big) {
		out = from_utf16(bytes + 2, length - 2, big, &out_length);
	} else {
		size_t mark = starts_with(bytes, length, "\xef\xbb\xbf", 3) ? 3 : 0;
		out_length = length - mark;
		out = malloc(out_length + 1);
		if (out) {
			memcpy(out, bytes + mark, out_length);
			out[out_length] = '\0';
		}
	}
	if (!out)
		return error_set(error, EXIT_TARGET, "out of memory");
	if (!is_text(out, out_length)) {
		free(out);
		return error_set(error, EXIT_USAGE, "binary data, no text");
	}
	*text = out;
	*text_length = out_length;
	return true;
}
