/* Knows by what a list of logon sessions shows that some are missing: the numbers of its records, the last one of them, and
 * what stands behind it. */
#include "readers/logon_list.h"

#include <string.h>

static bool is_list(const struct line_format *format)
{
	return format == &format_logonsessions || format == &format_klist;
}

void logon_list_number(struct reading *reading, struct span line)
{
	int64_t number;
	const char *end = line.length ? memchr(line.text, ']', line.length) : NULL;
	if (!end || line.text[0] != '[' ||
	    !span_decimal((struct span){line.text + 1, (size_t)(end - line.text) - 1}, &number))
		return;
	if (number != 0 && number != reading->logon_number)
		reading->snapshot->logon_sessions_cut = true;
	reading->logon_number = number + 1;
}

void logon_list_record_end(struct reading *reading)
{
	unsigned common = reading->logon_labels_common, labels = reading->logon_labels;
	if (!reading->logon)
		return;
	if (common & ~labels)
		reading->snapshot->logon_sessions_cut = true;
	reading->logon_labels_common = common ? common & labels : labels;
	reading->logon_labels = 0;
}

void logon_list_line(struct reading *reading, enum behind behind)
{
	enum list_end *end = &reading->snapshot->logon_sessions_end;
	if (behind == BEHIND_ROW && is_list(reading->current))
		*end = LIST_END_LINE;
	else if (behind == BEHIND_BLANK && *end == LIST_END_LINE)
		*end = LIST_END_BLANK;
	else if (behind == BEHIND_PROMPT && *end != LIST_END_UNKNOWN)
		*end = LIST_END_PROMPT;
	else if (behind != BEHIND_BLANK)
		*end = LIST_END_UNKNOWN;
}

void logon_list_end(struct reading *reading, bool whole)
{
	enum list_end *end = &reading->snapshot->logon_sessions_end;
	logon_list_record_end(reading);
	if (*end != LIST_END_LINE && *end != LIST_END_BLANK)
		return;
	if (!whole)
		*end = LIST_END_OPEN;
}

bool logon_list_cut_within(const struct reading *reading)
{
	if (reading->current != &format_logonsessions || !reading->logon)
		return false;
	struct logon_session *last = &reading->snapshot->logon_sessions[reading->logon - 1];
	if (last->session_id != NUMBER_UNKNOWN && last->logon_time_text)
		return false;
	last->session_id = NUMBER_UNKNOWN; /* it may lack digits */
	return true;
}
