/* logonsessions 1.4 and 1.41: blocks of labels, and with -p the processes of each logon session. Labels are English on
 * every host. */
#include "readers/logon_list.h"
#include "readers/process_list.h"

#include <string.h>

static bool begins(struct reading *reading, struct span line)
{
	(void)reading;
	line = span_trim(line);
	return span_starts(line, "LogonSessions v") && !memchr(line.text, '[', line.length);
}

/* "[12] Logon session 00000000:000fd2f5:" */
static enum taken take_start(struct reading *reading, struct span line)
{
	uint64_t luid;
	size_t at = span_find(line, "Logon session ");
	if (at == SIZE_MAX || at > 16)
		return TAKEN_NOT;
	struct span rest = span_from(line, at + strlen("Logon session "));
	if (rest.length < 17 || !span_luid((struct span){rest.text, 17}, ':', &luid))
		return TAKEN_NOT;
	rest = span_trim(span_from(rest, 17));
	if (rest.length && !span_is(rest, ":")) {
		/* A line end was lost: what follows is not of the record before. */
		logon_list_record_end(reading);
		reading->logons->record = 0;
		return TAKEN_NOT;
	}
	struct logon_session *logon = snapshot_add_logon_session(reading->snapshot);
	if (!logon)
		return TAKEN_FAILED;
	logon->luid = luid;
	logon_list_record_end(reading);
	logon_list_number(reading, line);
	reading->logons->record = reading->snapshot->logon_session_count;
	reading->logons->record_of = &format_logonsessions;
	reading->logons->any = true;
	return TAKEN_ROW;
}

static enum taken take_user(struct reading *reading, struct logon_session *logon, struct span value)
{
	bool failed = false;
	struct span domain, user;
	account_split(value, &domain, &user);
	logon->domain = reading_string(reading, domain, &failed);
	logon->user = reading_string(reading, user, &failed);
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

static const char *const labels[] = {"User name:", "Auth package:", "Logon type:", "Session:",
    "Logon time:", "Sid:", "Logon server:", "DNS Domain:", "UPN:"};

/* Another line stands behind the value: the line end between them was lost. */
static bool holds_another(struct span value)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (span_find(value, labels[i]) != SIZE_MAX)
			return true;
	}
	return span_find(value, "] Logon session ") != SIZE_MAX;
}

static enum taken take_label(struct reading *reading, struct span line)
{
	struct logon_session *logon =
	    &reading->snapshot->logon_sessions[reading->logons->record - 1];
	size_t label = 0;
	bool failed = false;
	while (label < sizeof labels / sizeof labels[0] && !span_starts(line, labels[label]))
		label++;
	if (label == sizeof labels / sizeof labels[0])
		return TAKEN_NOT;
	if (reading->logons->labels & 1u << label) {
		/* The first line of the next record is missing. */
		flaw_note(&reading->logons->flaw, reading, "the first line of a record is missing");
		reading->logons->record = 0;
		reading->logons->labels = 0;
		return TAKEN_NOT;
	}
	struct span value = span_trim(span_from(line, strlen(labels[label])));
	if (holds_another(value)) {
		/* Of whom the lines are that follow is not known. */
		reading->logons->record = 0;
		reading->logons->labels = 0;
		return TAKEN_NOT;
	}
	switch (label) {
	case 0:
		failed = take_user(reading, logon, value) == TAKEN_FAILED;
		break;
	case 1:
		logon->auth_package = reading_string(reading, value, &failed);
		break;
	case 2:
		if (!span_is(value, "(none)"))
			logon->logon_type = reading_string(reading, value, &failed);
		break;
	case 3:
		if (!span_decimal(value, &logon->session_id))
			return TAKEN_NOT;
		if (logon->session_id > INT32_MAX)
			logon->session_id = NUMBER_UNKNOWN; /* -1: it is in none */
		break;
	case 4:
		logon->logon_time_text = reading_string(reading, value, &failed);
		break;
	}
	static const size_t fields[] = {offsetof(struct logon_session, user),
	    offsetof(struct logon_session, auth_package),
	    offsetof(struct logon_session, logon_type), SIZE_MAX,
	    offsetof(struct logon_session, logon_time_text)};
	reading->logons->labels |= 1u << label;
	reading->logons->last.line = label < sizeof fields / sizeof *fields ? reading->line : 0;
	reading->logons->last.field =
	    label < sizeof fields / sizeof *fields ? fields[label] : SIZE_MAX;
	reading->logons->last.pid = NUMBER_UNKNOWN;
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

/* "     4888: background-service.exe" */
static enum taken take_process(struct reading *reading, struct span line)
{
	int64_t pid;
	bool failed = false;
	const char *colon = memchr(line.text, ':', line.length < 12 ? line.length : 12);
	if (!colon || !span_decimal((struct span){line.text, (size_t)(colon - line.text)}, &pid))
		return TAKEN_NOT;
	struct span image = span_trim(span_from(line, (size_t)(colon - line.text) + 1));
	const struct logon_session *logon =
	    &reading->snapshot->logon_sessions[reading->logons->record - 1];
	int64_t session_id = logon->session_id;
	const uint64_t luid = logon->luid;
	const char *user = logon->user;
	struct process *process = reading_process(reading, pid);
	if (!process)
		return TAKEN_FAILED;
	process->image = reading_string(reading, image, &failed);
	reading->logons->last.line = reading->line;
	reading->logons->last.field = offsetof(struct process, image);
	reading->logons->last.pid = pid;
	process->session_id = session_id;
	process->user = user;
	process->luid = luid;
	reading->processes->of_logons = true;
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

static enum taken take(struct reading *reading, struct span line)
{
	line = span_trim(line);
	enum taken taken = take_start(reading, line);
	if (taken != TAKEN_NOT || reading->current != &format_logonsessions ||
	    !reading->logons->record)
		return taken;
	taken = take_label(reading, line);
	return taken == TAKEN_NOT ? take_process(reading, line) : taken;
}

const struct line_format format_logonsessions = {
    .name = "logonsessions",
    .section = &section_logons,
    .begins = begins,
    .take = take,
    .rows_tell = true,
};
