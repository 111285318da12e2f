/* A row that is not understood leaves a gap where it stood: it may have been any event, and what is concluded from those around it must not pass
 * over it. */
#include "readers/event_list.h"

#include <stdlib.h>
#include <string.h>

#include "readers/event_dates.h"

struct event_list {
	const char *origin; /* the snapshot's */
	int64_t line;       /* where the last one was added */
	bool gap;           /* the last one is a gap */
	bool failed;        /* memory is out */
	struct flaw flaw;
};

static struct log_event *add(struct reading *reading)
{
	struct event_list *list = reading->events;
	if (!list->origin)
		list->origin =
		    snapshot_string(reading->snapshot, reading->origin, strlen(reading->origin));
	return list->origin ? snapshot_add_event(reading->snapshot) : NULL;
}

bool event_list_add(struct reading *reading, const void *item)
{
	struct log_event *event = add(reading);
	if (!event)
		return false;
	*event = *(const struct log_event *)item;
	event->origin = reading->events->origin;
	if (!event->host)
		event->host = reading->host; /* the prompt's */
	if (event->linked_luid == 0)
		event->linked_luid = LUID_UNKNOWN; /* it has none */
	if (event->session_id > INT32_MAX)
		event->session_id = NUMBER_UNKNOWN; /* -1: none */
	reading->events->line = reading->line;
	reading->events->gap = false;
	return true;
}

bool event_list_has_gaps(const struct reading *reading)
{
	return reading->events->flaw.line > 0;
}

static bool create(struct reading *reading)
{
	reading->events = calloc(1, sizeof *reading->events);
	return reading->events;
}

static void destroy(struct reading *reading)
{
	free(reading->events);
}

/* A line may be given up when the one behind it was read. */
static void put_gap(struct reading *reading)
{
	struct event_list *list = reading->events;
	const size_t count = reading->snapshot->log_event_count;
	struct log_event *gap = add(reading), *last;
	list->failed |= !gap;
	if (!gap)
		return;
	gap->origin = list->origin;
	list->gap = reading->line >= list->line;
	if (list->gap)
		return;
	const struct log_event made = *gap;
	last = &reading->snapshot->log_events[count - 1];
	*gap = *last;
	*last = made;
}

static void unread(struct reading *reading, struct span line)
{
	struct event_list *list = reading->events;
	if (span_starts(line, EVENT_HOLE))
		flaw_note_line(&list->flaw, reading, line);
	else
		flaw_note(&list->flaw, reading, "events are left over: " EVENT_ADVICE);
	if (!list->gap && reading->snapshot->log_event_count)
		put_gap(reading);
}

static bool finish(struct reading *reading, bool ends)
{
	const struct event_list *list = reading->events;
	(void)ends;
	event_dates_resolve(reading->snapshot->log_events, reading->snapshot->log_event_count);
	return !list->failed && (!list->flaw.line || reading_see(reading, SECTION_EVENTS,
	                                                 EXTENT_CUT_OFF, NULL, &list->flaw));
}

const struct section_reader section_events = {
    .create = create,
    .destroy = destroy,
    .unread = unread,
    .finish = finish,
};
