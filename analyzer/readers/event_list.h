/* The events of a text. Inside this folder. */
#ifndef LEAKLAB_EVENT_LIST_H
#define LEAKLAB_EVENT_LIST_H

#include "readers/format.h"

/* What to do about events that are left over. */
#define EVENT_ADVICE                                                                               \
	"of messages only English ones are read; \"wevtutil qe LOG /f:xml\" has the fields by name, in every language"

/* Begins a line that stands for events which are missing in a log. */
#define EVENT_HOLE "(records "

/* Takes over the record. False: memory is out. */
bool event_list_add(struct reading *reading, const void *event);
/* True if rows of events were left over. */
bool event_list_has_gaps(const struct reading *reading);

#endif
