/* What WinDbg and kd print of handles, tokens and logon sessions: !handle (https://learn.microsoft.com/windows-hardware/drivers/debuggercmds/-handle),
 * !token (.../-token), and dt of _SEP_LOGON_SESSION_REFERENCES (PDB type). A token is joined with the handles to it by its address. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "readers/handle_row.h"

enum block { BLOCK_NONE, BLOCK_HANDLES, BLOCK_TOKEN, BLOCK_LOGON };

struct debugger {
	enum block block;
	int64_t pid, session_id; /* of the PROCESS that the handles are of */
	struct span image;
	char image_text[64];
	int64_t value; /* of the handle whose object comes next; -1: none */
	struct object_address {
		uint64_t address;
		size_t handle; /* its place in the snapshot */
	} * objects;
	size_t object_count;
	uint64_t token; /* whose lines follow */
	/* _SEP_LOGON_SESSION_REFERENCES */
	struct logon_structure {
		int64_t low, high, references; /* NUMBER_UNKNOWN */
		bool inside_luid, token_set;
		char user[128], domain[128];
		int64_t line;
	} logon;
};

static struct debugger *debugger_of(struct reading *reading)
{
	if (!reading->debugger && (reading->debugger = calloc(1, sizeof *reading->debugger)))
		reading->debugger->pid = reading->debugger->value = NUMBER_UNKNOWN;
	return reading->debugger;
}

static void destroy(struct reading *reading)
{
	if (reading->debugger)
		free(reading->debugger->objects);
	free(reading->debugger);
	reading->debugger = NULL;
}

/* "ffffd086`29270010", "0xffffd086`29270010 Void", "0n1", "0x1a". */
static bool read_value(struct span text, uint64_t *out)
{
	char digits[24];
	size_t length = 0;
	int64_t decimal;
	text = span_trim(text);
	if (span_starts(text, "0n")) {
		text = span_from(text, 2);
		size_t end = 0;
		while (end < text.length && text.text[end] >= '0' && text.text[end] <= '9')
			end++;
		text.length = end;
		if (!span_decimal(text, &decimal))
			return false;
		*out = (uint64_t)decimal;
		return true;
	}
	if (span_starts(text, "0x"))
		text = span_from(text, 2);
	for (size_t i = 0; i < text.length && !strchr(" .,)", text.text[i]); i++) {
		if (text.text[i] == '`')
			continue;
		if (length == sizeof digits - 1 || !strchr("0123456789abcdefABCDEF", text.text[i]))
			return false;
		digits[length++] = text.text[i];
	}
	digits[length] = '\0';
	*out = length && length <= 16 ? strtoull(digits, NULL, 16) : 0;
	return length && length <= 16;
}

/* What stands behind the label. */
static bool behind(struct span line, const char *label, struct span *out)
{
	const size_t at = span_find(line, label);
	if (at == SIZE_MAX)
		return false;
	*out = span_trim(span_from(line, at + strlen(label)));
	return true;
}

/* ---- !handle ---- */

static struct span words_first(struct span text)
{
	size_t length = 0;
	while (length < text.length && text.text[length] != ' ')
		length++;
	return (struct span){text.text, length};
}

static void keep_image(struct debugger *debugger, struct span image)
{
	if (image.length > sizeof debugger->image_text)
		image.length = 0;
	if (image.length)
		memcpy(debugger->image_text, image.text, image.length);
	debugger->image = (struct span){debugger->image_text, image.length};
}

