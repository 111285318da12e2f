/* LocalSessionManager's messages are in its own manifest (wevtutil gp Microsoft-Windows-TerminalServices-LocalSessionManager /ge /gm:true);
 * Security's: https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4624, 4634, 4647, 4608. */
#include "evidence/event.h"

#include <string.h>

enum needs { NEEDS_NOTHING, NEEDS_SESSION, NEEDS_LUID };

#define SESSIONS "LocalSessionManager"

static const struct known {
	int64_t number;
	enum event_kind kind;
	enum needs needs;
	const char *log; /* a part of its provider's name, or of the log's */
} known[] = {
    {21, EVENT_SESSION_LOGON, NEEDS_SESSION, SESSIONS},
    {22, EVENT_SESSION_SHELL, NEEDS_SESSION, SESSIONS},
    {23, EVENT_SESSION_LOGOFF, NEEDS_SESSION, SESSIONS},
    {24, EVENT_SESSION_DISCONNECT, NEEDS_SESSION, SESSIONS},
    {25, EVENT_SESSION_RECONNECT, NEEDS_SESSION, SESSIONS},
    {39, EVENT_SESSION_DISCONNECT, NEEDS_SESSION, SESSIONS},
    {40, EVENT_SESSION_DISCONNECT, NEEDS_SESSION, SESSIONS},
    {41, EVENT_SESSION_CONNECT, NEEDS_SESSION, SESSIONS},
    {42, EVENT_SESSION_CONNECT, NEEDS_SESSION, SESSIONS},
    /* A plug-in was initialised, as happens when the service starts, and it starts with the host. */
    {32, EVENT_BOOT, NEEDS_NOTHING, SESSIONS},
    {EVENT_ID_LOGON, EVENT_LOGON, NEEDS_LUID, "Security"},
    {4634, EVENT_LOGOFF, NEEDS_LUID, "Security"},
    {4647, EVENT_LOGOFF_STARTED, NEEDS_LUID, "Security"},
    {4608, EVENT_BOOT, NEEDS_NOTHING, "Security"},
    {6005, EVENT_BOOT, NEEDS_NOTHING, "EventLog"},
    {12, EVENT_BOOT, NEEDS_NOTHING, "Kernel-General"},
};

static const struct known *find(int64_t number)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].number == number)
			return &known[i];
	}
	return NULL;
}

bool event_id_is_known(int64_t number)
{
	return find(number);
}

static bool has_needs(const struct log_event *event, enum needs needs)
{
	return needs == NEEDS_SESSION ? event->session_id != NUMBER_UNKNOWN
	       : needs == NEEDS_LUID  ? event->luid != LUID_UNKNOWN
	                              : true;
}

enum yes_no event_is_of_log(const struct log_event *event)
{
	const struct known *of = find(event->number);
	if (!of)
		return NO;
	if (!event->log)
		return YES_NO_UNKNOWN;
	return strcasestr(event->log, of->log) ? YES : NO;
}

enum event_kind event_kind_of(const struct log_event *event)
{
	const struct known *of = find(event->number);
	if (event->number == NUMBER_UNKNOWN)
		return EVENT_GAP;
	if (!of)
		return EVENT_OTHER;
	const enum yes_no of_log = event_is_of_log(event);
	const bool is = of_log == YES || (of_log == YES_NO_UNKNOWN && of->needs != NEEDS_NOTHING);
	return is && has_needs(event, of->needs) ? of->kind : EVENT_OTHER;
}

bool event_is_whole(const struct log_event *event)
{
	const struct known *of = find(event->number);
	return !of || event_is_of_log(event) == NO || has_needs(event, of->needs);
}
