#include "probe/targets.h"

#include <stdlib.h>

#include "probe/nt.h"
#include "windows/win32.h"

static int64_t number(FILETIME time)
{
	return (int64_t)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime);
}

bool target_copy(HANDLE process, uint64_t value, bool is_thread, HANDLE *out)
{
	const DWORD access =
	    is_thread ? THREAD_QUERY_LIMITED_INFORMATION : PROCESS_QUERY_LIMITED_INFORMATION;

	return DuplicateHandle(
	    process, (HANDLE)(uintptr_t)value, GetCurrentProcess(), out, access, FALSE, 0);
}

/* The file name of a process' image, also of one that has exited; to free(). NULL: it is not told. */
static char *process_file_name(HANDLE process)
{
	union {
		UNICODE_STRING name;
		uint8_t room[2048];
	} answer;
	ULONG length;

	if (NtQueryInformationProcess(process, (PROCESSINFOCLASS)NT_PROCESS_IMAGE, &answer,
	        sizeof(answer), &length) != 0 ||
	    !answer.name.Buffer || answer.name.Length == 0)
		return NULL;
	const int count = answer.name.Length / 2;
	int at = count;
	while (at > 0 && answer.name.Buffer[at - 1] != L'\\')
		at--;
	return at < count ? utf8(answer.name.Buffer + at, count - at) : NULL;
}

/* One that a handle leads to, or the process of a thread. */
static bool query_process(HANDLE process, struct target *out, HANDLE *token)
{
	FILETIME started, ended, kernel, user;
	DWORD session;

	if (!GetProcessTimes(process, &started, &ended, &kernel, &user))
		return false;
	out->started = number(started);
	out->ended = number(ended);
	out->exited = out->ended != 0;
	if (!out->exited)
		return true;
	out->image = process_file_name(process);
	if (OpenProcessToken(process, TOKEN_QUERY, token))
		out->has_token = token_query(*token, &out->token);
	else
		*token = NULL;
	if (out->has_token)
		out->session = out->token.session;
	else if (ProcessIdToSessionId((DWORD)out->pid, &session))
		out->session = session;
	return true;
}

bool target_query(HANDLE copy, bool is_thread, struct target *out, HANDLE *token)
{
	struct target target = {.session = -1};
	HANDLE process = copy;

	*token = NULL;
	if (is_thread) {
		struct nt_thread_basic basic;
		ULONG length;

		if (NtQueryInformationThread(copy, (THREADINFOCLASS)NT_THREAD_BASIC, &basic,
		        sizeof(basic), &length) != 0)
			return false;
		target.pid = basic.pid;
		target.tid = basic.tid;
		/* It can be opened by its ID as long as its object is there, and a thread keeps that. */
		process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)target.pid);
		if (!process)
			return false;
	} else {
		target.pid = GetProcessId(copy);
		if (target.pid == 0)
			return false;
	}
	const bool good = query_process(process, &target, token);
	if (is_thread)
		CloseHandle(process);
	if (good)
		*out = target;
	return good;
}