static enum taken take_object(struct reading *reading, struct span address, struct span type)
{
	struct debugger *debugger = reading->debugger;
	const char *end = type.length ? memchr(type.text, ')', type.length) : NULL;
	uint64_t at;
	if (debugger->value == NUMBER_UNKNOWN || debugger->pid == NUMBER_UNKNOWN || !end ||
	    !read_value(address, &at))
		return TAKEN_NOT;
	const struct span name = span_trim(span_from(type, (size_t)(end - type.text) + 1));
	const size_t count = reading->snapshot->handle_count;
	struct handle_row row = {
	    .process = handle_row_process(reading, debugger->pid, debugger->image),
	    .value = debugger->value,
	    .type = name,
	    .user = span_of(""),
	    .name = span_of("")};
	if (!row.process)
		return TAKEN_FAILED;
	row.process->session_id = debugger->session_id; /* "none" is unknown */
	/* What was asked for is of one process, or of one type. */
	reading->handles->all_types = reading->handles->narrowed = true;
	debugger->value = NUMBER_UNKNOWN;
	const enum taken taken = handle_row_take(reading, &row);
	if (taken != TAKEN_ROW || reading->snapshot->handle_count == count)
		return taken;
	if (!array_reserve(&debugger->objects, debugger->object_count, sizeof *debugger->objects))
		return TAKEN_FAILED;
	debugger->objects[debugger->object_count++] = (struct object_address){at, count};
	return taken;
}

/* "048c: Object: ffff9a05aaaaa060  GrantedAccess: ..." */
static bool take_value(struct debugger *debugger, struct span line)
{
	const size_t colon = span_find(line, ": Object: ");
	return colon != SIZE_MAX && colon <= 8 &&
	       span_hex((struct span){line.text, colon}, &debugger->value);
}

static enum taken take_handles(struct reading *reading, struct span line)
{
	static const char *const frames[] = {"Searching for handles",
	    "DirBase:", "Kernel handle table", "Handle table at",
	    "ObjectHeader:", "HandleCount:", "PointerCount:", "Directory Object:"};
	struct debugger *debugger = reading->debugger;
	struct span value, type;
	if (span_starts(line, "PROCESS ")) {
		debugger->pid = debugger->value = NUMBER_UNKNOWN;
		debugger->image.length = 0;
		return TAKEN_FRAME;
	}
	if (span_starts(line, "SessionId:") && behind(line, "Cid: ", &value)) {
		uint64_t pid;
		debugger->session_id = NUMBER_UNKNOWN;
		span_decimal(words_first(span_trim(span_from(line, strlen("SessionId:")))),
		    &debugger->session_id);
		debugger->pid = read_value(value, &pid) ? (int64_t)pid : NUMBER_UNKNOWN;
		return TAKEN_FRAME;
	}
	if (span_starts(line, "Image:")) {
		keep_image(debugger, span_trim(span_from(line, strlen("Image:"))));
		return TAKEN_FRAME;
	}
	if (take_value(debugger, line))
		return TAKEN_FRAME;
	if (span_starts(line, "Object: ") && behind(line, "Type: (", &type))
		return take_object(reading, span_from(line, strlen("Object: ")), type);
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		if (span_starts(line, frames[i]))
			return TAKEN_FRAME;
	}
	return TAKEN_NOT;
}

/* ---- !token ---- */

/* "Authentication ID:         (0,1a2b3c)" */
static bool read_pair(struct span text, uint64_t *out)
{
	const char *comma = text.length ? memchr(text.text, ',', text.length) : NULL;
	uint64_t high, low;
	if (!comma || text.text[0] != '(' ||
	    !read_value((struct span){text.text + 1, (size_t)(comma - text.text) - 1}, &high) ||
	    !read_value(span_from(text, (size_t)(comma - text.text) + 1), &low))
		return false;
	*out = high << 32 | low;
	return true;
}

