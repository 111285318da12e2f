/* Times of events without a zone, by the order of day and month. Inside this folder. */
#ifndef LEAKLAB_EVENT_DATES_H
#define LEAKLAB_EVENT_DATES_H

#include "evidence/snapshot.h"

/* Makes times of texts, where the order of day and month stands in them, or where the texts together can have only one. The others stay texts. */
void event_dates_resolve(struct log_event *events, size_t count);

#endif
