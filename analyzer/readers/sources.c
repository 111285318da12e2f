/* The sources: which columns tell which fields of evidence. What is not listed is ignored. */
#include "readers/source.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

#include "readers/event_message.h"
#include "readers/hosts.h"
#include "readers/table.h"
#include "readers/targets.h"

#define NEED(names, kind, record, field)                                                           \
	{                                                                                          \
		names, CELL_##kind, true, offsetof(struct record, field), CELL_NO_FIELD            \
	}
#define OPT(names, kind, record, field)                                                            \
	{                                                                                          \
		names, CELL_##kind, false, offsetof(struct record, field), CELL_NO_FIELD           \
	}
#define NEED_BOTH(names, kind, record, field, other)                                               \
	{                                                                                          \
		names, CELL_##kind, true, offsetof(struct record, field),                          \
		    offsetof(struct record, other)                                                 \
	}
#define OPT_BOTH(names, kind, record, field, other)                                                \
	{                                                                                          \
		names, CELL_##kind, false, offsetof(struct record, field),                         \
		    offsetof(struct record, other)                                                 \
	}
#define HOST(names)                                                                                \
	{                                                                                          \
		names, CELL_HOST, false, CELL_NO_FIELD, CELL_NO_FIELD                              \
	}

/* Whose rows they are, as Get-CimInstance, Get-WmiObject, wmic /node and Invoke-Command name it. */
#define HOST_NAMES "PSComputerName|Node|CSName|SystemName|__SERVER|MachineName|Computer"
#define ANY_HOST HOST(HOST_NAMES)
#define EVENT_HOST                                                                                 \
	{                                                                                          \
		HOST_NAMES, CELL_HOST, false, offsetof(struct log_event, host), CELL_NO_FIELD      \
	}

/* An event's own columns. */
#define PROVIDER "Provider.Name|ProviderName|Channel|LogName"
#define EVENT                                                                                      \
	NEED("EventID|Id", NUMBER, log_event, number),                                             \
	    NEED_BOTH("TimeCreated.SystemTime|TimeCreated|TimeGenerated|Date and Time", TIME,      \
	        log_event, logged, logged_text)
#define EVENT_OPTIONS(provider)                                                                    \
	OPT("EventRecordID|RecordId|Index", NUMBER, log_event, record),                            \
	    OPT(provider, TEXT, log_event, log), EVENT_HOST
#define OPT_DISCONNECT                                                                             \
	OPT("TargetSession|Session", SESSION, log_event, session_id),                              \
	    OPT("Source", SESSION, log_event, by_session),                                         \
	    OPT("Reason", SESSION, log_event, reason)
#define LOGON                                                                                      \
	OPT("LogonType", LOGON_TYPE, log_event, logon_type),                                       \
	    OPT("TargetUserName", TEXT, log_event, user),                                          \
	    OPT("TargetDomainName", TEXT, log_event, domain),                                      \
	    OPT("LogonProcessName", TEXT, log_event, logon_process),                               \
	    OPT("AuthenticationPackageName", TEXT, log_event, auth_package),                       \
	    OPT("TargetLinkedLogonId", LUID_0X, log_event, linked_luid)

