#include "grabber/win32/service.h"

#include <stdio.h>
#include <stdlib.h>

#include <windows.h>

#include "grabber/program.h"
#include "grabber/win32/control.h"
#include "grabber/win32/folder.h"
#include "windows/win32.h"

#define SERVICE_NAME L"leaklab-grabber"
#define COMMAND_SIZE 4096
#define STOP_WAIT 30000 /* ms */

static int fail(const char *what)
{
	char why[WIN32_ERROR_SIZE];

	fprintf(stderr, "leaklab-grabber: %s: %s\n", what, win32_error(GetLastError(), why));
	return EXIT_TARGET;
}

static bool append(wchar_t command[COMMAND_SIZE], const wchar_t *text)
{
	if (wcslen(command) + wcslen(text) + 1 > COMMAND_SIZE)
		return false;
	wcscat(command, text);
	return true;
}

/* A backslash before the closing quotation mark would make it one of the argument's. */
static bool is_quotable(const wchar_t *argument)
{
	const size_t length = wcslen(argument);

	return !wcschr(argument, L'"') && !(length && argument[length - 1] == L'\\');
}

/* The command line in which each argument is quoted. An argument that would need more than that is refused: none of ours
 * does. */
static bool service_command(int argc, wchar_t **argv, wchar_t command[COMMAND_SIZE])
{
	wchar_t path[MAX_PATH];
	const DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);

	*command = L'\0';
	if (length == 0 || length == MAX_PATH || !append(command, L"\"") ||
	    !append(command, path) || !append(command, L"\" --service"))
		return false;
	for (int i = 0; i < argc; i++)
		if (!is_quotable(argv[i]) || !append(command, L" \"") ||
		    !append(command, argv[i]) || !append(command, L"\""))
			return false;
	return true;
}

/* Says what is to be done about a folder where others than administrators may write. */
static bool is_folder_safe(void)
{
	wchar_t path[MAX_PATH];
	bool open = true;
	const DWORD error = folder_is_open(path, &open);

	if (error != ERROR_SUCCESS) {
		SetLastError(error);
		fail("checking who may write to the program's folder");
		return false;
	}
	if (!open)
		return true;
	char *name = utf8(path, -1);
	fprintf(stderr,
	    "leaklab-grabber: %s: ordinary users may write there, or one of them owns it, and "
	    "could have the service run what they like as LocalSystem. Put the program into a "
	    "folder that only administrators may write to:\n"
	    "%s",
	    name ? name : "its folder", SERVICE_FOLDER);
	free(name);
	return false;
}

int service_install(int argc, wchar_t **argv)
{
	wchar_t command[COMMAND_SIZE];
	int code = EXIT_CLEAN;

	if (!service_command(argc, argv, command)) {
		fputs("leaklab-grabber: the service's command line is too long, or an argument has "
		      "a quotation mark in it or a backslash at its end\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (!is_folder_safe())
		return EXIT_TARGET;
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
	if (!manager)
		return fail("opening the service manager (run as administrator)");
	SC_HANDLE service = CreateServiceW(manager, SERVICE_NAME, L"leaklab grabber (leaks)",
	    SERVICE_START | DELETE, SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
	    SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, NULL, NULL);
	if (!service) {
		code = fail("creating the service");
	} else if (!StartServiceW(service, 0, NULL)) {
		code = fail("starting the service; it is taken off again");
		DeleteService(service);
	} else {
		puts("leaklab-grabber: installed and started; its log is beside the program");
	}
	if (service)
		CloseServiceHandle(service);
	CloseServiceHandle(manager);
	return code;
}

static bool is_stopped(SC_HANDLE service)
{
	SERVICE_STATUS status;

	return QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_STOPPED;
}

/* The process must be seen to end, or its program file could not be deleted yet. The service manager tells of no end
 * before Windows 8, so it is asked again and again. */
static bool stop(SC_HANDLE service)
{
	const ULONGLONG end = GetTickCount64() + STOP_WAIT;
	SERVICE_STATUS status;

	ControlService(service, SERVICE_CONTROL_STOP, &status);
	while (!is_stopped(service)) {
		if (GetTickCount64() > end) {
			SetLastError(ERROR_SERVICE_REQUEST_TIMEOUT);
			return false;
		}
		Sleep(50);
	}
	return true;
}

int service_uninstall(void)
{
	int code = EXIT_CLEAN;
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);

	if (!manager)
		return fail("opening the service manager");
	SC_HANDLE service =
	    OpenServiceW(manager, SERVICE_NAME, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
	if (!service)
		code = fail("opening the service");
	else if (!stop(service))
		code = fail("stopping the service");
	else if (!DeleteService(service))
		code = fail("deleting the service");
	else
		puts("leaklab-grabber: stopped and uninstalled; what it held went with it");
	if (service)
		CloseServiceHandle(service);
	CloseServiceHandle(manager);
	return code;
}

/* The service manager passes no data to ServiceMain. */
static struct {
	const struct options *options;
	SERVICE_STATUS_HANDLE handle;
	FILE *log;
	int code;
} running;

static void set_state(DWORD state)
{
	SERVICE_STATUS status = {
	    .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
	    .dwCurrentState = state,
	    .dwControlsAccepted = state == SERVICE_RUNNING
	                              ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN |
	                                    SERVICE_ACCEPT_PARAMCHANGE |
	                                    SERVICE_ACCEPT_SESSIONCHANGE
	                              : 0,
	    .dwWin32ExitCode = running.code ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR,
	    .dwServiceSpecificExitCode = (DWORD)running.code,
	};

	SetServiceStatus(running.handle, &status);
}

static DWORD WINAPI handle_control(DWORD what, DWORD type, void *data, void *context)
{
	(void)context;
	switch (what) {
	case SERVICE_CONTROL_STOP:
	case SERVICE_CONTROL_SHUTDOWN:
		set_state(SERVICE_STOP_PENDING);
		control_stop();
		return NO_ERROR;
	case SERVICE_CONTROL_PARAMCHANGE:
		control_release();
		return NO_ERROR;
	case SERVICE_CONTROL_SESSIONCHANGE:
		control_session(type, ((const WTSSESSION_NOTIFICATION *)data)->dwSessionId);
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE:
		return NO_ERROR;
	default:
		return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
	(void)argc;
	(void)argv;
	running.handle = RegisterServiceCtrlHandlerExW(SERVICE_NAME, handle_control, NULL);
	if (!running.handle)
		return;
	set_state(SERVICE_RUNNING);
	running.code = program_run(running.options, running.options->where, running.log);
	fflush(running.log);
	set_state(SERVICE_STOPPED);
}

/* A service has no console: what would go there goes to a file beside the program, where only those who may replace
 * the program can have put something else. */
static bool open_log(void)
{
	wchar_t path[MAX_PATH + 8];
	const DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);

	if (length == 0 || length == MAX_PATH)
		return false;
	wcscpy(path + length, L".log");
	running.log = _wfopen(path, L"a");
	if (!running.log)
		return false;
	setvbuf(running.log, NULL, _IONBF, 0);
	return true;
}

int service_run(const struct options *options)
{
	wchar_t name[] = SERVICE_NAME;
	const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};

	running.options = options;
	if (!control_open() || !open_log())
		return EXIT_TARGET;
	if (!StartServiceCtrlDispatcherW(table))
		return fail("--service is for the service manager alone; --install-service "
		            "installs it");
	return running.code;
}
