/* How WMI, PowerShell and Windows' tools write numbers, logon types, states, times and references. */
#include "readers/cell.h"

#include <stdio.h>
#include <string.h>

#include "readers/words.h"

/* SECURITY_LOGON_TYPE (ntsecapi.h); 0 and 1 are of no logon that anybody made. */
static const char *const logon_types[] = {NULL, NULL, "Interactive", "Network", "Batch", "Service",
    "Proxy", "Unlock", "NetworkCleartext", "NewCredentials", "RemoteInteractive",
    "CachedInteractive", "CachedRemoteInteractive", "CachedUnlock"};
/* WTS_CONNECTSTATE_CLASS (wtsapi32.h), in the words of qwinsta. */
static const char *const states[] = {
    "Active", "Conn", "ConnQ", "Shadow", "Disc", "Idle", "Listen", "Reset", "Down", "Init"};
#define COUNT(list) ((int64_t)(sizeof(list) / sizeof *(list)))

/* ---- numbers ---- */

/* "18,204", "18.204", "1 024" with any blank: three digits behind each separator. */
static bool read_number(struct span cell, int64_t *out)
{
	char digits[32];
	size_t length = 0, group = 0;
	bool grouped = false;
	if (span_decimal(cell, out))
		return true;
	for (size_t i = 0; i < cell.length;) {
		uint32_t point;
		const size_t size = utf8_get(span_from(cell, i), &point);
		i += size;
		if (point >= '0' && point <= '9') {
			if (length == sizeof digits || (grouped && group == 3))
				return false;
			digits[length++] = (char)point;
			group++;
		} else if ((point == ',' || point == '.' || point == ' ' || point == 0xa0 ||
		               point == 0x202f || point == '\'') &&
		           length && (grouped ? group == 3 : group <= 3)) {
			grouped = true;
			group = 0;
		} else {
			return false;
		}
	}
	return (!grouped || group == 3) && span_decimal((struct span){digits, length}, out);
}

static bool read_luid(struct span cell, bool hex, uint64_t *out)
{
	int64_t value = 0;
	if (hex && span_luid(cell, ':', out))
		return true;
	if (hex) {
		if (span_starts(cell, "0x"))
			cell = span_from(cell, 2);
		while (cell.length > 1 && cell.text[0] == '0') /* libevtx writes sixteen digits */
			cell = span_from(cell, 1);
		if (cell.length > 16 || !span_hex(cell, &value))
			return false;
	} else {
		if (!span_is_digits(cell) || cell.length > 18)
			return false;
		for (size_t i = 0; i < cell.length; i++)
			value = value * 10 + (cell.text[i] - '0');
	}
	*out = (uint64_t)value;
	return true;
}

/* ---- references ---- */

/* What stands behind a key: Name = "x" of Get-CimInstance, Name="x" of Get-WmiObject, where " and \ are written as \" and \\. Empty without
 * the key. */
static struct span find_key(struct span cell, const char *key)
{
	const size_t length = strlen(key);
	for (size_t i = 0; i + length < cell.length; i++) {
		if (strncmp(cell.text + i, key, length) != 0 ||
		    (i && !strchr(".,( \"[", cell.text[i - 1])))
			continue;
		struct span rest = span_trim(span_from(cell, i + length));
		if (!rest.length || rest.text[0] != '=')
			continue;
		rest = span_trim(span_from(rest, 1));
		while (rest.length && (rest.text[0] == '"' || rest.text[0] == '\\'))
			rest = span_from(rest, 1);
		size_t end = 0;
		while (end < rest.length && !strchr("\"\\,)", rest.text[end]))
			end++;
		/* Without a mark behind it, it was cut. */
		return (struct span){rest.text, end < rest.length ? end : 0};
	}
	return (struct span){0};
}

static const char *class_of(enum cell_kind kind)
{
	return kind == CELL_REF_LUID      ? "Win32_LogonSession"
	       : kind == CELL_REF_PID     ? "Win32_Process"
	       : kind == CELL_REF_ACCOUNT ? "Account"
	                                  : NULL;
}

