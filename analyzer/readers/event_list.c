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
	uint32_t *slots;    /* of events, by what they say: their places from 1; 0: free */
	size_t slot_count;  /* a power of two */
	size_t used;
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

/* ---- repeated ones ---- */

static size_t hash(const struct log_event *event)
{
	const uint64_t parts[] = {(uint64_t)event->number, (uint64_t)event->logged,
	    (uint64_t)event->record, (uint64_t)event->session_id, event->luid,
	    (uint64_t)(uintptr_t)event->logged_text};
	uint64_t mixed = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		mixed = (mixed ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15) + (mixed >> 29);
	return (size_t)(mixed >> 20);
}

/* The slot of an event that says the same, or a free one. */
static uint32_t *find_slot(
    const struct event_list *list, const struct log_event *events, const struct log_event *event)
{
	size_t at = hash(event) & (list->slot_count - 1);
	while (
	    list->slots[at] && !record_same(&log_event_record, &events[list->slots[at] - 1], event))
		at = (at + 1) & (list->slot_count - 1);
	return &list->slots[at];
}

static bool grow(struct event_list *list, const struct log_event *events)
{
	struct event_list larger = *list;
	larger.slot_count = list->slot_count ? 2 * list->slot_count : 1024;
	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < list->slot_count; i++) {
		if (list->slots[i])
			*find_slot(&larger, events, &events[list->slots[i] - 1]) = list->slots[i];
	}
	free(list->slots);
	*list = larger;
	return true;
}

/* The last event, as one that was pasted twice, is taken away. Others than these may be logged twice in a second. False: memory is out. */
static bool drop_if_repeated(struct reading *reading)
{
	struct event_list *list = reading->events;
	struct snapshot *snapshot = reading->snapshot;
	const struct log_event *event = &snapshot->log_events[snapshot->log_event_count - 1];
	if (event->session_id == NUMBER_UNKNOWN && event->luid == LUID_UNKNOWN &&
	    event->record == NUMBER_UNKNOWN)
		return true;
	if (2 * list->used >= list->slot_count && !grow(list, snapshot->log_events))
		return false;
	uint32_t *slot = find_slot(list, snapshot->log_events, event);
	if (*slot) {
		snapshot->log_event_count--;
		return true;
	}
	*slot = (uint32_t)snapshot->log_event_count;
	list->used++;
	return true;
}

/* ---- the list ---- */

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
	return drop_if_repeated(reading);
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
	if (reading->events)
		free(reading->events->slots);
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
	uint32_t *slot = list->used ? find_slot(list, reading->snapshot->log_events, last) : NULL;
	if (slot && *slot == count)
		*slot = (uint32_t)count + 1;
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
