/* Terminal sequences. Byte order marks and UTF-16: `>` in PowerShell 5 writes UTF-16LE, whatever the program printed. And
 * code pages, which nothing in a text names: the one counts in which the headings are words that the tools print. */
#include "readers/encoding.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "readers/map.h"
#include "readers/words.h"

#define PROBED 65536 /* bytes that are looked at to tell text from binary data */

static bool starts_with(const char *bytes, size_t length, const char *mark, size_t mark_length)
{
	return length >= mark_length && memcmp(bytes, mark, mark_length) == 0;
}

static uint32_t unit_at(const unsigned char *bytes, bool big_endian)
{
	return big_endian ? (uint32_t)(bytes[0] << 8 | bytes[1])
	                  : (uint32_t)(bytes[1] << 8 | bytes[0]);
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
		out = utf8_put(out, point);
	}
	*out = '\0';
	*text_length = (size_t)(out - text);
	return text;
}

#define SEQUENCE_MOST 2048 /* bytes of a terminal sequence; titles and links are the long ones */

/* The bytes of the terminal sequence (ECMA-48) at ESC: colours and cursor moves (CSI), titles and links (OSC), character
 * sets. 0: it is none. */
static size_t sequence_length(const char *bytes, size_t length)
{
	size_t most = length < SEQUENCE_MOST ? length : SEQUENCE_MOST, i = 2;
	if (most < 3)
		return 0;
	if (bytes[1] == ']') {
		for (; i < most && bytes[i] != '\n'; i++) {
			if (bytes[i] == '\a')
				return i + 1;
			if (bytes[i] == '\033')
				return i + 1 < most && bytes[i + 1] == '\\' ? i + 2 : 0;
		}
		return 0;
	}
	bool control = bytes[1] == '[';
	if (!control && !(bytes[1] >= ' ' && bytes[1] <= '/'))
		return 0;
	while (control && i < most && bytes[i] >= '0' && bytes[i] <= '?')
		i++;
	while (i < most && bytes[i] >= ' ' && bytes[i] <= '/')
		i++;
	return i < most && bytes[i] >= (control ? '@' : '0') && bytes[i] <= '~' ? i + 1 : 0;
}

/* Copies the text without terminal sequences, which captures of terminals have; `to` may be the text itself. */
static size_t strip_sequences(struct span text, char *to)
{
	size_t kept = 0;
	while (text.length) {
		const char *escape = memchr(text.text, '\033', text.length);
		size_t plain = escape ? (size_t)(escape - text.text) : text.length;
		memmove(to + kept, text.text, plain);
		kept += plain;
		text = span_from(text, plain);
		size_t sequence = text.length ? sequence_length(text.text, text.length) : 0;
		if (text.length && !sequence)
			to[kept++] = text.text[0];
		text = span_from(text, sequence ? sequence : 1);
	}
	return kept;
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

/* Without a mark, as `cmd /u` and what is appended to files have it: the first line's letters are all of two bytes, of which
 * the one at `zero` is 0. Tools' banners and headings begin with letters that are so. */
static bool looks_like_utf16(const char *bytes, size_t length, size_t zero)
{
	size_t units = length / 2 < 16 ? length / 2 : 16;
	for (size_t i = 0; i < units; i++) {
		unsigned char low = (unsigned char)bytes[2 * i + 1 - zero];
		if (bytes[2 * i + zero] || low >= 0x80 || (low < ' ' && !strchr("\t\n\r", low)) ||
		    low == 0)
			return false;
	}
	return units == 16;
}

static bool has_escape(struct span text, bool mapped)
{
	while (text.length) {
		const size_t length = text.length < MAP_STEP ? text.length : MAP_STEP;
		if (memchr(text.text, '\033', length))
			return true;
		if (mapped)
			map_release(text.text, length);
		text = span_from(text, length);
	}
	return false;
}

bool encoding_open(const char *bytes, size_t length, bool mapped, struct span *text,
    char **converted, struct error *error)
{
	struct span out = {bytes, length};
	char *own = NULL;
	bool little = starts_with(bytes, length, "\xff\xfe", 2),
	     big = starts_with(bytes, length, "\xfe\xff", 2);
	size_t mark = little || big ? 2 : 0;
	if (!mark) {
		big = looks_like_utf16(bytes, length, 0);
		little = looks_like_utf16(bytes, length, 1);
	}
	if (little || big) {
		own = from_utf16(bytes + mark, length - mark, big, &out.length);
		if (!own)
			return error_memory(error);
		out.text = own;
	} else if (starts_with(bytes, length, "\xef\xbb\xbf", 3)) {
		out = span_from(out, 3);
	}
	if (has_escape(out, mapped && !own)) {
		char *plain = own ? own : malloc(out.length);
		if (!plain)
			return error_memory(error);
		out = (struct span){plain, strip_sequences(out, plain)};
		own = plain;
	}
	if (!is_text(out.text, out.length < PROBED ? out.length : PROBED)) {
		free(own);
		return error_set(error, EXIT_USAGE, "binary data, no text");
	}
	*text = out;
	*converted = own;
	return true;
}

void decoder_init(struct decoder *decoder)
{
	memset(decoder, 0, sizeof *decoder);
	decoder->page = (iconv_t)-1;
}

void decoder_deinit(struct decoder *decoder)
{
	if (decoder->page != (iconv_t)-1)
		iconv_close(decoder->page);
	free(decoder->buffers[0]);
	free(decoder->buffers[1]);
}

/* The bytes of the valid UTF-8 character at the start, or 0. */
static size_t valid_length(struct span text)
{
	unsigned char lead = (unsigned char)text.text[0];
	size_t length = lead < 0x80                   ? 1
	                : lead >= 0xc2 && lead < 0xe0 ? 2
	                : lead >= 0xe0 && lead < 0xf0 ? 3
	                : lead >= 0xf0 && lead < 0xf5 ? 4
	                                              : 0;
	if (length > text.length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)text.text[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong forms, surrogates, and what is past U+10FFFF */
	unsigned char second = length > 2 ? (unsigned char)text.text[1] : 0x80;
	if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) ||
	    (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90))
		return 0;
	return length;
}

