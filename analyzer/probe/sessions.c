#include "probe/sessions.h"

#include <stdlib.h>

#include <windows.h>
#include <wtsapi32.h>

#include "probe/nt.h"
#include "probe/profiles.h"
#include "windows/win32.h"

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

/* The caller's to free(); NULL: it is not known, or empty. */
static char *ask(DWORD session, WTS_INFO_CLASS what)
{
	wchar_t *text = NULL;
	DWORD size = 0;
	char *answer = NULL;

	if (!WTSQuerySessionInformationW(WTS_CURRENT_SERVER_HANDLE, session, what, &text, &size))
		return NULL;
	if (size >= sizeof(*text) && *text)
		answer = utf8(text, -1);
	WTSFreeMemory(text);
	return answer;
}

/* When its user logged on, and when somebody connected to it and disconnected from it last. */
static void write_times(struct json *json, DWORD session)
{
	WTSINFOW *info = NULL;
	DWORD size = 0;

	if (!WTSQuerySessionInformationW(
	        WTS_CURRENT_SERVER_HANDLE, session, WTSSessionInfo, (wchar_t **)&info, &size))
		return;
	if (info && size >= sizeof(*info)) {
		json_time(json, "logon_time", info->LogonTime.QuadPart);
		json_time(json, "connect_time", info->ConnectTime.QuadPart);
		json_time(json, "disconnect_time", info->DisconnectTime.QuadPart);
	}
	WTSFreeMemory(info);
}

/* Who logged on in it, and what became of the user's profile. */
static void write_user(
    struct json *json, DWORD session, const struct logons *logons, struct profiles_seen *seen)
{
	char *user = ask(session, WTSUserName), *domain = ask(session, WTSDomainName);
	const wchar_t *sid = user ? logons_sid(logons, session, user) : NULL;
	const enum profile profile = sid ? profile_of(sid) : PROFILE_UNKNOWN;

	json_text(json, "user", user);
	json_text(json, "domain", domain);
	if (profile != PROFILE_UNKNOWN)
		json_yes_no(json, "temporary_profile", profile == PROFILE_TEMPORARY);
	seen->users += user != NULL;
	seen->unknown += user && profile == PROFILE_UNKNOWN;
	free(user);
	free(domain);
}

bool sessions_write(struct json *json, const struct logons *logons, struct profiles_seen *seen,
    unsigned long *error)
{
	WTS_SESSION_INFOW *sessions = NULL;
	DWORD count = 0;

	*seen = (struct profiles_seen){0};
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
		write_user(json, sessions[i].SessionId, logons, seen);
		json_text(json, "state", state_name(sessions[i].State));
		write_times(json, sessions[i].SessionId);
		json_end(json);
	}
	if (count > 0)
		json_end(json);
	WTSFreeMemory(sessions);
	return count > 0;
}

typedef NTSTATUS(NTAPI *open_directory)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
typedef NTSTATUS(NTAPI *query_directory)(HANDLE, void *, ULONG, BOOLEAN, BOOLEAN, ULONG *, ULONG *);

#define DIRECTORY_QUERY 1

/* "Session12"; -1: another name */
static int64_t session_of_name(const UNICODE_STRING *name)
{
	static const wchar_t word[] = L"Session";
	const size_t length = name->Length / sizeof(wchar_t),
	             skip = sizeof(word) / sizeof(wchar_t) - 1;
	int64_t id = 0;

	if (length <= skip || length > skip + 9 || wcsncmp(name->Buffer, word, skip) != 0)
		return -1;
	for (size_t i = skip; i < length; i++) {
		if (name->Buffer[i] < L'0' || name->Buffer[i] > L'9')
			return -1;
		id = id * 10 + name->Buffer[i] - L'0';
	}
	return id;
}

void session_objects_write(struct json *json)
{
	wchar_t path[] = L"\\KernelObjects";
	UNICODE_STRING name = {sizeof(path) - sizeof(*path), sizeof(path), path};
	OBJECT_ATTRIBUTES attributes = {.Length = sizeof(attributes), .ObjectName = &name};
	union {
		struct nt_directory_entry entry;
		uint8_t room[4096];
	} answer;
	ULONG context = 0, length;
	HANDLE directory;
	open_directory open =
	    (open_directory)(void *)optional_function(L"ntdll.dll", "NtOpenDirectoryObject");
	query_directory query =
	    (query_directory)(void *)optional_function(L"ntdll.dll", "NtQueryDirectoryObject");

	if (!open || !query || open(&directory, DIRECTORY_QUERY, &attributes) != 0)
		return;
	json_begin(json, "session_objects", '[');
	for (BOOLEAN first = TRUE;
	     query(directory, &answer, sizeof(answer), TRUE, first, &context, &length) == 0;
	     first = FALSE) {
		const int64_t id = session_of_name(&answer.entry.name);

		if (id >= 0)
			json_number(json, NULL, id);
	}
	json_end(json);
	CloseHandle(directory);
}
