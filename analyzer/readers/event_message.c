/* "Label: value" lines in sections, under a first line that tells which event it is. */
#include "readers/event_message.h"

#include <string.h>

#include "evidence/event.h"
#include "readers/cell.h"

static const struct event_text {
	int64_t number;
	const char *start;
	const char
	    *section; /* whose account and logon ID are the event's; NULL: there are no sections */
} texts[] = {
    {21, "Remote Desktop Services: Session logon succeeded", NULL},
    {22, "Remote Desktop Services: Shell start notification received", NULL},
    {23, "Remote Desktop Services: Session logoff succeeded", NULL},
    {24, "Remote Desktop Services: Session has been disconnected", NULL},
    {25, "Remote Desktop Services: Session reconnection succeeded", NULL},
    {39, "Session ", NULL},
    {40, "Session ", NULL},
    {41, "Begin session arbitration", NULL},
    {42, "End session arbitration", NULL},
    {EVENT_ID_LOGON, "An account was successfully logged on", "New Logon"},
    {4634, "An account was logged off", "Subject"},
    {4647, "User initiated logoff", "Subject"},
};

static const struct label {
	const char *label;
	enum cell_kind kind;
	size_t at, also;
	bool of_section;
} labels[] = {
    {"User", CELL_ACCOUNT, offsetof(struct log_event, user), offsetof(struct log_event, domain),
        false},
    {"Session ID", CELL_NUMBER, offsetof(struct log_event, session_id), CELL_NO_FIELD, false},
    {"Account Name", CELL_TEXT, offsetof(struct log_event, user), CELL_NO_FIELD, true},
    {"Account Domain", CELL_TEXT, offsetof(struct log_event, domain), CELL_NO_FIELD, true},
    {"Logon ID", CELL_LUID_0X, offsetof(struct log_event, luid), CELL_NO_FIELD, true},
    {"Linked Logon ID", CELL_LUID_0X, offsetof(struct log_event, linked_luid), CELL_NO_FIELD, true},
    {"Logon Type", CELL_LOGON_TYPE, offsetof(struct log_event, logon_type), CELL_NO_FIELD, false},
    {"Logon Process", CELL_TEXT, offsetof(struct log_event, logon_process), CELL_NO_FIELD, false},
    {"Authentication Package", CELL_TEXT, offsetof(struct log_event, auth_package), CELL_NO_FIELD,
        false},
};

static const struct event_text *find_text(int64_t number)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].number == number)
			return &texts[i];
	}
	return NULL;
}

static const struct label *find_label(struct span name)
{
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		if (span_is(name, labels[i].label))
			return &labels[i];
	}
	return NULL;
}

/* The next line, without blanks around it. */
static struct span next_line(struct span *rest)
{
	const char *end = memchr(rest->text, '\n', rest->length);
	const struct span line = {rest->text, end ? (size_t)(end - rest->text) : rest->length};
	*rest = span_from(*rest, line.length + 1);
	return span_trim(line);
}

/* The number behind the words, and what is behind it. */
static bool take_number(struct span *rest, const char *words, int64_t *out)
{
	size_t digits = 0;
	if (!span_starts(*rest, words))
		return false;
	*rest = span_from(*rest, strlen(words));
	while (digits < rest->length && rest->text[digits] >= '0' && rest->text[digits] <= '9')
		digits++;
	const bool good = span_decimal((struct span){rest->text, digits}, out);
	*rest = span_from(*rest, digits);
	return good;
}

/* "Session 4 has been disconnected by session 2", "Session 4 has been disconnected, reason code 12" */
static bool read_disconnect(struct span line, struct log_event *event)
{
	return take_number(&line, "Session ", &event->session_id) &&
	       (event->number == 39 ? take_number(&line, " has been disconnected by session ",
	                                  &event->by_session)
	                            : take_number(&line, " has been disconnected, reason code ",
	                                  &event->reason));
}

static bool read_lines(struct reading *reading, struct span rest, const struct event_text *text,
    struct log_event *event, bool *failed)
{
	bool within = !text->section, good = true;
	while (good && rest.length) {
		const struct span line = next_line(&rest);
		const char *colon = line.length ? memchr(line.text, ':', line.length) : NULL;
		if (!colon)
			continue;
		const struct span name = span_trim(
		                      (struct span){line.text, (size_t)(colon - line.text)}),
		                  value = span_trim(span_from(line, name.length + 1));
		const struct label *label = find_label(name);
		if (text->section && !value.length && !label)
			within = span_is(name, text->section);
		if (label && (within || !label->of_section))
			good = cell_read(
			    reading, value, label->kind, event, label->at, label->also, failed);
	}
	return good;
}

bool event_message_read(
    struct reading *reading, struct span message, struct log_event *event, bool *failed)
{
	const struct event_text *text = find_text(event->number);
	if (!text || event_is_of_log(event) == NO)
		return true;
	while (message.length && strchr(" \t\r\n", message.text[0]))
		message = span_from(message, 1);
	if (!span_starts(message, text->start))
		return false;
	const struct span first = next_line(&message);
	return event->number == 39 || event->number == 40
	           ? read_disconnect(first, event)
	           : read_lines(reading, message, text, event, failed);
}