bool cell_may_be_empty(enum cell_kind kind)
{
	return kind == CELL_TEXT || kind == CELL_ACCOUNT || kind == CELL_LOGON_TYPE ||
	       kind == CELL_SESSION || kind == CELL_MESSAGE;
}

bool cell_may_be(struct span cell, enum cell_kind kind)
{
	const char *class = class_of(kind);
	return !class || !cell.length || span_find(cell, class) != SIZE_MAX;
}

/* WMI gives the system's own accounts the computer's name as domain, which no other source does. */
static bool is_of_system(struct span user)
{
	static const char *const names[] = {
	    "SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE", "ANONYMOUS LOGON"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (span_is(user, names[i]))
			return true;
	}
	return span_starts(user, "DWM-") || span_starts(user, "UMFD-");
}

/* ---- times ---- */

static bool read_digits(struct span text, size_t at, size_t count, int *out)
{
	int64_t value;
	if (at + count > text.length || !span_decimal((struct span){text.text + at, count}, &value))
		return false;
	*out = (int)value;
	return true;
}

/* 20260301091422.123456+060 */
static bool cim_time(struct span cell, int64_t *out)
{
	int parts[6], fraction, zone;
	static const size_t places[][2] = {{0, 4}, {4, 2}, {6, 2}, {8, 2}, {10, 2}, {12, 2}};
	if (cell.length != 25 || cell.text[14] != '.' || !strchr("+-", cell.text[21]) ||
	    !read_digits(cell, 15, 6, &fraction) || !read_digits(cell, 22, 3, &zone))
		return false;
	for (size_t i = 0; i < 6; i++) {
		if (!read_digits(cell, places[i][0], places[i][1], &parts[i]))
			return false;
	}
	char text[64];
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02d:%02d", parts[0],
	    parts[1], parts[2], parts[3], parts[4], parts[5], fraction, cell.text[21], zone / 60,
	    zone % 60);
	return timestamp_parse(text, out);
}

/* "/Date(1772355262000)/"; where JSON was not decoded, as "\/Date(...)\/". */
static bool json_time(struct span cell, int64_t *out)
{
	const size_t at = span_find(cell, "/Date(");
	int64_t milliseconds = 0;
	if (at > 1)
		return false;
	struct span digits = span_from(cell, at + strlen("/Date("));
	const char *end = digits.length ? memchr(digits.text, ')', digits.length) : NULL;
	if (!end)
		return false;
	digits.length = (size_t)(end - digits.text);
	const bool negative = digits.length && digits.text[0] == '-';
	digits = span_from(digits, negative);
	if (!span_is_digits(digits) || digits.length > 15)
		return false;
	for (size_t i = 0; i < digits.length; i++)
		milliseconds = milliseconds * 10 + (digits.text[i] - '0');
	*out = timestamp_or_unknown((negative ? -milliseconds : milliseconds) * 1000);
	return *out != TIMESTAMP_UNKNOWN;
}

/* ISO 8601, whose T may be a blank, and with one before the zone. */
static bool iso_time(struct span cell, int64_t *out)
{
	char text[64];
	size_t length = 0;
	if (cell.length < 17 || cell.length >= sizeof text || cell.text[4] != '-')
		return false;
	for (size_t i = 0; i < cell.length; i++) {
		if (cell.text[i] == ' ' && i != 10)
			continue;
		text[length++] = (char)(i == 10 ? 'T' : cell.text[i]);
	}
	text[length] = '\0';
	return timestamp_parse(text, out);
}

static bool read_unix_time(struct span cell, int64_t *out)
{
	int64_t seconds;
	if (!span_decimal(cell, &seconds))
		return false;
	*out = seconds * 1000000;
	return true;
}

bool cell_time(struct span cell, int64_t *out)
{
	return iso_time(cell, out) || cim_time(cell, out) || json_time(cell, out);
}

