/* Stands in for what wine lacks: users who log on, session notices, and other things that a host does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <wtsapi32.h>

#include "grabber/win32/users.h"

/* A process like a user's: there until its standard input ends. */
static int user(void)
{
	printf("%lu\n", GetCurrentProcessId());
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

static int post(UINT message, WPARAM wide, LPARAM length)
{
	HWND window = FindWindowExW(HWND_MESSAGE, NULL, L"leaklab-grabber", NULL);

	return window && PostMessageW(window, message, wide, length) ? 0 : 1;
}

/* What `sc.exe control SERVICE paramchange` does. */
static int paramchange(const char *name)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = manager ? OpenServiceA(manager, name, SERVICE_PAUSE_CONTINUE) : NULL;
	SERVICE_STATUS status;

	return service && ControlService(service, SERVICE_CONTROL_PARAMCHANGE, &status) ? 0 : 1;
}

/* What the grabber takes where it may not ask for the user's token; wine lets everybody ask. */
static int person(DWORD session)
{
	TOKEN_TYPE type;
	DWORD length;
	HANDLE token;

	if (!users_person_token(session, &token))
		return 1;
	return GetTokenInformation(token, TokenType, &type, sizeof(type), &length) &&
	               type == TokenPrimary
	           ? 0
	           : 1;
}

static DWORD WINAPI read_for_ever(void *pipe)
{
	char byte;
	DWORD got;

	return ReadFile(pipe, &byte, 1, &got, NULL) ? 0 : 1;
}

/* Holds many handles, and one end of a pipe on which a read is waiting: to ask for that one's name would take as long
 * as the read. */
static int hoard(unsigned count)
{
	HANDLE reading;
	HANDLE writing;
	HANDLE first = CreateEventW(NULL, TRUE, FALSE, NULL);

	if (!first || !CreatePipe(&reading, &writing, NULL, 0) ||
	    !CreateThread(NULL, 0, read_for_ever, reading, 0, NULL))
		return 1;
	for (unsigned i = 1; i < count; i++) {
		HANDLE copy;

		if (!DuplicateHandle(GetCurrentProcess(), first, GetCurrentProcess(), &copy, 0,
		        FALSE, DUPLICATE_SAME_ACCESS))
			return 1;
	}
	return user();
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(verb, "user") == 0)
		return user();
	if (strcmp(verb, "logon") == 0)
		return post(WM_WTSSESSION_CHANGE, WTS_SESSION_LOGON, number);
	if (strcmp(verb, "logoff") == 0)
		return post(WM_WTSSESSION_CHANGE, WTS_SESSION_LOGOFF, number);
	if (strcmp(verb, "close") == 0)
		return post(WM_CLOSE, 0, 0);
	if (strcmp(verb, "paramchange") == 0)
		return paramchange(argc > 2 ? argv[2] : "");
	if (strcmp(verb, "person") == 0)
		return person((DWORD)number);
	if (strcmp(verb, "hoard") == 0)
		return hoard((unsigned)number);
	fputs("usage: stand-in user | logon ID | logoff ID | close | paramchange SERVICE | "
	      "person ID | hoard N\n",
	    stderr);
	return 2;
}
