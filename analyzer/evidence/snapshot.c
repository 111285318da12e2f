/* How a snapshot's records are kept: arrays that grow, and one pool for all strings. */
#include "evidence/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"

const char *const list_end_words[LIST_END_COUNT] = {
    [LIST_END_OPEN] = "open",
    [LIST_END_LINE] = "line",
    [LIST_END_BLANK] = "blank",
    [LIST_END_PROMPT] = "prompt",
};

const char *const extent_words[EXTENT_COUNT] = {
    [EXTENT_ABSENT] = "absent",
    [EXTENT_CUT_OFF] = "cut off",
    [EXTENT_PARTIAL] = "partial",
    [EXTENT_WHOLE] = "whole",
};

RECORD_DEFINE(session, SESSION_FIELDS)
RECORD_DEFINE(logon_session, LOGON_SESSION_FIELDS)
RECORD_DEFINE(handle, HANDLE_FIELDS)
RECORD_DEFINE(process, PROCESS_FIELDS)
RECORD_DEFINE(handle_type, HANDLE_TYPE_FIELDS)
RECORD_DEFINE(session_object, SESSION_OBJECT_FIELDS)
RECORD_DEFINE(log_event, EVENT_FIELDS)
RECORD_DEFINE(counter_point, COUNTER_POINT_FIELDS)
RECORD_DEFINE(counter, COUNTER_FIELDS)
RECORD_DEFINE(searched, SEARCHED_FIELDS)
RECORD_DEFINE(sight, SIGHT_FIELDS)
RECORD_DEFINE(unread, UNREAD_FIELDS)
RECORD_DEFINE(contradiction, CONTRADICTION_FIELDS)
RECORD_DEFINE(note, NOTE_FIELDS)
RECORD_DEFINE(snapshot, SNAPSHOT_FIELDS)

struct snapshot *snapshot_create(void)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);
	if (!snapshot)
		return NULL;
	record_clear(&snapshot_record, snapshot);
	snapshot->intern = intern_create();
	if (snapshot->intern)
		return snapshot;
	free(snapshot);
	return NULL;
}

void snapshot_destroy(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	record_deinit(&snapshot_record, snapshot);
	intern_destroy(snapshot->intern);
	free(snapshot);
}

const char *snapshot_string(struct snapshot *snapshot, const char *text, size_t length)
{
	return intern_string(snapshot->intern, text, length);
}

/* Sets a text of a record to the snapshot's copy; NULL is left alone. False: memory is out. */
static bool keep(struct snapshot *snapshot, const char **out, const char *text)
{
	if (text)
		*out = snapshot_string(snapshot, text, strlen(text));
	return !text || *out;
}

/* Adds to one of the snapshot's lists. */
static void *add(struct snapshot *snapshot, size_t at)
{
	FIELD_EACH(field, &snapshot_record)
	{
		if (field->kind == FIELD_LIST && field->at == at)
			return field_add(snapshot, field);
	}
	return NULL;
}
#define ADD(snapshot, list) add(snapshot, offsetof(struct snapshot, list))

struct session *snapshot_add_session(struct snapshot *snapshot)
{
	return ADD(snapshot, sessions);
}

struct logon_session *snapshot_add_logon_session(struct snapshot *snapshot)
{
	return ADD(snapshot, logon_sessions);
}

struct handle *snapshot_add_handle(struct snapshot *snapshot)
{
	return ADD(snapshot, handles);
}

struct process *snapshot_add_process(struct snapshot *snapshot)
{
	return ADD(snapshot, processes);
}

struct handle_type *snapshot_add_handle_type(struct snapshot *snapshot)
{
	return ADD(snapshot, handle_types);
}

struct log_event *snapshot_add_event(struct snapshot *snapshot)
{
	return ADD(snapshot, log_events);
}

struct counter *snapshot_add_counter(struct snapshot *snapshot)
{
	return ADD(snapshot, counters);
}

