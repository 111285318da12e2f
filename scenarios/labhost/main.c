/* leaklab-labhost: the stage when no Windows session host is at hand. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/own_folder.h"
#include "common/streams.h"
#include "common/version.h"
#include "labhost/labhost.h"

const char *argp_program_version = LABHOST_PROGRAM " " LEAKLAB_VERSION;

/* Returns only if the program cannot be started. */
static int become_server(int argc, char **argv)
{
	char folder[PATH_MAX], path[PATH_MAX + 32];
	struct error error;

	(void)argc;
	if (!own_folder(folder, &error))
		return error_print(&error, LABHOST_PROGRAM);
	snprintf(path, sizeof(path), "%s/" LABHOST_SERVER, folder);
	execv(path, argv);
	fprintf(stderr,
	    LABHOST_PROGRAM ": serve: %s: %s: install all of leaklab-lab, or build again\n", path,
	    strerror(errno));
	return EXIT_TARGET;
}

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
    {"serve", become_server},
    {"show", labhost_ask},
    {"logoff", labhost_ask},
    {"hold-kernel-reference", labhost_ask},
    {"release-kernel-references", labhost_ask},
    {"close", labhost_ask},
    {"reboot", labhost_ask},
    {"crash", labhost_crash},
    {"sandbox", labhost_sandbox},
};

static const char documentation[] =
    "A Remote Desktop Session Host for the lab: real RDP outside, and inside a model of what "
    "Windows keeps about "
    "sessions, logon sessions, tokens and handles.\v"
    "Verbs:\n"
    "  serve                          run a lab host; see `serve --help'\n"
    "  show qwinsta                   its sessions, as qwinsta prints them\n"
    "  show logonsessions [LUID]      its logon sessions, as logonsessions prints them\n"
    "  show handle [LUID]             token and directory handles, as handle -a prints them\n"
    "  show snapshot                  all of it, as leaklab-probe's JSON\n"
    "  logoff SESSION-ID              log a session off, as logoff.exe does; with --user NAME\n"
    "                                 and --logon TIME only if it is that user's\n"
    "  hold-kernel-reference SESSION-ID   refer to its token where no handle viewer looks\n"
    "  release-kernel-references      release all of those\n"
    "  close PID:HANDLE               close a process' handle, as handle -c does\n"
    "  reboot                         drop everybody, and forget everything\n"
    "  sandbox ACCOUNT                log an account on as a sandbox does: restrict its token,\n"
    "                                 exit; see `sandbox --help'\n"
    "  crash                          write all of it as a memory dump; see `crash --help'\n\n"
    "All but serve take --control PATH, by default $LAB_CONTROL.\n\n"
    "Exit codes: 0 done; 2 usage; 4 the lab host cannot be reached, or refuses.\n\n"
    "Example:\n"
    "  leaklab-labhost serve --dir /tmp/lab --port 33890 &\n"
    "  leaklab-labhost show qwinsta --control /tmp/lab/control.sock\n";

static error_t parse(int key, char *text, struct argp_state *state)
{
	(void)text;
	if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "a verb is needed; --help lists them");
	return 0;
}

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct argp argp = {0, parse, "VERB [ARGUMENT...]", documentation, 0, 0, 0};
	const struct verb *verb;
	char name[128];

	streams_hold();
	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2 || argv[1][0] == '-') {
		argp_parse(&argp, argc, argv, 0, 0, NULL);
		return EXIT_USAGE;
	}
	verb = verb_find(argv[1]);
	if (!verb) {
		fprintf(stderr, LABHOST_PROGRAM ": %s: no such verb; --help lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	snprintf(name, sizeof(name), LABHOST_PROGRAM " %s", verb->name);
	argv[1] = name;
	return verb->run(argc - 1, argv + 1);
}
