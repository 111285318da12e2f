/* What each section does with a row of a table. */
#include "readers/targets.h"

#include <string.h>

#include "evidence/event.h"
#include "readers/event_list.h"
#include "readers/logon_list.h"
#include "readers/process_list.h"
#include "readers/session_lists.h"

/* ---- sessions ---- */

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (span_is(names->items[i], name))
			return true;
	}
	return false;
}

/* Only qwinsta has a column for the type, and lists sessions without users. */
static void begin_sessions(struct reading *reading, const struct names *names)
{
	const struct session_columns columns = {.user_first = !has_name(names, "TYPE")};
	session_lists_begin(reading, &columns);
}

static bool commit_session(struct reading *reading, const void *item)
{
	struct session *session = snapshot_add_session(reading->snapshot);
	if (!session)
		return false;
	*session = *(const struct session *)item;
	reading->sessions->any = true;
	reading->sessions->all |= reading->sessions->list.all;
	session_lists_row(reading, session);
	return true;
}

const struct target target_sessions = {
    .name = "sessions",
    .record = &session_record,
    .section = &section_sessions,
    .begin = begin_sessions,
    .commit = commit_session,
};

/* ---- logon sessions ---- */

static bool commit_logon(struct reading *reading, const void *item)
{
	struct logon_session *logon = snapshot_add_logon_session(reading->snapshot);
	if (!logon)
		return false;
	*logon = *(const struct logon_session *)item;
	if (logon->session_id > INT32_MAX)
		logon->session_id = NUMBER_UNKNOWN; /* -1: it is in none */
	reading->logons->any = true;
	return true;
}

const struct target target_logons = {
    .name = "logon sessions",
    .record = &logon_session_record,
    .section = &section_logons,
    .commit = commit_logon,
};

/* ---- processes ---- */

static bool add_process(struct reading *reading, const struct process *item)
{
	struct process *process = reading_process(reading, item->pid);
	return process && record_fill(&process_record, process, item, reading->snapshot->intern);
}

static bool commit_process(struct reading *reading, const void *item)
{
	reading_lists_processes(reading);
	return add_process(reading, item);
}

const struct target target_processes = {
    .name = "processes",
    .record = &process_record,
    .section = &section_processes,
    .commit = commit_process,
};

/* Of each logon session its processes, which need not be all of the host. */
static bool commit_logon_process(struct reading *reading, const void *item)
{
	reading->processes->of_logons = true;
	return add_process(reading, item);
}

const struct target target_logon_processes = {
    .name = "processes of logon sessions",
    .record = &process_record,
    .section = &section_processes,
    .commit = commit_logon_process,
};

/* ---- events ---- */

static bool is_event_whole(const void *item)
{
	return event_is_whole(item);
}

const struct target target_events = {
    .name = "events",
    .record = &log_event_record,
    .section = &section_events,
    .is_whole = is_event_whole,
    .commit = event_list_add,
};

static bool commit_event_logon(struct reading *reading, const void *item)
{
	struct log_event event = *(const struct log_event *)item;
	event.number = EVENT_ID_LOGON;
	return event_list_add(reading, &event);
}

const struct target target_event_logons = {
    .name = "an event",
    .record = &log_event_record,
    .section = &section_events,
    .commit = commit_event_logon,
};
