#include "probe/sessions.h"

#include <stdlib.h>

#include <windows.h>
#include <wtsapi32.h>

#include "probe/win32.h"

static const char *state_name(WTS_CONNECTSTATE_CLASS state)
{
	/* As query session prints them in English. */
	static const char *const names[] = {
	    "Active", "Conn", "ConnQ", "Shadow", "Disc", "Idle", "Listen", "Reset", "Down", "Init"};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}

static void write_text(struct json *json, const char *key, const wchar_t *wide)
{
	char *text = wide && *wide ? utf8(wide, -1) : NULL;

	json_text(json, key, text);
	free(text);
}

static void write_fact(struct json *json, const char *key, DWORD session, WTS_INFO_CLASS what)
{
	wchar_t *text = NULL;
	DWORD size = 0;

	if (!WTSQuerySessionInformationW(WTS_CURRENT_SERVER_HANDLE, session, what, &text, &size))
		return;
	if (size >= sizeof(*text))
		write_text(json, key, text);
	WTSFreeMemory(text);
}

bool sessions_write(struct json *json, unsigned long *error)
{
	WTS_SESSION_INFOW *sessions = NULL;
	DWORD count = 0;

	SetLastError(0);
	if (!WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &sessions, &count)) {
		*error = GetLastError();
		return false;
	}
	*error = 0;
	if (count > 0)
		json_begin(json, "sessions", '[');
	for (DWORD i = 0; i < count; i++) {
		json_begin(json, NULL, '{');
		json_number(json, "id", sessions[i].SessionId);
		write_text(json, "name", sessions[i].pWinStationName);
		write_fact(json, "user", sessions[i].SessionId, WTSUserName);
		write_fact(json, "domain", sessions[i].SessionId, WTSDomainName);
		json_text(json, "state", state_name(sessions[i].State));
		json_end(json);
	}
	if (count > 0)
		json_end(json);
	WTSFreeMemory(sessions);
	return count > 0;
}
