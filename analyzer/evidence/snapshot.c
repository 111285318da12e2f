/* How a snapshot's records are kept: arrays that grow, and one pool for all strings. */
#include "evidence/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"

struct snapshot *snapshot_create(void)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);
	if (!snapshot)
		return NULL;
	snapshot->intern = intern_create();
	if (!snapshot->intern) {
		free(snapshot);
		return NULL;
	}
	snapshot->boot_time = TIMESTAMP_UNKNOWN;
	snapshot->time = TIMESTAMP_UNKNOWN;
	snapshot->elevated = YES_NO_UNKNOWN;
	snapshot->leak_tracking = YES_NO_UNKNOWN;
	snapshot->token_objects = NUMBER_UNKNOWN;
	snapshot->token_objects_accounted = NUMBER_UNKNOWN;
	return snapshot;
}

void snapshot_destroy(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	free(snapshot->sessions);
	free(snapshot->logon_sessions);
	free(snapshot->handles);
	free(snapshot->processes);
	free(snapshot->unavailable);
	free(snapshot->handle_types);
	free(snapshot->searched);
	free(snapshot->unread);
	free(snapshot->contradictions);
	intern_destroy(snapshot->intern);
	free(snapshot);
}

const char *snapshot_string(struct snapshot *snapshot, const char *text, size_t length)
{
	return intern_string(snapshot->intern, text, length);
}

/* Makes room for one more record. The arrays double when their count is a power of two (8 and up), so that no
 * capacity has to be kept; after a section has shrunk, the next doubling is merely early. */
static bool reserve(void **items, size_t count, size_t size)
{
	if (count & (count - 1) || (count > 0 && count < 8))
		return true;
	size_t capacity = count ? count * 2 : 8;
	if (capacity > SIZE_MAX / size)
		return false;
	void *larger = realloc(*items, capacity * size);
	if (!larger)
		return false;
	*items = larger;
	return true;
}

struct session *snapshot_add_session(struct snapshot *snapshot)
{
	void *items = snapshot->sessions;
	if (!reserve(&items, snapshot->session_count, sizeof *snapshot->sessions))
		return NULL;
	snapshot->sessions = items;
	struct session *session = &snapshot->sessions[snapshot->session_count++];
	*session = (struct session){.id = NUMBER_UNKNOWN};
	return session;
}

struct logon_session *snapshot_add_logon_session(struct snapshot *snapshot)
{
	void *items = snapshot->logon_sessions;
	if (!reserve(&items, snapshot->logon_session_count, sizeof *snapshot->logon_sessions))
		return NULL;
	snapshot->logon_sessions = items;
	struct logon_session *logon = &snapshot->logon_sessions[snapshot->logon_session_count++];
	*logon =
	    (struct logon_session){.session_id = NUMBER_UNKNOWN, .logon_time = TIMESTAMP_UNKNOWN};
	return logon;
}

struct handle *snapshot_add_handle(struct snapshot *snapshot)
{
	void *items = snapshot->handles;
	if (!reserve(&items, snapshot->handle_count, sizeof *snapshot->handles))
		return NULL;
	snapshot->handles = items;
	struct handle *handle = &snapshot->handles[snapshot->handle_count++];
	*handle = (struct handle){
	    .pid = NUMBER_UNKNOWN,
	    .value = NUMBER_UNKNOWN,
	    .token_id = NUMBER_UNKNOWN,
	    .session_id = NUMBER_UNKNOWN,
	};
	return handle;
}

struct process *snapshot_add_process(struct snapshot *snapshot)
{
	void *items = snapshot->processes;
	if (!reserve(&items, snapshot->process_count, sizeof *snapshot->processes))
		return NULL;
	snapshot->processes = items;
	struct process *process = &snapshot->processes[snapshot->process_count++];
	*process = (struct process){
	    .pid = NUMBER_UNKNOWN,
	    .session_id = NUMBER_UNKNOWN,
	    .handle_count = NUMBER_UNKNOWN,
	    .handles_listed = NUMBER_UNKNOWN,
	};
	return process;
}

bool snapshot_add_unavailable(struct snapshot *snapshot, const char *what, const char *why)
{
	void *items = snapshot->unavailable;
	if (!reserve(&items, snapshot->unavailable_count, sizeof *snapshot->unavailable))
		return false;
	snapshot->unavailable = items;
	struct unavailable unavailable = {
	    .what = intern_string(snapshot->intern, what, strlen(what)),
	    .why = why ? intern_string(snapshot->intern, why, strlen(why)) : NULL,
	};
	if (!unavailable.what || (why && !unavailable.why))
		return false;
	snapshot->unavailable[snapshot->unavailable_count++] = unavailable;
	return true;
}

struct handle_type *snapshot_add_handle_type(struct snapshot *snapshot)
{
	void *items = snapshot->handle_types;
	if (!reserve(&items, snapshot->handle_type_count, sizeof *snapshot->handle_types))
		return NULL;
	snapshot->handle_types = items;
	struct handle_type *type = &snapshot->handle_types[snapshot->handle_type_count++];
	*type = (struct handle_type){.count = NUMBER_UNKNOWN};
	return type;
}

bool snapshot_add_searched(struct snapshot *snapshot, uint64_t luid)
{
	void *items = snapshot->searched;
	if (!reserve(&items, snapshot->searched_count, sizeof *snapshot->searched))
		return false;
	snapshot->searched = items;
	snapshot->searched[snapshot->searched_count++] = luid;
	return true;
}

bool snapshot_add_unread(
    struct snapshot *snapshot, const char *origin, int64_t line, const char *text, size_t length)
{
	void *items = snapshot->unread;
	snapshot->rows++;
	snapshot->rows_left++;
	if (snapshot->unread_count >= SNAPSHOT_NOTES_MOST)
		return true;
	if (!reserve(&items, snapshot->unread_count, sizeof *snapshot->unread))
		return false;
	snapshot->unread = items;
	struct unread unread = {
	    .origin = origin ? intern_string(snapshot->intern, origin, strlen(origin)) : NULL,
	    .line = line,
	    .text = intern_string(snapshot->intern, text, length),
	};
	if (!unread.text || (origin && !unread.origin))
		return false;
	snapshot->unread[snapshot->unread_count++] = unread;
	return true;
}

bool snapshot_add_contradiction(struct snapshot *snapshot, const char *format, ...)
{
	char text[512];
	void *items = snapshot->contradictions;
	snapshot->contradiction_total++;
	if (snapshot->contradiction_count >= SNAPSHOT_NOTES_MOST)
		return true;
	if (!reserve(&items, snapshot->contradiction_count, sizeof *snapshot->contradictions))
		return false;
	snapshot->contradictions = items;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	const char *own = intern_string(snapshot->intern, text, strlen(text));
	if (own)
		snapshot->contradictions[snapshot->contradiction_count++] = own;
	return own;
}

const char *const list_end_names[LIST_END_COUNT] = {
    [LIST_END_OPEN] = "open",
    [LIST_END_LINE] = "line",
    [LIST_END_BLANK] = "blank",
    [LIST_END_PROMPT] = "prompt",
};

bool session_is_listener(const struct session *session)
{
	return session->id >= SESSION_ID_LISTENERS ||
	       (session->state && strcmp(session->state, "Listen") == 0);
}

bool snapshot_has(const struct snapshot *snapshot, const char *what)
{
	for (size_t i = 0; i < snapshot->unavailable_count; i++) {
		if (strcmp(snapshot->unavailable[i].what, what) == 0)
			return false;
	}
	return true;
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
	*out = (uint64_t)high << 32 | low;
	return true;
}
