#include "probe/logoff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <wtsapi32.h>

#include "windows/win32.h"

#define EXIT_GOOD 0
#define EXIT_USAGE 2
#define EXIT_TARGET 4
#define SLACK                                                                                      \
	(120 *                                                                                     \
	    INT64_C(                                                                               \
	        10000000)) /* in FILETIME's units: clocks differ, and a profile takes its time */

struct wanted {
	wchar_t *user;
	wchar_t *domain; /* empty: whichever */
	int64_t logon;
	int64_t id; /* -1: whichever */
};

static bool parse_time(const char *text, int64_t *out)
{
	SYSTEMTIME time = {0};
	FILETIME file;
	int length = 0;

	if (sscanf(text, "%4hu-%2hu-%2huT%2hu:%2hu:%2hu%n", &time.wYear, &time.wMonth, &time.wDay,
	        &time.wHour, &time.wMinute, &time.wSecond, &length) != 6 ||
	    (text[length] != '.' && strcmp(text + length, "Z") != 0) ||
	    text[strlen(text) - 1] != 'Z' || !SystemTimeToFileTime(&time, &file))
		return false;
	*out = (int64_t)((uint64_t)file.dwHighDateTime << 32 | file.dwLowDateTime);
	return true;
}

static bool parse_id(const char *text, int64_t *out)
{
	char *end;

	*out = -1;
	if (!text || !*text)
		return true;
	*out = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *out <= 0xffff;
}

/* Windows tells the user without the domain of a UPN, and the domain by its NetBIOS name, which no DNS name tells. */
static bool is_account(const WTSINFOW *info, const struct wanted *wanted)
{
	const size_t length = wcscspn(wanted->user, L"@");

	return wcslen(info->UserName) == length &&
	       _wcsnicmp(info->UserName, wanted->user, length) == 0 &&
	       (!*wanted->domain || wcschr(wanted->domain, L'.') ||
	           _wcsicmp(info->Domain, wanted->domain) == 0);
}

/* Says whose session it is if it is not the wanted one. */
static bool is_wanted(const struct wanted *wanted, DWORD id)
{
	WTSINFOW *info = NULL;
	DWORD size = 0;
	bool same = false;

	if (!WTSQuerySessionInformationW(
	        WTS_CURRENT_SERVER_HANDLE, id, WTSSessionInfo, (wchar_t **)&info, &size))
		return false;
	if (info && size >= sizeof(*info)) {
		const int64_t apart = info->LogonTime.QuadPart - wanted->logon;

		same = is_account(info, wanted) && apart <= SLACK && apart >= -SLACK;
		if (!same && wanted->id == (int64_t)id) {
			char *user = utf8(info->UserName, -1), *domain = utf8(info->Domain, -1);

			fprintf(stderr,
			    "leaklab-probe: session %lu is not the one that is meant: it is of %s\\%s, logged on %.0f s %s\n",
			    id, domain ? domain : "", user && *user ? user : "nobody",
			    (double)(apart < 0 ? -apart : apart) / 1e7,
			    apart < 0 ? "before" : "after");
			free(user);
			free(domain);
		}
	}
	WTSFreeMemory(info);
	return same && (wanted->id < 0 || wanted->id == (int64_t)id);
}

/* How many sessions are the wanted one; *id gets the last. -1: Windows does not say which there are. */
static int find(const struct wanted *wanted, DWORD *id)
{
	WTS_SESSION_INFOW *sessions = NULL;
	DWORD count = 0;
	int found = 0;

	if (!WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &sessions, &count))
		return -1;
	for (DWORD i = 0; i < count; i++)
		if (is_wanted(wanted, sessions[i].SessionId)) {
			*id = sessions[i].SessionId;
			found++;
		}
	WTSFreeMemory(sessions);
	return found;
}

static int fail(const char *user, const char *what)
{
	fprintf(stderr, "leaklab-probe: logoff of %s: %s\n", user, what);
	return EXIT_TARGET;
}

int session_log_off(const char *user, const char *domain, const char *logon, const char *session)
{
	struct wanted wanted;
	char why[WIN32_ERROR_SIZE];
	DWORD id = 0;

	if (!parse_time(logon, &wanted.logon) || !parse_id(session, &wanted.id)) {
		fprintf(stderr,
		    "leaklab-probe: logoff: --logon is a time in UTC like 2026-11-30T09:30:00Z, --session a number\n");
		return EXIT_USAGE;
	}
	wanted.user = utf16(user);
	wanted.domain = utf16(domain ? domain : "");
	const int found = wanted.user && wanted.domain ? find(&wanted, &id) : -2;
	free(wanted.user);
	free(wanted.domain);
	if (found == -2)
		return fail(user, "out of memory");
	if (found < 0)
		return fail(user, win32_error(GetLastError(), why));
	if (found == 0)
		return fail(user, "there is no such session (any more): nothing was logged off");
	if (found > 1)
		return fail(user, "several sessions are like that: say which, --session=ID");
	if (!WTSLogoffSession(WTS_CURRENT_SERVER_HANDLE, id, FALSE))
		return fail(user, win32_error(GetLastError(), why));
	printf("session %lu of %s is being logged off\n", id, user);
	return EXIT_GOOD;
}
