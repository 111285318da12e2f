/* The port to Windows itself: who logs on is known from session notifications and from looking around once a second;
 * where sessions cannot be listed, from new processes of a given name (each stands for a logon, its process ID for the
 * session ID). */
#include "grabber/port.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <wtsapi32.h>

#include "grabber/win32/control.h"
#include "grabber/win32/shapes.h"
#include "grabber/win32/users.h"
#include "windows/win32.h"

#define USERS_MOST 4096
#define POLL_SESSIONS 1000 /* ms; notifications come first where they come at all */
#define POLL_PROCESSES 100 /* ms */
#define TRIES 5            /* for a session whose token is not available yet */

struct user {
	struct logon logon; /* session: or the process ID, if processes are watched */
	unsigned tries;     /* without a token; TRIES: given up */
	bool told;
	bool there; /* at the last look */
};

struct news {
	enum port_news news;
	struct logon logon;
};

struct port {
	wchar_t *watch; /* image name; NULL: sessions are watched */
	HWND window;
	struct user users[USERS_MOST];
	size_t user_count;
	struct news news[2 * USERS_MOST]; /* found at one look, at most */
	size_t news_first;
	size_t news_count;
	ULONGLONG next_look; /* ms since boot */
	bool listed;         /* the last look found a list */
	char error[PORT_ERROR_SIZE];
};

__attribute__((format(PRINTF_FORMAT, 2, 3))) static bool fail(
    struct port *port, const char *format, ...)
{
	char what[PORT_ERROR_SIZE / 2];
	char why[WIN32_ERROR_SIZE];
	const DWORD code = GetLastError();
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	snprintf(port->error, sizeof(port->error), "%s: %s", what, win32_error(code, why));
	return false;
}

static LRESULT CALLBACK window_message(HWND window, UINT message, WPARAM wide, LPARAM length)
{
	switch (message) {
	case WM_WTSSESSION_CHANGE:
		control_session((DWORD)wide, (DWORD)length);
		return 0;
	case WM_CLOSE: /* taskkill without /F */
		control_stop();
		return 0;
	default:
		return DefWindowProcW(window, message, wide, length);
	}
}

/* A window that is never seen. Without it there is still the looking around, so failure is no end. */
static void open_window(struct port *port)
{
	const WNDCLASSW class = {.lpfnWndProc = window_message,
	    .hInstance = GetModuleHandleW(NULL),
	    .lpszClassName = L"leaklab-grabber"};

	RegisterClassW(&class);
	port->window = CreateWindowExW(0, class.lpszClassName, class.lpszClassName, 0, 0, 0, 0, 0,
	    HWND_MESSAGE, NULL, class.hInstance, NULL);
	if (port->window)
		WTSRegisterSessionNotification(port->window, NOTIFY_FOR_ALL_SESSIONS);
}

struct port *port_open(const char *where, const char *image, char error[PORT_ERROR_SIZE])
{
	struct port *port = calloc(1, sizeof(*port));

	(void)image;

	if (!port || !control_open() || (where && !(port->watch = utf16(where)))) {
		snprintf(error, PORT_ERROR_SIZE, "out of memory, or of handles");
		port_close_all(port);
		return NULL;
	}
	/* Needed for tokens of other users' processes only, and said there if it is missing. */
	enable_privilege(SE_DEBUG_NAME);
	open_window(port);
	return port;
}

void port_close_all(struct port *port)
{
	if (!port)
		return;
	if (port->window) {
		WTSUnRegisterSessionNotification(port->window);
		DestroyWindow(port->window);
	}
	free(port->watch);
	free(port);
}

uint64_t port_pid(const struct port *port)
{
	(void)port;
	return GetCurrentProcessId();
}

static bool open_token(const struct port *port, uint32_t session, HANDLE *out)
{
	return port->watch ? users_process_token(session, out) : users_session_token(session, out);
}

static struct user *find_user(struct port *port, uint32_t session)
{
	for (size_t i = 0; i < port->user_count; i++)
		if (port->users[i].logon.session == session)
			return &port->users[i];
	return NULL;
}

