/* leaklab-grabber.exe: the reference leaker on a real host, in a console or as a service. */
#include <stdio.h>
#include <string.h>

#include <windows.h>

#include "grabber/options.h"
#include "grabber/program.h"
#include "grabber/win32/control.h"
#include "grabber/win32/service.h"
#include "windows/win32.h"

static const struct options_host windows_host = {
    .where = "watch",
    .image = NULL,
    .help = "      --watch=IMAGE     each new process of that name counts as a logon (for systems\n"
            "                        that do not list their sessions)\n",
    .release = "Ctrl-Break",
    .ending =
        "  first, and before all others:\n"
        "      --install-service   install as a service (LocalSystem) with the other options,\n"
        "                          and start it; its log is beside the program. The\n"
        "                          folder must be one that only administrators may write to\n"
        "      --uninstall-service stop it and remove it from the host\n"
        "\n"
        "Prints pid=PID and then `ready'. Ctrl-C ends it; a service with --release releases by\n"
        "`sc.exe control leaklab-grabber paramchange' (without .exe it is another command in\n"
        "PowerShell). What it holds goes with its process.\n"
        "Run it as LocalSystem (as a service), or as an administrator: then it takes the\n"
        "token of a process of the user's, explorer.exe if there is one.\n"
        "\n"
        "A folder that only administrators and the system may write to; if it is there\n"
        "already, somebody else may have made it, so take another name:\n" SERVICE_FOLDER "\n"
        "Exit codes: 0 ended as asked; 2 usage; 4 Windows refuses, or the folder is open.\n"
        "\n"
        "Example: leak at every third logon until it is asked to release, or is uninstalled:\n"
        "  leaklab-grabber --install-service --lab --every 3 --release\n",
};

static int usage_error(const char *text)
{
	fprintf(stderr, "leaklab-grabber: %s\n", text);
	return EXIT_USAGE;
}

static BOOL WINAPI handle_console(DWORD what)
{
	if (what == CTRL_BREAK_EVENT)
		control_release();
	else
		control_stop();
	return TRUE;
}

static int run_in_console(const struct options *options)
{
	if (!control_open() || !SetConsoleCtrlHandler(handle_console, TRUE))
		return EXIT_TARGET;
	return program_run(options, options->where, stderr);
}

int wmain(int argc, wchar_t **argv); /* mingw's start-up code declares it nowhere */

int wmain(int argc, wchar_t **argv)
{
	const wchar_t *first = argc > 1 ? argv[1] : L"";
	const bool install = wcscmp(first, L"--install-service") == 0;
	const bool service = wcscmp(first, L"--service") == 0;
	const int skip = install || service;
	struct options options;
	char error[256];
	char **arguments = utf8_arguments(argc, argv);

	if (!arguments)
		return usage_error("out of memory");
	if (wcscmp(first, L"--uninstall-service") == 0 && argc == 2)
		return service_uninstall();
	if (!options_parse(argc - skip, arguments + skip, &windows_host, &options, error))
		return usage_error(error);
	if (options.help || options.version) {
		if (options.help)
			options_help(stdout, &windows_host);
		else
			puts("leaklab-grabber " LEAKLAB_VERSION);
		return EXIT_CLEAN;
	}
	if (!options.lab)
		return usage_error(PROGRAM_NEEDS_LAB);
	if (install)
		return service_install(argc - 2, argv + 2);
	return service ? service_run(&options) : run_in_console(&options);
}