/* ---- fields ---- */

static bool put_text(struct reading *reading, void *item, size_t at, struct span text, bool *failed)
{
	if (at != CELL_NO_FIELD && text.length)
		*(const char **)((char *)item + at) = reading_string(reading, text, failed);
	return true;
}

static int64_t *number_at(void *item, size_t at)
{
	return (int64_t *)((char *)item + at);
}

static bool put_luid(void *item, size_t at, struct span cell, bool hex)
{
	return read_luid(cell, hex, (uint64_t *)((char *)item + at));
}

static bool put_account(struct reading *reading, void *item, size_t at, size_t also,
    struct span domain, struct span user, bool *failed)
{
	return put_text(reading, item, at, user, failed) &&
	       put_text(reading, item, also, domain, failed);
}

/* A word by number, or in any spelling. */
static bool put_word(struct reading *reading, void *item, size_t at, struct span cell,
    const char *const *words, int64_t count, bool *failed)
{
	int64_t number;
	if (span_decimal(cell, &number)) {
		if (number >= count)
			return false;
		cell = words[number] ? span_of(words[number]) : (struct span){0};
	}
	return put_text(reading, item, at, cell, failed);
}

static bool put_state(
    struct reading *reading, void *item, size_t at, struct span cell, bool *failed)
{
	const char *english = state_in_english(cell);
	if (span_is(cell, "STATE_ACTIVE"))
		english = "Active";
	else if (span_is(cell, "STATE_DISCONNECTED"))
		english = "Disc";
	return put_word(
	    reading, item, at, english ? span_of(english) : cell, states, COUNT(states), failed);
}

static bool put_time(
    struct reading *reading, void *item, size_t at, size_t also, struct span cell, bool *failed)
{
	return cell_time(cell, number_at(item, at)) || put_text(reading, item, also, cell, failed);
}

bool cell_read(struct reading *reading, struct span cell, enum cell_kind kind, void *item,
    size_t at, size_t also, bool *failed)
{
	struct span domain, user, key;
	if (!cell.length)
		return true;
	switch (kind) {
	case CELL_TEXT:
		return put_text(reading, item, at, cell, failed);
	case CELL_NUMBER:
		return read_number(cell, number_at(item, at));
	case CELL_ACCOUNT:
		account_split(cell, &domain, &user);
		return put_account(reading, item, at, also, domain, user, failed);
	case CELL_LUID_DECIMAL:
	case CELL_LUID_HEX:
		return put_luid(item, at, cell, kind == CELL_LUID_HEX);
	case CELL_LOGON_TYPE:
		return put_word(reading, item, at, cell, logon_types, COUNT(logon_types), failed);
	case CELL_STATE:
		return put_state(reading, item, at, cell, failed);
	case CELL_TIME:
		return put_time(reading, item, at, also, cell, failed);
	case CELL_UNIX_TIME:
		return read_unix_time(cell, number_at(item, at));
	case CELL_HOST:
		return put_text(reading, item, at, cell, failed);
	case CELL_REF_ACCOUNT:
		user = find_key(cell, "Name");
		domain = is_of_system(user) ? (struct span){0} : find_key(cell, "Domain");
		return user.length && cell_may_be(cell, kind) &&
		       put_account(reading, item, at, also, domain, user, failed);
	case CELL_REF_LUID:
		key = find_key(cell, "LogonId");
		return cell_may_be(cell, kind) && key.length && put_luid(item, at, key, false);
	case CELL_REF_PID:
		key = find_key(cell, "Handle");
		return cell_may_be(cell, kind) && span_decimal(key, number_at(item, at));
	case CELL_SESSION:
		return span_decimal(cell, number_at(item, at));
	case CELL_LUID_0X:
		return span_starts(cell, "0x") && put_luid(item, at, cell, true);
	case CELL_MESSAGE:
		break; /* of the whole record, not of a field */
	}
	return false;
}