static void tell(struct port *port, enum port_news news, const struct logon *logon)
{
	if (port->news_first == port->news_count)
		port->news_first = port->news_count = 0;
	if (port->news_count < 2 * USERS_MOST)
		port->news[port->news_count++] = (struct news){news, *logon};
}

/* A user is there. Whoever has no token yet is tried some more times, as the user of a session that is just being made. */
static void see_user(struct port *port, uint32_t session)
{
	struct user *user = find_user(port, session);
	uint64_t luid = 0;
	HANDLE token;

	if (!user) {
		if (port->user_count == USERS_MOST)
			return;
		user = &port->users[port->user_count++];
		*user = (struct user){.logon.session = session};
	}
	user->there = true;
	if (user->told && (port->watch || user->tries == TRIES))
		return;
	if (!open_token(port, session, &token)) {
		if (user->told || ++user->tries < TRIES)
			return;
	} else {
		users_token_luid(token, &luid);
		CloseHandle(token);
		if (user->told && luid == user->logon.luid)
			return;
	}
	user->logon.luid = luid;
	if (!port->watch)
		users_account(session, user->logon.account, sizeof(user->logon.account));
	user->told = true;
	tell(port, PORT_LOGON, &user->logon);
}

static void lose_user(struct port *port, struct user *user)
{
	if (user->told)
		tell(port, PORT_LOGOFF, &user->logon);
	*user = port->users[--port->user_count];
}

static void look(struct port *port)
{
	static uint32_t found[USERS_MOST];
	size_t count;

	port->next_look = GetTickCount64() + (port->watch ? POLL_PROCESSES : POLL_SESSIONS);
	port->listed = port->watch ? users_processes(port->watch, found, USERS_MOST, &count)
	                           : users_sessions(found, USERS_MOST, &count);
	if (!port->listed)
		return; /* nothing is known, so nobody has gone either */
	for (size_t i = 0; i < port->user_count; i++)
		port->users[i].there = false;
	for (size_t i = 0; i < count; i++)
		see_user(port, found[i]);
	for (size_t i = port->user_count; i-- > 0;)
		if (!port->users[i].there)
			lose_user(port, &port->users[i]);
}

static void take_notices(struct port *port)
{
	uint32_t session;
	bool logon;

	while (control_session_take(&logon, &session)) {
		struct user *user = find_user(port, session);

		if (port->watch)
			continue;
		if (logon)
			see_user(port, session);
		else if (port->listed)
			port->next_look = 0; /* the list still has the user for a moment, maybe */
		else if (user)
			lose_user(port, user);
	}
}

static void pump_messages(void)
{
	MSG message;

	while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
		DispatchMessageW(&message);
}

enum port_news port_wait(struct port *port, struct logon *logon)
{
	for (;;) {
		if (port->news_first < port->news_count) {
			const struct news *news = &port->news[port->news_first++];
			*logon = news->logon;
			return news->news;
		}
		const ULONGLONG now = GetTickCount64();
		if (now >= port->next_look) {
			look(port);
			continue;
		}
		switch (MsgWaitForMultipleObjects(CONTROL_COUNT, control_events(), FALSE,
		    (DWORD)(port->next_look - now), QS_ALLINPUT)) {
		case WAIT_OBJECT_0 + CONTROL_STOP:
			return PORT_STOP;
		case WAIT_OBJECT_0 + CONTROL_RELEASE:
			return PORT_RELEASE;
		case WAIT_OBJECT_0 + CONTROL_SESSION:
			take_notices(port);
			break;
		case WAIT_OBJECT_0 + CONTROL_COUNT:
			pump_messages();
			break;
		case WAIT_FAILED:
			fail(port, "waiting for news");
			return PORT_LOST;
		default:
			break;
		}
	}
}

size_t port_logons(struct port *port, struct logon *out, size_t room)
{
	size_t count = 0;

	look(port);
	while (port->news_first < port->news_count) {
		const struct news *news = &port->news[port->news_first++];

		if (news->news == PORT_LOGON && count < room)
			out[count++] = news->logon;
	}
	return count;
}

const char *port_refuses(const struct port *port, enum port_what what, enum port_how how)
{
	if (!port->watch)
		return NULL;
	if (what == TAKE_WINLOGON || what == TAKE_DWM)
		return "--watch is for a host that does not list its sessions, so there is no winlogon.exe or dwm.exe to take from";
	if (how == BY_LOGON || how == BY_S4U)
		return "--watch does not know whose the processes are, so no user can be logged on";
	return NULL;
}

