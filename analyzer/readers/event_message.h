/* The texts of events in English, where their fields have no columns of their own. Inside this folder. */
#ifndef LEAKLAB_EVENT_MESSAGE_H
#define LEAKLAB_EVENT_MESSAGE_H

#include "readers/format.h"

/* Fills in what the message tells of an event whose ID and provider are known. Messages of events that tell of no session and no logon are not
 * looked into. False if it is no such message in English; sets *failed if memory is out. */
bool event_message_read(
    struct reading *reading, struct span message, struct log_event *event, bool *failed);

#endif