static bool is_utf8(struct span line)
{
	while (line.length) {
		size_t length = valid_length(line);
		if (!length)
			return false;
		line = span_from(line, length);
	}
	return true;
}

/* Appends U+FFFD for one byte. */
static void replace(struct span *in, char **out, int64_t *replaced)
{
	memcpy(*out, "\xef\xbf\xbd", 3);
	*out += 3;
	*in = span_from(*in, 1);
	(*replaced)++;
}

/* Decodes with the page, or, where there is none, keeps what is UTF-8. out has room for four times the line. */
static size_t decode(iconv_t page, struct span in, char *out, int64_t *replaced)
{
	char *at = out;
	if (page != (iconv_t)-1)
		iconv(page, NULL, NULL, NULL, NULL);
	while (in.length) {
		size_t valid;
		if (page != (iconv_t)-1) {
			char *from = (char *)in.text;
			size_t left = in.length, room = in.length * 4;
			if (iconv(page, &from, &left, &at, &room) != (size_t)-1)
				break;
			in = (struct span){from, left};
			replace(&in, &at, replaced);
		} else if ((valid = valid_length(in))) {
			memcpy(at, in.text, valid);
			at += valid;
			in = span_from(in, valid);
		} else {
			replace(&in, &at, replaced);
		}
	}
	return (size_t)(at - out);
}

/* Tries the code pages of Windows; keeps the one that makes most words known. */
static void guess(struct decoder *decoder, struct span line, char *buffer)
{
	static const char *const pages[] = {"CP850", "CP437", "CP1252", "CP852", "CP1250", "CP866",
	    "CP1251", "CP936", "CP950", "CP932", "CP949"};
	int best = 0;
	if (decoder->tries++ >= 20)
		return;
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		int64_t replaced = 0;
		iconv_t page = iconv_open("UTF-8", pages[i]);
		if (page == (iconv_t)-1)
			continue;
		size_t length = decode(page, line, buffer, &replaced);
		int known = replaced ? 0 : words_known((struct span){buffer, length});
		if (known > best) {
			best = known;
			if (decoder->page != (iconv_t)-1)
				iconv_close(decoder->page);
			decoder->page = page;
		} else {
			iconv_close(page);
		}
	}
}

bool decoder_line(struct decoder *decoder, struct span line, struct span *out)
{
	if (span_is_ascii(line) || is_utf8(line)) {
		*out = line;
		return true;
	}
	int turn = decoder->turn ^= 1;
	if (decoder->sizes[turn] < line.length * 4 + 4) {
		char *larger = realloc(decoder->buffers[turn], line.length * 4 + 4);
		if (!larger)
			return false;
		decoder->buffers[turn] = larger;
		decoder->sizes[turn] = line.length * 4 + 4;
	}
	char *buffer = decoder->buffers[turn];
	if (decoder->page == (iconv_t)-1 && line.length < 1000)
		guess(decoder, line, buffer);
	*out = (struct span){buffer, decode(decoder->page, line, buffer, &decoder->replaced)};
	return true;
}