const struct source sources[] = {
    /* https://learn.microsoft.com/windows/win32/cimwin32prov/win32-logonsession: neither account nor session ID. */
    {"Win32_LogonSession", &target_logons,
        {NEED("LogonId", LUID_DECIMAL, logon_session, luid),
            NEED("LogonType", LOGON_TYPE, logon_session, logon_type),
            OPT("AuthenticationPackage", TEXT, logon_session, auth_package),
            OPT_BOTH("StartTime", TIME, logon_session, logon_time, logon_time_text), ANY_HOST}},
    /* .../win32-loggedonuser */
    {"Win32_LoggedOnUser", &target_logons,
        {NEED_BOTH("Antecedent", REF_ACCOUNT, logon_session, user, domain),
            NEED("Dependent", REF_LUID, logon_session, luid), ANY_HOST}},
    /* .../win32-sessionprocess */
    {"Win32_SessionProcess", &target_logon_processes,
        {NEED("Antecedent", REF_LUID, process, luid), NEED("Dependent", REF_PID, process, pid),
            ANY_HOST}},
    /* .../win32-process */
    /* osquery, Process Explorer and System Informer have the same by names of their own. */
    {"Win32_Process", &target_processes,
        {NEED("ProcessId|PID", NUMBER, process, pid),
            NEED("HandleCount|Handles", NUMBER, process, handle_count),
            OPT("Name|Caption|ProcessName|Process", TEXT, process, image),
            OPT("SessionId", NUMBER, process, session_id), ANY_HOST}},
    /* https://osquery.io/schema, logon_sessions: the LUID's low part. */
    {"osquery logon_sessions", &target_logons,
        {NEED("logon_id", LUID_DECIMAL, logon_session, luid),
            NEED("user", TEXT, logon_session, user),
            NEED("logon_type", LOGON_TYPE, logon_session, logon_type),
            NEED("session_id", NUMBER, logon_session, session_id),
            OPT("logon_domain", TEXT, logon_session, domain),
            OPT("authentication_package", TEXT, logon_session, auth_package),
            OPT("logon_time", UNIX_TIME, logon_session, logon_time)}},
    {"Get-Process", &target_processes,
        {NEED("Id", NUMBER, process, pid),
            NEED("HandleCount|Handles", NUMBER, process, handle_count),
            NEED("ProcessName|Name", TEXT, process, image),
            OPT("SI|SessionId", NUMBER, process, session_id), OPT("UserName", TEXT, process, user),
            ANY_HOST}},
    {"tasklist /fo", &target_processes,
        {NEED("Image Name", TEXT, process, image), NEED("PID", NUMBER, process, pid),
            NEED("Session#", NUMBER, process, session_id), OPT("User Name", TEXT, process, user)}},
    {"tasklist /svc", &target_processes,
        {NEED("Image Name", TEXT, process, image), NEED("PID", NUMBER, process, pid),
            NEED("Services", TEXT, process, services)}},
    {"quser", &target_sessions,
        {NEED_BOTH("USERNAME", ACCOUNT, session, user, domain),
            NEED("ID|SessionId", NUMBER, session, id), NEED("STATE", STATE, session, state),
            OPT("SESSIONNAME", TEXT, session, name),
            OPT_BOTH("LOGON TIME", TIME, session, logon_time, logon_time_text), ANY_HOST}},
    /* https://learn.microsoft.com/powershell/module/remotedesktop/get-rdusersession */
    {"Get-RDUserSession", &target_sessions,
        {HOST("HostServer"), NEED("UnifiedSessionId|SessionId", NUMBER, session, id),
            NEED_BOTH("UserName", ACCOUNT, session, user, domain),
            NEED("CollectionName", TEXT, session, name), OPT("DomainName", TEXT, session, domain),
            OPT("SessionState", STATE, session, state)}},
    {"logonsessions -c", &target_logons,
        {NEED("Logon Session", LUID_HEX, logon_session, luid),
            NEED_BOTH("User Name", ACCOUNT, logon_session, user, domain),
            OPT("Auth Package", TEXT, logon_session, auth_package),
            OPT("Logon Type", LOGON_TYPE, logon_session, logon_type),
            OPT("Session", NUMBER, logon_session, session_id),
            OPT_BOTH("Logon Time", TIME, logon_session, logon_time, logon_time_text)}},
    /* https://learn.microsoft.com/windows/win32/wes/eventschema-systempropertiestype-complextype; Get-WinEvent's EventLogRecord. */
    {"LocalSessionManager events", &target_events,
        {EVENT, NEED("SessionID", SESSION, log_event, session_id), OPT_DISCONNECT,
            OPT_BOTH("User", ACCOUNT, log_event, user, domain), EVENT_OPTIONS(PROVIDER)}},
    {"LocalSessionManager events 39 and 40", &target_events,
        {EVENT, NEED("TargetSession|Session", SESSION, log_event, session_id), OPT_DISCONNECT,
            EVENT_OPTIONS(PROVIDER)}},
    {"Security events", &target_events,
        {EVENT, NEED("TargetLogonId", LUID_0X, log_event, luid), LOGON, EVENT_OPTIONS(PROVIDER)}},
    {"Get-WinEvent", &target_events,
        {EVENT, EVENT_OPTIONS(PROVIDER "|Source|SourceName"),
            NEED("Message", MESSAGE, log_event, number)}},
    {"wevtutil /f:text", &target_events,
        {NEED("Event ID", NUMBER, log_event, number),
            NEED_BOTH("Date", TIME, log_event, logged, logged_text),
            NEED("Source", TEXT, log_event, log), NEED("Description", MESSAGE, log_event, number),
            EVENT_HOST}},
    {"events", &target_events, {EVENT, EVENT_OPTIONS(PROVIDER "|Source|SourceName")}},
    /* What people copy out of one. */
    {"event 4624", &target_event_logons,
        {NEED("TargetLogonId", LUID_0X, log_event, luid),
            NEED("LogonProcessName", TEXT, log_event, logon_process), LOGON}},
    {0},
};