static enum taken take_token(struct reading *reading, struct span line)
{
	const struct debugger *debugger = reading->debugger;
	struct span value;
	uint64_t luid = LUID_UNKNOWN, number = 0;
	int64_t id = NUMBER_UNKNOWN, session = NUMBER_UNKNOWN;
	bool any = false;
	if (behind(line, "Authentication ID:", &value) && !read_pair(value, &luid))
		return TAKEN_NOT;
	if (span_starts(line, "TS Session ID:") && behind(line, "ID:", &value) &&
	    read_value(value, &number)) /* "none" is unknown */
		session = (int64_t)number;
	if (span_starts(line, "Token ID:") && behind(line, "ID:", &value) &&
	    read_value(value, &number))
		id = (int64_t)number;
	if (luid == LUID_UNKNOWN && id == NUMBER_UNKNOWN && session == NUMBER_UNKNOWN)
		return TAKEN_FRAME; /* groups, privileges and the like */
	for (size_t i = 0; i < debugger->object_count; i++) {
		if (debugger->objects[i].address != debugger->token)
			continue;
		struct handle *handle = &reading->snapshot->handles[debugger->objects[i].handle];
		any = true;
		if (luid != LUID_UNKNOWN)
			handle->luid = luid;
		if (id != NUMBER_UNKNOWN)
			handle->token_id = id;
		if (session != NUMBER_UNKNOWN)
			handle->session_id = session;
	}
	return any ? TAKEN_ROW : TAKEN_NOT; /* nobody in the text holds it */
}

/* ---- dt ---- */

static bool take_name(struct span line, const char *label, char *out, size_t size)
{
	struct span value;
	const char *quote = NULL;
	if (!behind(line, label, &value) ||
	    !(quote = value.length ? memchr(value.text, '"', value.length) : NULL))
		return false;
	struct span name = span_from(value, (size_t)(quote - value.text) + 1);
	const char *end = name.length ? memchr(name.text, '"', name.length) : NULL;
	if (!end)
		return false;
	snprintf(out, size, "%.*s", (int)(end - name.text), name.text);
	return true;
}

static void read_number(struct span line, const char *label, int64_t *out)
{
	struct span value;
	uint64_t number;
	if (behind(line, label, &value) && *value.text == ':' &&
	    read_value(span_from(value, 1), &number) && number <= INT64_MAX)
		*out = (int64_t)number;
}

static enum taken take_logon(struct reading *reading, struct span line)
{
	struct logon_structure *logon = &reading->debugger->logon;
	struct span value;
	uint64_t number;
	/* The type's name, where an address was given before it. */
	if (span_starts(line, "nt!_SEP_LOGON_SESSION_REFERENCES"))
		return TAKEN_FRAME;
	if (!span_starts(line, "+0x"))
		return TAKEN_NOT;
	if (behind(line, "LogonId ", &value) && span_find(line, "BuddyLogonId") == SIZE_MAX)
		logon->inside_luid = true;
	else if (span_find(line, "Part ") == SIZE_MAX)
		logon->inside_luid = false;
	if (logon->inside_luid) {
		read_number(line, "LowPart ", &logon->low);
		read_number(line, "HighPart ", &logon->high);
	}
	read_number(line, "ReferenceCount ", &logon->references);
	if (behind(line, " Token ", &value) && *value.text == ':' &&
	    read_value(span_from(value, 1), &number))
		logon->token_set = number != 0;
	take_name(line, "AccountName ", logon->user, sizeof logon->user);
	take_name(line, "AuthorityName ", logon->domain, sizeof logon->domain);
	return TAKEN_FRAME;
}

/* What one reference is of: the session's own Token field counts as one (leaks of it that lsass had handles to are known, too). */
static bool note_logon(struct reading *reading, const struct logon_structure *logon)
{
	char which[64] = "its LUID is not shown, dt -r shows it";
	if (logon->low != NUMBER_UNKNOWN)
		snprintf(which, sizeof which, "LUID %llx:%llx",
		    (long long)(logon->high > 0 ? logon->high : 0), (long long)logon->low);
	if (logon->references == 1 && logon->token_set)
		return snapshot_add_note(reading->snapshot,
		    "the logon session of %s\\%s (%s) has one reference, that of its own token: no other token is left. If no "
		    "process has a handle to this one (lsass may), the kernel alone keeps it",
		    logon->domain, logon->user, which);
	return snapshot_add_note(reading->snapshot,
	    "the logon session of %s\\%s (%s) has %lld reference%s: handles and other tokens may be among them",
	    logon->domain, logon->user, which, (long long)logon->references,
	    logon->references == 1 ? "" : "s");
}

