/* Strings of the dump: bounded, turned into UTF-8 that is safe to show, one copy of each. */
#include "dump/kernel/text.h"

#include <string.h>

#include "common/text.h"
#include "dump/little_endian.h"

#define UNITS_MOST 512 /* UTF-16 units of a name that are read; a longer one is cut */

/* Appends a code point as UTF-8. */
static size_t put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Lone surrogates become U+FFFD. Returns the length. */
static size_t to_utf8(const uint8_t *from, size_t units, char *out)
{
	size_t length = 0;
	for (size_t i = 0; i < units; i++) {
		uint32_t code = load16(from + 2 * i);
		if ((code & 0xfc00) == 0xd800 && i + 1 < units &&
		    (load16(from + 2 * i + 2) & 0xfc00) == 0xdc00) {
			code =
			    0x10000 + ((code & 0x3ff) << 10) + (load16(from + 2 * i + 2) & 0x3ff);
			i++;
		} else if ((code & 0xf800) == 0xd800) {
			code = 0xfffd;
		}
		if (code == 0)
			break;
		length += put_utf8(out + length, code);
	}
	return length;
}

/* The kept copy of a text, safe to show. */
static const char *keep(struct kernel *kernel, char *text, size_t length, bool *failed)
{
	size_t plain = 0;
	while (plain < length && text[plain] >= ' ' && text[plain] <= '~')
		plain++;
	if (plain < length) {
		text_make_safe(text);
		length = strlen(text);
	}
	const char *kept = intern_string(kernel->inside->strings, text, length);
	if (!kept)
		*failed = true;
	return kept;
}

/* The kept copy of some bytes' text; make turns bytes into text when they are new. */
static const char *recall(struct kernel *kernel, const uint8_t *bytes, size_t length,
    size_t (*make)(const uint8_t *bytes, size_t length, char *out), bool *failed)
{
	char text[UNITS_MOST * 4 + 1];
	uint64_t hash = length;
	for (size_t i = 0; i + 8 <= length; i += 8) {
		hash = (hash ^ load64(bytes + i)) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	if (length >= 4)
		hash ^= load32(bytes + length - 4) * UINT64_C(0x9e3779b97f4a7c15);
	struct recent *recent = NULL;
	if (length <= sizeof recent->bytes) {
		recent = &kernel->inside->recent[(hash ^ hash >> 32) % 256];
		if (recent->text && recent->length == length &&
		    memcmp(recent->bytes, bytes, length) == 0)
			return recent->text;
	}
	size_t made = make(bytes, length, text);
	text[made] = '\0';
	const char *kept = keep(kernel, text, made, failed);
	if (kept && recent) {
		memcpy(recent->bytes, bytes, length);
		recent->length = (uint8_t)length;
		recent->text = kept;
	}
	return kept;
}

/* What tells one kind of bytes from another is their first byte: SIDs begin with 1, which no name does. */
static size_t make_name(const uint8_t *bytes, size_t length, char *out)
{
	memcpy(out, bytes, length);
	return length;
}

/* printf() takes longer than all the rest of reading a token. */
static size_t put_decimal(char *out, uint64_t value)
{
	char digits[20];
	size_t count = 0;
	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (size_t i = 0; i < count; i++)
		out[i] = digits[count - 1 - i];
	return count;
}

static size_t make_sid(const uint8_t *sid, size_t length, char *out)
{
	uint64_t authority = 0;
	size_t used;
	(void)length;
	for (size_t i = 2; i < 8; i++)
		authority = authority << 8 | sid[i];
	memcpy(out, "S-1-", 4);
	used = 4 + put_decimal(out + 4, authority);
	for (size_t i = 0; i < sid[1]; i++) {
		out[used++] = '-';
		used += put_decimal(out + used, load32(sid + 8 + 4 * i));
	}
	return used;
}

const char *kernel_sid(struct kernel *kernel, const uint8_t *sid, size_t length, bool *failed)
{
	if (length < 8 || sid[0] != 1 || sid[1] > 15 || length < 8 + 4u * sid[1])
		return NULL;
	return recall(kernel, sid, 8 + 4u * sid[1], make_sid, failed);
}

const char *kernel_short_string(
    struct kernel *kernel, const uint8_t *bytes, size_t length, bool *failed)
{
	length = strnlen((const char *)bytes, length);
	if (length > 0 && bytes[0] == 1)
		return "?"; /* no name begins with a control character */
	return recall(kernel, bytes, length, make_name, failed);
}

const char *kernel_unicode_bytes(
    struct kernel *kernel, struct address_space *space, const uint8_t string[16], bool *failed)
{
	uint8_t buffer[UNITS_MOST * 2];
	char text[UNITS_MOST * 4 + 1];
	size_t length = load16(string);
	uint64_t address = load64(string + 8);
	struct memory_fault fault;
	if (length == 0)
		return "";
	if (length & 1) {
		kernel_damaged(kernel, THING_NAME, "the name at 0x%llx has half a character",
		    (unsigned long long)address);
		return NULL;
	}
	if (length > sizeof buffer)
		length = sizeof buffer;
	if (!address_space_read(space, address, buffer, length, &fault)) {
		kernel_miss(kernel, THING_NAME, fault.state);
		return NULL;
	}
	length = to_utf8(buffer, length / 2, text);
	text[length] = '\0';
	return keep(kernel, text, length, failed);
}

const char *kernel_unicode_string(
    struct kernel *kernel, struct address_space *space, uint64_t address, bool *failed)
{
	uint8_t string[UNICODE_STRING_SIZE];
	struct memory_fault fault;
	if (!address_space_read(space, address, string, sizeof string, &fault)) {
		kernel_miss(kernel, THING_NAME, fault.state);
		return NULL;
	}
	return kernel_unicode_bytes(kernel, space, string, failed);
}

const char *kernel_file_name(
    struct kernel *kernel, struct address_space *space, uint64_t address, bool *failed)
{
	uint8_t string[UNICODE_STRING_SIZE], buffer[UNITS_MOST * 2];
	char text[UNITS_MOST * 4 + 1];
	if (!address_space_read(space, address, string, sizeof string, NULL))
		return NULL;
	const size_t whole = load16(string) & ~(size_t)1;
	const size_t length = whole < sizeof buffer ? whole : sizeof buffer;
	if (!address_space_read(space, load64(string + 8) + (whole - length), buffer, length, NULL))
		return NULL;
	size_t first = length / 2;
	while (first > 0 && load16(buffer + 2 * (first - 1)) != '\\')
		first--;
	if (first == length / 2 || (first == 0 && length < whole))
		return NULL;
	size_t made = to_utf8(buffer + 2 * first, length / 2 - first, text);
	text[made] = '\0';
	return made ? keep(kernel, text, made, failed) : NULL;
}