#define NEEDED_LEAST 2 /* columns, of every source */

_Static_assert(sizeof sources / sizeof *sources <= SOURCES_MOST, "table.h has room for fewer");

/* ---- names ---- */

static bool is_passed_over(char c)
{
	return c == ' ' || c == '_';
}

static bool is_name(struct span name, const char *wanted, size_t length)
{
	size_t i = 0, j = 0;
	for (;;) {
		while (i < name.length && is_passed_over(name.text[i]))
			i++;
		while (j < length && is_passed_over(wanted[j]))
			j++;
		if (i == name.length || j == length)
			return i == name.length && j == length;
		if (tolower((unsigned char)name.text[i++]) != tolower((unsigned char)wanted[j++]))
			return false;
	}
}

static bool is_one_of(struct span name, const char *wanted)
{
	while (*wanted) {
		const size_t length = strcspn(wanted, "|");
		if (is_name(name, wanted, length))
			return true;
		wanted += length + (wanted[length] == '|');
	}
	return false;
}

/* ---- most lines of a text have no name of a column: a bit for each hash that one has tells ---- */

#define HASHES 4096

static uint64_t hashes[HASHES / 64];
static pthread_once_t hashed = PTHREAD_ONCE_INIT;

/* The same for all spellings of a name. */
static unsigned hash_name(const char *text, size_t length)
{
	unsigned hash = 0;
	for (size_t i = 0; i < length; i++) {
		if (!is_passed_over(text[i]))
			hash = hash * 31 + (unsigned char)(text[i] | 0x20);
	}
	return hash % HASHES;
}

static void hash_names(void)
{
	for (const struct source *source = sources; source->name; source++) {
		for (const struct column *column = source->columns; column->names; column++) {
			for (const char *at = column->names; *at;) {
				const size_t length = strcspn(at, "|");
				const unsigned hash = hash_name(at, length);
				hashes[hash / 64] |= UINT64_C(1) << hash % 64;
				at += length + (at[length] == '|');
			}
		}
	}
}

static bool may_know(struct span name)
{
	pthread_once(&hashed, hash_names);
	const unsigned hash = hash_name(name.text, name.length);
	return hashes[hash / 64] >> hash % 64 & 1;
}

bool source_knows(struct span name)
{
	if (!may_know(name))
		return false;
	for (const struct source *source = sources; source->name; source++) {
		for (const struct column *column = source->columns; column->names; column++) {
			if (is_one_of(name, column->names))
				return true;
		}
	}
	return false;
}