bool snapshot_add_unread(
    struct snapshot *snapshot, const char *origin, int64_t line, const char *text, size_t length)
{
	snapshot->rows++;
	snapshot->rows_left++;
	if (snapshot->unread_count >= SNAPSHOT_NOTES_MOST)
		return true;
	struct unread *unread = ADD(snapshot, unread);
	if (!unread)
		return false;
	unread->line = line;
	unread->text = snapshot_string(snapshot, text, length);
	return unread->text && keep(snapshot, &unread->origin, origin);
}

/* Of a text that was cut: the last character of UTF-8 that has several bytes at its end, as it may not be whole. */
static void drop_part_of_character(char *text)
{
	size_t end = strlen(text);
	while (end > 0 && ((unsigned char)text[end - 1] & 0xc0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)text[end - 1] >= 0xc0)
		text[end - 1] = '\0';
}

static bool print_text(
    struct snapshot *snapshot, const char **out, const char *format, va_list arguments)
{
	char text[512];
	if (vsnprintf(text, sizeof text, format, arguments) >= (int)sizeof text)
		drop_part_of_character(text);
	return keep(snapshot, out, text);
}

bool snapshot_add_contradiction(struct snapshot *snapshot, const char *format, ...)
{
	va_list arguments;
	snapshot->contradiction_total++;
	if (snapshot->contradiction_count >= SNAPSHOT_NOTES_MOST)
		return true;
	struct contradiction *contradiction = ADD(snapshot, contradictions);
	if (!contradiction)
		return false;
	va_start(arguments, format);
	const bool good = print_text(snapshot, &contradiction->text, format, arguments);
	va_end(arguments);
	return good;
}

bool snapshot_add_note(struct snapshot *snapshot, const char *format, ...)
{
	va_list arguments;
	if (snapshot->note_count >= SNAPSHOT_NOTES_MOST)
		return true;
	struct note *note = ADD(snapshot, notes);
	if (!note)
		return false;
	va_start(arguments, format);
	const bool good = print_text(snapshot, &note->text, format, arguments);
	va_end(arguments);
	return good;
}

const struct sight *snapshot_sight_of(const struct snapshot *snapshot, const char *section)
{
	for (size_t i = 0; i < snapshot->sight_count; i++) {
		if (snapshot->sights[i].section &&
		    strcmp(snapshot->sights[i].section, section) == 0)
			return &snapshot->sights[i];
	}
	return NULL;
}

struct sight *snapshot_sight(struct snapshot *snapshot, const char *section)
{
	struct sight *sight = (struct sight *)snapshot_sight_of(snapshot, section);
	if (sight || !(sight = ADD(snapshot, sights)))
		return sight;
	return keep(snapshot, &sight->section, section) ? sight : NULL;
}

bool snapshot_see(
    struct snapshot *snapshot, const char *section, enum extent extent, const char *why)
{
	struct sight *sight = snapshot_sight(snapshot, section);
	if (!sight)
		return false;
	if (sight->extent != EXTENT_UNKNOWN && sight->extent <= extent)
		return sight->why || keep(snapshot, &sight->why, why);
	sight->extent = extent;
	return keep(snapshot, &sight->why, why);
}

static const struct {
	const char *name;
	size_t count_at;
} sections[] = {
    {SECTION_SESSIONS, offsetof(struct snapshot, session_count)},
    {SECTION_LOGON_SESSIONS, offsetof(struct snapshot, logon_session_count)},
    {SECTION_HANDLES, offsetof(struct snapshot, handle_count)},
    {SECTION_PROCESSES, offsetof(struct snapshot, process_count)},
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static int64_t rows_of(const struct snapshot *snapshot, size_t section)
{
	return (int64_t) * (const size_t *)((const char *)snapshot + sections[section].count_at);
}

bool snapshot_see_all(struct snapshot *snapshot)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		struct sight *sight = NULL;
		if (!snapshot_see(snapshot, sections[i].name, EXTENT_WHOLE, NULL) ||
		    !(sight = snapshot_sight(snapshot, sections[i].name)))
			return false;
		sight->rows = rows_of(snapshot, i);
	}
	return true;
}

