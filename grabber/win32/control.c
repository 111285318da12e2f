#include "grabber/win32/control.h"

#include <wtsapi32.h>

/* More logons than that between two polls are found by polling. */
#define NOTICES_MOST 1024

struct notice {
	bool logon;
	uint32_t session;
};

static struct {
	HANDLE events[CONTROL_COUNT];
	CRITICAL_SECTION lock;
	struct notice notices[NOTICES_MOST];
	size_t first;
	size_t count;
} control;

bool control_open(void)
{
	if (control.events[0])
		return true;
	InitializeCriticalSection(&control.lock);
	for (size_t i = 0; i < CONTROL_COUNT; i++) {
		control.events[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
		if (!control.events[i])
			return false;
	}
	return true;
}

const HANDLE *control_events(void)
{
	return control.events;
}

void control_stop(void)
{
	SetEvent(control.events[CONTROL_STOP]);
}

void control_release(void)
{
	SetEvent(control.events[CONTROL_RELEASE]);
}

void control_session(DWORD what, DWORD session)
{
	if (what != WTS_SESSION_LOGON && what != WTS_SESSION_LOGOFF)
		return;
	EnterCriticalSection(&control.lock);
	if (control.count < NOTICES_MOST) {
		const size_t at = (control.first + control.count++) % NOTICES_MOST;
		control.notices[at] = (struct notice){what == WTS_SESSION_LOGON, session};
	}
	LeaveCriticalSection(&control.lock);
	SetEvent(control.events[CONTROL_SESSION]);
}

bool control_session_take(bool *logon, uint32_t *session)
{
	EnterCriticalSection(&control.lock);
	const bool any = control.count > 0;
	if (any) {
		*logon = control.notices[control.first].logon;
		*session = control.notices[control.first].session;
		control.first = (control.first + 1) % NOTICES_MOST;
		control.count--;
	}
	LeaveCriticalSection(&control.lock);
	return any;
}