/* The first of the column's names that there is. */
static size_t place_of(const struct names *names, const char *wanted)
{
	while (*wanted) {
		const size_t length = strcspn(wanted, "|");
		for (size_t i = 0; i < names->count; i++) {
			if (is_name(names->items[i], wanted, length))
				return i;
		}
		wanted += length + (wanted[length] == '|');
	}
	return SIZE_MAX;
}

/* How many of its columns are needed; 0: one of them is missing. */
static size_t bind(const struct source *source, const struct names *names, size_t *places)
{
	size_t needed = 0, missing = 0, i = 0;
	for (const struct column *column = source->columns; column->names; column++, i++) {
		places[i] = place_of(names, column->names);
		needed += column->needed;
		missing += column->needed && places[i] == SIZE_MAX;
	}
	return missing ? 0 : needed;
}

bool binding_find(struct binding *binding, const struct names *names)
{
	size_t needed[BINDING_SOURCES], places[SOURCE_COLUMNS], known = 0;
	binding->count = 0;
	for (size_t i = 0; i < names->count && known < NEEDED_LEAST; i++)
		known += may_know(names->items[i]);
	if (known < NEEDED_LEAST)
		return false;
	for (const struct source *source = sources; source->name; source++) {
		const size_t found = bind(source, names, places);
		size_t at = binding->count;
		if (!found || (at == BINDING_SOURCES && found <= needed[at - 1]))
			continue;
		if (at < BINDING_SOURCES)
			binding->count++;
		else
			at--;
		for (; at > 0 && needed[at - 1] < found; at--) {
			needed[at] = needed[at - 1];
			binding->sources[at] = binding->sources[at - 1];
			memcpy(binding->places[at], binding->places[at - 1], sizeof places);
		}
		needed[at] = found;
		binding->sources[at] = source;
		memcpy(binding->places[at], places, sizeof places);
	}
	return binding->count > 0;
}

/* ---- rows ---- */

union item {
	struct session session;
	struct logon_session logon;
	struct process process;
	struct log_event event;
};

/* Reads what the source's columns say. False: it is none of its rows. */
static bool read_row(struct reading *reading, const struct source *source, const size_t *places,
    const struct row *row, union item *item, struct span *host, bool *failed)
{
	size_t i = 0;
	record_clear(source->target->record, item);
	for (const struct column *column = source->columns; column->names; column++, i++) {
		const size_t place = places[i];
		if (place == SIZE_MAX)
			continue;
		if (place >= row->count || place == row->torn ||
		    (row->doubtful && row->doubtful[place]))
			return false;
		const struct span cell = span_trim(row->cells[place]);
		if ((column->needed && !cell.length && !cell_may_be_empty(column->kind)) ||
		    !(column->kind == CELL_MESSAGE
		            ? event_message_read(reading, cell, &item->event, failed)
		            : cell_read(reading, cell, column->kind, item, column->at, column->also,
		                  failed)))
			return false;
		if (column->kind == CELL_HOST)
			*host = cell;
	}
	return !source->target->is_whole || source->target->is_whole(item);
}

enum taken binding_take(
    struct reading *reading, const struct binding *binding, const struct row *row)
{
	for (size_t i = 0; i < binding->count; i++) {
		const struct source *source = binding->sources[i];
		union item item;
		struct span host = {0};
		bool failed = false;
		const bool good =
		    read_row(reading, source, binding->places[i], row, &item, &host, &failed);
		if (failed)
			return TAKEN_FAILED;
		if (!good)
			continue;
		reading->table->seen[source - sources] = true;
		if (!reading_is_of_host(reading, host))
			return TAKEN_FRAME;
		return source->target->commit(reading, &item) ? TAKEN_ROW : TAKEN_FAILED;
	}
	return TAKEN_NOT;
}