/* The structure is over: a logon session, if its LUID was printed. */
static bool end_logon(struct reading *reading)
{
	struct logon_structure *logon = &reading->debugger->logon;
	if (reading->debugger->block != BLOCK_LOGON)
		return true;
	reading->debugger->block = BLOCK_NONE;
	if (logon->references == NUMBER_UNKNOWN || !*logon->user)
		return snapshot_add_unread(reading->snapshot, reading->origin, logon->line,
		    "_SEP_LOGON_SESSION_REFERENCES", strlen("_SEP_LOGON_SESSION_REFERENCES"));
	reading->snapshot->rows++;
	if (!note_logon(reading, logon))
		return false;
	if (logon->low == NUMBER_UNKNOWN)
		return true;
	struct logon_session *row = snapshot_add_logon_session(reading->snapshot);
	bool failed = false;
	if (!row)
		return false;
	row->luid = (uint64_t)(logon->high > 0 ? logon->high : 0) << 32 | (uint64_t)logon->low;
	row->user = reading_string(reading, span_of(logon->user), &failed);
	row->domain = reading_string(reading, span_of(logon->domain), &failed);
	return !failed;
}

/* ---- the text ---- */

/* "0: kd> !handle 0 3 ffffb60f12345080 Token", "lkd> !token ...", or what they print first. */
static enum block block_of(struct span line, struct span *argument)
{
	const size_t prompt = span_find(line, "kd> ");
	*argument = (struct span){0};
	if (prompt != SIZE_MAX && prompt < 8)
		line = span_trim(span_from(line, prompt + strlen("kd> ")));
	else if (!span_starts(line, "PROCESS ffff") && !span_starts(line, "_TOKEN 0x"))
		return BLOCK_NONE;
	if (span_starts(line, "!handle") || span_starts(line, "PROCESS ffff"))
		return BLOCK_HANDLES;
	if (span_starts(line, "!token") || span_starts(line, "_TOKEN 0x")) {
		*argument = span_trim(span_from(line, strlen("_TOKEN")));
		if (argument->length && *argument->text == ' ')
			*argument = span_trim(*argument);
		return BLOCK_TOKEN;
	}
	if (span_starts(line, "dt ") &&
	    span_find(line, "_SEP_LOGON_SESSION_REFERENCES") != SIZE_MAX)
		return BLOCK_LOGON;
	return BLOCK_NONE;
}

static bool begins(struct reading *reading, struct span line)
{
	struct span argument;
	line = span_trim(line);
	const enum block block = block_of(line, &argument);
	if (block == BLOCK_NONE || !debugger_of(reading))
		return false;
	struct debugger *debugger = reading->debugger;
	if (!end_logon(reading))
		return false;
	debugger->block = block;
	if (block == BLOCK_TOKEN && argument.length && !read_value(argument, &debugger->token))
		debugger->token = 0;
	if (block == BLOCK_LOGON)
		debugger->logon = (struct logon_structure){.low = NUMBER_UNKNOWN,
		    .high = NUMBER_UNKNOWN,
		    .references = NUMBER_UNKNOWN,
		    .line = reading->line};
	return true;
}

static enum taken take(struct reading *reading, struct span line)
{
	struct debugger *debugger = reading->debugger;
	struct span argument;
	line = span_trim(line);
	if (block_of(line, &argument) != BLOCK_NONE && !span_starts(line, "PROCESS "))
		return TAKEN_NOT; /* another begins */
	switch (debugger->block) {
	case BLOCK_HANDLES:
		return take_handles(reading, line);
	case BLOCK_TOKEN:
		return take_token(reading, line);
	case BLOCK_LOGON:
		return take_logon(reading, line);
	case BLOCK_NONE:
		break;
	}
	return TAKEN_NOT;
}

static bool ends(struct reading *reading)
{
	const bool good = !reading->debugger || end_logon(reading);
	if (reading->debugger && reading->debugger->block == BLOCK_TOKEN)
		reading->debugger->block = BLOCK_NONE;
	return good;
}

const struct line_format format_windbg = {
    .name = "WinDbg",
    .section = &section_handles,
    .begins = begins,
    .take = take,
    .ends = ends,
    .destroy = destroy,
};
