/* What wevtutil qe /f:text prints: "Event[0]:", a line for each property, the last of which is the message in as many lines as it has. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "readers/object.h"
#include "readers/table.h"

struct event_text {
	struct objects objects;
	bool message; /* it is in the message */
};

static struct span trim_end(struct span line)
{
	while (line.length && strchr(" \t\r\n", line.text[line.length - 1]))
		line.length--;
	return line;
}

/* "Event[17]:", of older and other versions without the colon, with a word of any language. */
static bool is_heading(struct span line)
{
	line = trim_end(line);
	if (line.length && line.text[line.length - 1] == ':')
		line.length--;
	const char *bracket = line.length ? memchr(line.text, '[', line.length) : NULL;
	if (!bracket || bracket == line.text || line.text[line.length - 1] != ']')
		return false;
	for (const char *at = line.text; at < bracket; at++) {
		if (!isalpha((unsigned char)*at) && (unsigned char)*at < 0x80)
			return false;
	}
	const size_t start = (size_t)(bracket - line.text) + 1;
	return span_is_digits((struct span){line.text + start, line.length - 1 - start});
}

/* Another command: the message before it has ended. */
static bool is_prompt(struct span line)
{
	if (span_starts(line, "PS "))
		line = span_from(line, 3);
	return line.length > 3 && isalpha((unsigned char)line.text[0]) && line.text[1] == ':' &&
	       line.text[2] == '\\' && memchr(line.text, '>', line.length);
}

static bool is_open(const struct reading *reading)
{
	return reading->table->event_text && reading->table->event_text->objects.depth > 0;
}

/* An event whose properties have names of another language is of no source, and is one all the same. */
static bool end_event(struct reading *reading)
{
	struct event_text *text = reading->table->event_text;
	const int64_t left = reading->snapshot->rows_left;
	text->message = false;
	const bool good = object_end(reading, &text->objects);
	if (reading->snapshot->rows_left > left)
		section_events.unread(reading, (struct span){0});
	return good;
}

static bool begin_event(struct reading *reading)
{
	struct table *table = reading->table;
	if (!table->event_text && !(table->event_text = calloc(1, sizeof *table->event_text)))
		return false;
	return object_begin(reading, &table->event_text->objects);
}

static bool begins(struct reading *reading, struct span line)
{
	return is_heading(line) && begin_event(reading);
}

static bool add_message(struct objects *objects, struct span line)
{
	return object_text(objects, line) && object_text(objects, span_of("\n"));
}

/* What has no label goes on with what stands before it. */
static bool add_property(struct event_text *text, struct span line)
{
	const char *colon = line.length ? memchr(line.text, ':', line.length) : NULL;
	if (!colon)
		return add_message(&text->objects, line);
	const struct span name = span_trim((struct span){line.text, (size_t)(colon - line.text)}),
	                  value = span_trim(span_from(line, (size_t)(colon - line.text) + 1));
	text->message = span_is(name, "Description");
	return object_name(&text->objects, name) &&
	       (text->message ? add_message(&text->objects, value)
	                      : object_value(&text->objects, value));
}

static enum taken take(struct reading *reading, struct span line)
{
	struct event_text *text = reading->table->event_text;
	bool good = true;
	if (is_heading(line))
		good = (!is_open(reading) || end_event(reading)) && begin_event(reading);
	else if (!is_open(reading) || is_prompt(line))
		return TAKEN_NOT;
	else if (reading->torn)
		return TAKEN_FRAME; /* its end may be missing, and what it says be another thing */
	else if (text->message)
		good = add_message(&text->objects, trim_end(line));
	else
		good = add_property(text, trim_end(line));
	return good ? TAKEN_FRAME : TAKEN_FAILED;
}

static bool ends(struct reading *reading)
{
	return !is_open(reading) || end_event(reading);
}

static void destroy(struct reading *reading)
{
	struct event_text *text = reading->table->event_text;
	if (text)
		objects_deinit(&text->objects);
	free(text);
	reading->table->event_text = NULL;
}

const struct line_format format_event_text = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
    .open = is_open,
    .ends = ends,
    .destroy = destroy,
};
