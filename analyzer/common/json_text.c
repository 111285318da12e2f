#include "common/json_text.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

/* A decimal number of so many digits comes out as it went in (DBL_DIG), and what was calculated is not written with the rest that a
 * binary fraction leaves: 1001 / 1000 is 1.001, not 1.0009999999999999. */
#define JSON_DIGITS 15

json_t *json_of_text(const char *text)
{
	json_t *value = text ? json_string(text) : json_null();
	char *safe = value ? NULL : strdup(text);
	if (safe) {
		text_make_safe(safe);
		value = json_string(safe);
	}
	free(safe);
	return value;
}

/* \uXXXX; what is beyond takes two of them (RFC 8259, section 7). */
static void write_escape(const char *text, size_t length, FILE *out)
{
	uint32_t code = (unsigned char)text[0];
	if (length > 1)
		code &= 0x7fU >> length;
	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	if (code >= 0x10000)
		fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((code - 0x10000) >> 10),
		    0xdc00 + ((code - 0x10000) & 0x3ff));
	else
		fprintf(out, "\\u%04" PRIx32, code);
}

struct target {
	FILE *out;
	int depth; /* blanks before each line that begins */
};

/* A line end is never within a string. */
static void end_line(const struct target *target)
{
	fputc('\n', target->out);
	for (int i = 0; i < target->depth; i++)
		fputc(' ', target->out);
}

/* A piece has whole characters only. */
static int write_piece(const char *piece, size_t size, void *data)
{
	const struct target *target = data;
	FILE *out = target->out;
	char text[8] = "";
	for (size_t i = 0, length; i < size; i += length) {
		size_t plain = i;
		while (plain < size && piece[plain] >= 0x20 && piece[plain] < 0x7f)
			plain++;
		length = plain - i;
		if (length) {
			fwrite(piece + i, 1, length, out);
			continue;
		}
		if (piece[i] == '\n') {
			end_line(target);
			length = 1;
			continue;
		}
		for (size_t at = 0; at < 4; at++)
			text[at] = i + at < size ? piece[i + at] : '\0';
		if ((length = text_unsafe(text))) {
			write_escape(text, length, out);
		} else {
			for (length = 1; ((unsigned char)text[length] & 0xc0) == 0x80; length++)
				;
			fwrite(text, 1, length, out);
		}
	}
	return ferror(out) ? -1 : 0;
}

static bool write_value(const json_t *value, enum json_layout layout, int depth, FILE *out)
{
	struct target target = {out, depth};
	const size_t style = layout == JSON_ON_LINES ? JSON_INDENT(1) : JSON_COMPACT;
	return value && json_dump_callback(value, write_piece, &target,
	                    style | JSON_ENCODE_ANY | JSON_REAL_PRECISION(JSON_DIGITS)) == 0;
}

bool json_write(const json_t *value, enum json_layout layout, FILE *out)
{
	return write_value(value, layout, 0, out) && fputc('\n', out) != EOF;
}

bool json_write_part(const json_t *value, int depth, FILE *out)
{
	return write_value(value, JSON_ON_LINES, depth, out);
}

char *json_to_text(const json_t *value, enum json_layout layout)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool good = out && write_value(value, layout, 0, out);
	if (out)
		good = fclose(out) == 0 && good;
	if (good)
		return text;
	free(text);
	return NULL;
}