bool snapshot_check_rows(struct snapshot *snapshot)
{
	char why[96];
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		const struct sight *sight = snapshot_sight_of(snapshot, sections[i].name);
		if (!sight || sight->rows == NUMBER_UNKNOWN || sight->rows == rows_of(snapshot, i))
			continue;
		snprintf(why, sizeof why, "it has %lld rows, where its observer counted %lld",
		    (long long)rows_of(snapshot, i), (long long)sight->rows);
		if (!snapshot_see(snapshot, sections[i].name, EXTENT_CUT_OFF, why))
			return false;
	}
	return true;
}

bool sight_add_searched(struct sight *sight, uint64_t luid)
{
	FIELD_EACH(field, &sight_record)
	{
		if (field->of != &searched_record)
			continue;
		struct searched *searched = field_add(sight, field);
		if (searched)
			searched->luid = luid;
		return searched;
	}
	return false;
}

enum extent snapshot_extent(const struct snapshot *snapshot, const char *section)
{
	const struct sight *sight = snapshot_sight_of(snapshot, section);
	return sight && sight->extent != EXTENT_UNKNOWN ? sight->extent : EXTENT_ABSENT;
}

bool snapshot_has(const struct snapshot *snapshot, const char *section)
{
	return snapshot_extent(snapshot, section) != EXTENT_ABSENT;
}

bool snapshot_whole(const struct snapshot *snapshot, const char *section)
{
	return snapshot_extent(snapshot, section) == EXTENT_WHOLE && snapshot->elevated != NO;
}

bool snapshot_shows_token_sessions(const struct snapshot *snapshot)
{
	return snapshot_whole(snapshot, SECTION_HANDLES) &&
	       !snapshot_sight_of(snapshot, FACT_TOKEN_SESSIONS);
}

const char *snapshot_why_not_whole(const struct snapshot *snapshot, const char *section)
{
	const struct sight *sight = snapshot_sight_of(snapshot, section);
	if (sight && sight->why)
		return sight->why;
	if (snapshot->elevated == NO)
		return "the observer was not elevated";
	return "nothing says how much of it was seen";
}

bool session_is_listener(const struct session *session)
{
	return session->id >= SESSION_ID_LISTENERS ||
	       (session->state && strcmp(session->state, "Listen") == 0);
}

bool snapshot_is_of_dump(const struct snapshot *snapshot)
{
	return snapshot->source && strcmp(snapshot->source, SNAPSHOT_OF_DUMP) == 0;
}

char *luid_format(uint64_t luid, char out[LUID_TEXT])
{
	snprintf(
	    out, LUID_TEXT, "%08x:%08x", (unsigned)(luid >> 32), (unsigned)(luid & UINT32_MAX));
	return out;
}

/* Reads up to eight hex digits, with or without 0x before them, and moves on. */
static bool read_hex(const char **text, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = *text;
	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
		at += 2;
	uint32_t value = 0;
	int count = 0;
	for (; *at && count <= 8; at++, count++) {
		const char *digit =
		    strchr(digits, *at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);
		if (!digit)
			break;
		value = value << 4 | (uint32_t)(digit - digits);
	}
	if (count < 1 || count > 8)
		return false;
	*text = at;
	*out = value;
	return true;
}

bool luid_parse(const char *text, uint64_t *out)
{
	uint32_t high = 0, low;
	if (!read_hex(&text, &low))
		return false;
	if (*text == ':') {
		text++;
		high = low;
		if (!read_hex(&text, &low))
			return false;
	}
	if (*text)
		return false;
	const uint64_t luid = (uint64_t)high << 32 | low;
	if (luid == LUID_UNKNOWN)
		return false;
	*out = luid;
	return true;
}
