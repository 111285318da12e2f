#include "grabber/win32/users.h"

#include <stdio.h>
#include <stdlib.h>

#include <wtsapi32.h>
#include <tlhelp32.h>

#include "windows/win32.h"

static bool has_user(DWORD session)
{
	wchar_t *user = NULL;
	DWORD size = 0;

	if (!WTSQuerySessionInformationW(
	        WTS_CURRENT_SERVER_HANDLE, session, WTSUserName, &user, &size))
		return false;
	const bool any = user && size > sizeof(*user) && *user;
	WTSFreeMemory(user);
	return any;
}

bool users_sessions(uint32_t *out, size_t room, size_t *count)
{
	WTS_SESSION_INFOW *sessions = NULL;
	DWORD found = 0;
	size_t users = 0;

	/* Session 0 is always there: an empty list is that of a system that does not say. */
	if (!WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &sessions, &found))
		return false;
	for (DWORD i = 0; i < found; i++)
		if (has_user(sessions[i].SessionId) && users < room)
			out[users++] = sessions[i].SessionId;
	WTSFreeMemory(sessions);
	*count = users;
	return found > 0;
}

/* Goes through all processes; `visit` says true to stop. False: there is no list. */
static bool each_process(bool (*visit)(void *data, const PROCESSENTRY32W *process), void *data)
{
	PROCESSENTRY32W process = {.dwSize = sizeof(process)};
	HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);

	if (list == INVALID_HANDLE_VALUE)
		return false;
	for (BOOL more = Process32FirstW(list, &process); more;
	     more = Process32NextW(list, &process))
		if (visit(data, &process))
			break;
	CloseHandle(list);
	return true;
}

struct image_search {
	const wchar_t *image;
	uint32_t *out;
	size_t room;
	size_t count;
};

static bool note_image(void *data, const PROCESSENTRY32W *process)
{
	struct image_search *search = data;

	if (lstrcmpiW(process->szExeFile, search->image) == 0 && search->count < search->room)
		search->out[search->count++] = process->th32ProcessID;
	return false;
}

bool users_processes(const wchar_t *image, uint32_t *out, size_t room, size_t *count)
{
	struct image_search search = {image, out, room, 0};

	if (!each_process(note_image, &search))
		return false;
	*count = search.count;
	return true;
}

bool users_process_token(uint32_t pid, HANDLE *out)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);

	if (!process)
		return false;
	const bool good = OpenProcessToken(process, TOKEN_QUERY | TOKEN_DUPLICATE, out);
	const DWORD error = GetLastError();
	CloseHandle(process);
	SetLastError(error);
	return good;
}

bool users_is_person(PSID sid)
{
	const BYTE authority = GetSidIdentifierAuthority(sid)->Value[5];
	const DWORD first = *GetSidSubAuthorityCount(sid) ? *GetSidSubAuthority(sid, 0) : 0;

	/* S-1-5-21-...: accounts of hosts and domains; S-1-12-1-...: of Entra ID. */
	return (authority == 5 && first == SECURITY_NT_NON_UNIQUE) ||
	       (authority == 12 && first == 1);
}

union user_answer {
	TOKEN_USER user;
	BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

static bool read_user(HANDLE token, union user_answer *out)
{
	DWORD length;

	return GetTokenInformation(token, TokenUser, out, sizeof(*out), &length);
}

bool users_is_oneself(PSID sid)
{
	union user_answer answer;
	HANDLE token;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return false;
	const bool same = read_user(token, &answer) && EqualSid(answer.user.User.Sid, sid);
	CloseHandle(token);
	return same;
}

struct person_search {
	DWORD session;
	HANDLE token;
	uint32_t pid;
};

/* winlogon.exe, dwm.exe and others run in a session as the system's accounts. explorer.exe is surely of the session's
 * user; a session whose shell is another program has none, so there the first person's process has to do. */
static bool note_person(void *data, const PROCESSENTRY32W *process)
{
	struct person_search *search = data;
	union user_answer answer;
	const bool shell = lstrcmpiW(process->szExeFile, L"explorer.exe") == 0;
	DWORD session;
	HANDLE token;

	if (!ProcessIdToSessionId(process->th32ProcessID, &session) || session != search->session ||
	    (search->token && !shell) || !users_process_token(process->th32ProcessID, &token))
		return false;
	if (!read_user(token, &answer) || !users_is_person(answer.user.User.Sid)) {
		CloseHandle(token);
		return false;
	}
	if (search->token)
		CloseHandle(search->token);
	search->token = token;
	search->pid = process->th32ProcessID;
	return shell;
}

bool users_person_token(uint32_t session, HANDLE *out)
{
	struct person_search search = {.session = session};

	if (!each_process(note_person, &search) || !search.token)
		return false;
	*out = search.token;
	return true;
}

bool users_shell(uint32_t session, uint32_t *pid)
{
	struct person_search search = {.session = session};

	if (!each_process(note_person, &search) || !search.token) {
		SetLastError(ERROR_NOT_FOUND);
		return false;
	}
	CloseHandle(search.token);
	*pid = search.pid;
	return true;
}

/* UTF-8, to free; NULL: it is not told. */
static char *session_text(uint32_t session, WTS_INFO_CLASS what)
{
	wchar_t *text = NULL;
	DWORD size = 0;

	if (!WTSQuerySessionInformationW(WTS_CURRENT_SERVER_HANDLE, session, what, &text, &size))
		return NULL;
	char *out = text && *text ? utf8(text, -1) : NULL;
	WTSFreeMemory(text);
	return out;
}

void users_account(uint32_t session, char *out, size_t size)
{
	char *user = session_text(session, WTSUserName);
	char *domain = session_text(session, WTSDomainName);

	snprintf(out, size, "%s%s%s", user && domain ? domain : "", user && domain ? "\\" : "",
	    user && domain ? user : "");
	free(user);
	free(domain);
}

bool users_session_token(uint32_t session, HANDLE *out)
{
	if (WTSQueryUserToken(session, out))
		return true;
	const DWORD error = GetLastError();
	if (users_person_token(session, out))
		return true;
	SetLastError(error);
	return false;
}

bool users_token_luid(HANDLE token, uint64_t *out)
{
	TOKEN_STATISTICS statistics;
	DWORD length;

	if (!GetTokenInformation(token, TokenStatistics, &statistics, sizeof(statistics), &length))
		return false;
	*out = (uint64_t)(uint32_t)statistics.AuthenticationId.HighPart << 32 |
	       statistics.AuthenticationId.LowPart;
	return true;
}