/* The process whose token or handle is taken. */
static bool find_process(
    struct port *port, const struct logon *logon, enum port_what what, uint32_t *pid)
{
	static const wchar_t *const images[] = {
	    [TAKE_WINLOGON] = L"winlogon.exe", [TAKE_DWM] = L"dwm.exe"};

	if (port->watch) {
		*pid = logon->session;
		return true;
	}
	if (what >= TAKE_PROCESS ? users_shell(logon->session, pid)
	                         : shapes_find_process(logon->session, images[what], pid))
		return true;
	return fail(port, "looking for the process in session %u", logon->session);
}

static bool take_process(
    struct port *port, const struct logon *logon, enum port_what what, HANDLE *out)
{
	uint32_t pid;

	if (!find_process(port, logon, what, &pid))
		return false;
	if (what == TAKE_PROCESS)
		return shapes_open_process(pid, out) || fail(port, "OpenProcess of %u", pid);
	if (what == TAKE_THREAD)
		return shapes_open_thread(pid, out) || fail(port, "OpenThread of process %u", pid);
	return users_process_token(pid, out) || fail(port, "OpenProcessToken of %u", pid);
}

bool port_take(struct port *port, const struct logon *logon, enum port_what what, port_handle *out)
{
	HANDLE taken;

	if (what != TAKE_TOKEN) {
		if (!take_process(port, logon, what, &taken))
			return false;
	} else if (!open_token(port, logon->session, &taken)) {
		return fail(port,
		    port->watch ? "opening the token of process %u"
		                : "the token of session %u (LocalSystem gets it by "
		                  "WTSQueryUserToken: run as a service)",
		    logon->session);
	}
	*out = (uintptr_t)taken;
	return true;
}

bool port_copy(struct port *port, port_handle token, enum port_how how, port_handle *out)
{
	HANDLE copy;

	if (how == BY_RESTRICTED
	        ? !shapes_restrict((HANDLE)(uintptr_t)token, &copy)
	        : !DuplicateToken((HANDLE)(uintptr_t)token, SecurityIdentification, &copy))
		return fail(
		    port, how == BY_RESTRICTED ? "CreateRestrictedToken" : "DuplicateToken");
	*out = (uintptr_t)copy;
	return true;
}

/* A program in the session; where processes are watched, one like them. */
static size_t run(struct port *port, const struct logon *logon, port_handle out[PORT_MADE])
{
	HANDLE token = NULL, made[PORT_MADE];

	if (!port->watch && !open_token(port, logon->session, &token))
		return fail(port, "the token of session %u", logon->session);
	const bool good = shapes_run(token, made);
	if (!good)
		fail(port, "CreateProcessAsUser (which LocalSystem may: run as a service)");
	if (token)
		CloseHandle(token);
	for (int i = 0; good && i < PORT_MADE; i++)
		out[i] = (uintptr_t)made[i];
	return good ? PORT_MADE : 0;
}

size_t port_make(
    struct port *port, const struct logon *logon, enum port_how how, port_handle out[PORT_MADE])
{
	HANDLE token;

	if (how == BY_PROCESS_INFORMATION)
		return run(port, logon, out);
	if (how == BY_S4U ? !shapes_s4u(logon->account, &token)
	                  : !shapes_logon(logon->account, &token))
		return fail(port,
		    how == BY_S4U ? "LsaLogonUser for %s"
		                  : "LogonUser for %s (its password is taken from "
		                    "LEAKLAB_GRABBER_PASSWORD)",
		    logon->account);
	out[0] = (uintptr_t)token;
	return 1;
}

bool port_restart(struct port *port)
{
	SetLastError(ERROR_NOT_SUPPORTED);
	return fail(port, "a program cannot end and go on: restart the service instead");
}

bool port_close_handle(struct port *port, port_handle handle)
{
	return CloseHandle((HANDLE)(uintptr_t)handle) || fail(port, "CloseHandle");
}

const char *port_error(const struct port *port)
{
	return port->error;
}
