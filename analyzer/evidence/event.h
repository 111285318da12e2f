/* Which events of Windows' logs tell of sessions, logons and boots, and what such an event has to say. */
#ifndef LEAKLAB_EVENT_H
#define LEAKLAB_EVENT_H

#include "evidence/snapshot.h"

enum event_kind {
	EVENT_OTHER,
	EVENT_SESSION_LOGON,      /* LocalSessionManager 21 */
	EVENT_SESSION_SHELL,      /* 22 */
	EVENT_SESSION_LOGOFF,     /* 23 */
	EVENT_SESSION_DISCONNECT, /* 24; 39: by another session; 40: with a reason */
	EVENT_SESSION_RECONNECT,  /* 25 */
	EVENT_SESSION_CONNECT,    /* 41, 42: somebody connects, who need not log on */
	EVENT_LOGON,              /* Security 4624 */
	EVENT_LOGOFF,             /* 4634: the logon session is gone */
	EVENT_LOGOFF_STARTED,     /* 4647: its user logs off */
	EVENT_BOOT,
	EVENT_GAP, /* rows that were not understood: any */
};

#define EVENT_ID_LOGON 4624

/* True if an event with this ID is one of these in some log. */
bool event_id_is_known(int64_t number);
/* By its ID and log; where no log is named, by its ID and what it says. */
enum event_kind event_kind_of(const struct log_event *event);
/* False if it is, or may be, one of these and lacks the session or the logon session that it tells of. */
bool event_is_whole(const struct log_event *event);
/* Whether the log of an event that has this ID is the one that gives it its meaning; YES_NO_UNKNOWN: none is named. NO also for an ID that means
 * nothing here. */
enum yes_no event_is_of_log(const struct log_event *event);

#endif
