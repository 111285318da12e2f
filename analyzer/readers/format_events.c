/* Events of Windows' logs in XML, as wevtutil and Get-WinEvent's ToXml() write them (expat): <Event> elements one behind the other, with a root
 * or without. What stands in an element is a cell under its name, or under that of <Data Name="...">; an attribute is one under the names of
 * both. The schema: https://learn.microsoft.com/windows/win32/wes/eventschema-schema. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers/object.h"
#include "readers/table.h"

#define EVENT "Event"

struct events {
	XML_Parser parser;
	struct objects objects;
	size_t depth; /* of elements */
	size_t event; /* the depth of the <Event> that it is in; 0: in none */
	bool leaf;    /* no element has ended since the last one began */
	bool in_tag;  /* a tag goes on in the next line */
	bool failed;  /* memory is out */
};

static struct span local_name(const char *name)
{
	const char *colon = strrchr(name, ':');
	return span_of(colon ? colon + 1 : name);
}

static void add_attributes(struct reading *reading, struct span element, const char **attributes)
{
	struct objects *objects = &reading->table->events->objects;
	for (; attributes[0]; attributes += 2) {
		char name[128];
		if (strncmp(attributes[0], "xmlns", 5) == 0)
			continue;
		snprintf(
		    name, sizeof name, "%.*s.%s", (int)element.length, element.text, attributes[0]);
		reading->table->events->failed |= !object_name(objects, span_of(name)) ||
		                                  !object_value(objects, span_of(attributes[1]));
	}
}

static void XMLCALL on_start(void *data, const char *name, const char **attributes)
{
	struct reading *reading = data;
	struct events *events = reading->table->events;
	struct objects *objects = &reading->table->events->objects;
	struct span element = local_name(name);
	events->depth++;
	events->leaf = true;
	if (!events->event && span_is(element, EVENT)) {
		events->event = events->depth;
		events->failed |= !object_begin(reading, objects);
		return;
	}
	if (!events->event)
		return;
	add_attributes(reading, element, attributes);
	if (span_is(element, "Data") && attributes[0] && strcmp(attributes[0], "Name") == 0)
		element = span_of(attributes[1]);
	events->failed |= !object_name(objects, element);
}

static void XMLCALL on_text(void *data, const char *text, int length)
{
	struct reading *reading = data;
	struct events *events = reading->table->events;
	if (events->event && events->leaf)
		events->failed |=
		    !object_text(&events->objects, (struct span){text, (size_t)length});
}

static void XMLCALL on_end(void *data, const char *name)
{
	struct reading *reading = data;
	struct events *events = reading->table->events;
	(void)name;
	events->leaf = false;
	if (events->event == events->depth) {
		events->event = 0;
		events->failed |= !object_end(reading, &events->objects);
	}
	events->depth--;
}

static void destroy(struct reading *reading)
{
	struct events *events = reading->table->events;
	if (!events)
		return;
	if (events->parser)
		XML_ParserFree(events->parser);
	objects_deinit(&events->objects);
	free(events);
	reading->table->events = NULL;
}

static bool parse(struct events *events, struct span text)
{
	return XML_Parse(events->parser, text.text, (int)text.length, 0) != XML_STATUS_ERROR;
}

/* With a root of ours, as wevtutil writes none. */
static bool start(struct reading *reading)
{
	destroy(reading);
	struct events *events = reading->table->events = calloc(1, sizeof *events);
	if (!events || !(events->parser = XML_ParserCreate("UTF-8")))
		return false;
	XML_SetUserData(events->parser, reading);
	XML_SetElementHandler(events->parser, on_start, on_end);
	XML_SetCharacterDataHandler(events->parser, on_text);
	return parse(events, span_of("<events>"));
}

static bool is_open(const struct reading *reading)
{
	const struct events *events = reading->table->events;
	return events && (events->depth > 1 || events->in_tag);
}

/* A declaration may stand only at the start of what is parsed. */
static struct span skip_declaration(struct span line)
{
	const size_t end = span_starts(line, "<?xml") ? span_find(line, "?>") : SIZE_MAX;
	return end == SIZE_MAX ? line : span_trim(span_from(line, end + 2));
}

static bool give_up(struct reading *reading, struct span line)
{
	return objects_give_up(reading, &reading->table->events->objects, line) && start(reading);
}

/* Whether the line ends in a tag; `before`: it begins in one. */
static bool ends_in_tag(struct span line, bool before)
{
	const char *open = line.length ? memrchr(line.text, '<', line.length) : NULL,
	           *close = line.length ? memrchr(line.text, '>', line.length) : NULL;
	return open || close ? open > close : before;
}

static enum taken feed(struct reading *reading, struct span line)
{
	struct events *events = reading->table->events;
	events->in_tag = ends_in_tag(line, events->in_tag);
	const bool good = parse(events, line) && parse(events, span_of("\n"));
	if (events->failed)
		return TAKEN_FAILED;
	return good || give_up(reading, line) ? TAKEN_FRAME : TAKEN_FAILED;
}

static bool begins(struct reading *reading, struct span line)
{
	(void)line;
	const struct span raw = span_trim(reading->raw);
	const struct span inner = skip_declaration(raw);
	if (inner.length == raw.length && !span_starts(inner, "<Event"))
		return false;
	return start(reading) && (!inner.length || feed(reading, inner) == TAKEN_FRAME);
}

static enum taken take(struct reading *reading, struct span line)
{
	(void)line;
	const struct span raw = skip_declaration(span_trim(reading->raw));
	return is_open(reading) || span_starts(raw, "<")
	           ? feed(reading, is_open(reading) ? reading->raw : raw)
	           : TAKEN_NOT;
}

/* The text ends in the middle of an event. */
static bool ends(struct reading *reading)
{
	return !is_open(reading) || give_up(reading, span_of("(the text ends here)"));
}

const struct line_format format_events = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
    .open = is_open,
    .ends = ends,
    .destroy = destroy,
};
