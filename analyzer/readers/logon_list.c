/* Knows how a list of logon sessions shows that some are missing: by the numbers of its records, the last one of them, and what follows it. */
#include "readers/logon_list.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

static bool is_list(const struct line_format *format)
{
	return format && format->section == &section_logons;
}

void logon_list_number(struct reading *reading, struct span line)
{
	struct logon_list *list = reading->logons;
	int64_t number;
	const char *end = line.length ? memchr(line.text, ']', line.length) : NULL;
	if (!end || line.text[0] != '[' ||
	    !span_decimal((struct span){line.text + 1, (size_t)(end - line.text) - 1}, &number))
		return;
	if (number != 0 && number != list->number)
		flaw_note(&list->flaw, reading,
		    "record [%lld] stands where [%lld] should: records are missing",
		    (long long)number, (long long)list->number);
	list->number = number + 1;
}

void logon_list_record_end(struct reading *reading)
{
	struct logon_list *list = reading->logons;
	unsigned common = list->labels_common, labels = list->labels;
	if (!list->record)
		return;
	if (common & ~labels)
		flaw_note(
		    &list->flaw, reading, "the record before lacks lines that the others have");
	list->labels_common = common ? common & labels : labels;
	list->labels = 0;
}

void logon_list_line(struct reading *reading, enum behind behind)
{
	enum list_end *end = &reading->logons->end;
	if (behind == BEHIND_ROW && is_list(reading->current))
		*end = LIST_END_LINE;
	else if (behind == BEHIND_BLANK && *end == LIST_END_LINE)
		*end = LIST_END_BLANK;
	else if (behind == BEHIND_PROMPT && *end != LIST_END_UNKNOWN)
		*end = LIST_END_PROMPT;
	else if (behind != BEHIND_BLANK)
		*end = LIST_END_UNKNOWN;
}

static bool create(struct reading *reading)
{
	reading->logons = calloc(1, sizeof *reading->logons);
	return reading->logons;
}

static void destroy(struct reading *reading)
{
	free(reading->logons);
}

static void unread(struct reading *reading, struct span line)
{
	flaw_note_line(&reading->logons->flaw, reading, line);
}

/* The text ends behind what may have been the half of a name. */
static void forget_last(struct reading *reading)
{
	const struct logon_list *list = reading->logons;
	void *item = &reading->snapshot->logon_sessions[list->record - 1];
	if (list->last.line != reading->line || list->last.field == SIZE_MAX)
		return;
	if (list->last.pid != NUMBER_UNKNOWN)
		item = reading_process(reading, list->last.pid);
	if (item)
		*(const char **)((char *)item + list->last.field) = NULL;
}

/* True if the last record of logonsessions ends before its logon time, which stands below its session. */
static bool cuts(struct reading *reading, bool held)
{
	if (held)
		return true;
	if (!reading->logons->record || reading->current != reading->logons->record_of)
		return false;
	struct logon_session *last =
	    &reading->snapshot->logon_sessions[reading->logons->record - 1];
	const bool whole = last->session_id != NUMBER_UNKNOWN && last->logon_time_text;
	forget_last(reading);
	if (whole)
		return false;
	last->session_id = NUMBER_UNKNOWN; /* it may lack digits */
	return true;
}

static bool lists_system(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		if (snapshot->logon_sessions[i].luid == LUID_SYSTEM)
			return true;
	}
	return false;
}

static bool see(struct reading *reading)
{
	const struct logon_list *list = reading->logons;
	if (!list->any)
		return reading_see(reading, SECTION_LOGON_SESSIONS, EXTENT_ABSENT,
		    "no rows of logonsessions or klist are in the evidence", NULL);
	if (list->flaw.line)
		return reading_see(
		    reading, SECTION_LOGON_SESSIONS, EXTENT_CUT_OFF, NULL, &list->flaw);
	if (!lists_system(reading->snapshot))
		return reading_see(reading, SECTION_LOGON_SESSIONS, EXTENT_CUT_OFF,
		    "logon session 0:3e7 is not listed, which every host has", NULL);
	return reading_see(reading, SECTION_LOGON_SESSIONS, EXTENT_WHOLE, NULL, NULL);
}

static bool finish(struct reading *reading, bool ends)
{
	struct logon_list *list = reading->logons;
	logon_list_record_end(reading);
	if (!ends && (list->end == LIST_END_LINE || list->end == LIST_END_BLANK))
		list->end = LIST_END_OPEN;
	if (!see(reading))
		return false;
	snapshot_sight(reading->snapshot, SECTION_LOGON_SESSIONS)->end = list->end;
	return snapshot_unify(reading->snapshot, SECTION_LOGON_SESSIONS);
}

const struct section_reader section_logons = {
    .create = create,
    .destroy = destroy,
    .unread = unread,
    .cuts = cuts,
    .finish = finish,
};
