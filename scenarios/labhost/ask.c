/* The verbs that ask a running lab host for something. */
#include "labhost/labhost.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labhost/client.h"
#include "labhost/options.h"

struct ask {
	const char *control;
	const char *verb;
	const char *arguments[2];
	unsigned count;
	char request[256];
};

static const struct argp_option options[] = {
    {"control", 'c', "PATH", 0, "Control socket of the lab host (default $LAB_CONTROL)", 0},
    {0},
};

static void want_arguments(
    struct argp_state *state, const struct ask *ask, unsigned least, unsigned most)
{
	if (ask->count < least || ask->count > most)
		argp_error(state, "%s: wrong number of arguments", ask->verb);
}

static void build_show(struct argp_state *state, struct ask *ask)
{
	static const char *const shows[] = {"qwinsta", "logonsessions", "handle", "snapshot", NULL};

	want_arguments(state, ask, 1, 2);
	option_word(state, "show", ask->arguments[0], shows);
	if (ask->count == 1)
		snprintf(ask->request, sizeof(ask->request), "SHOW what=%s", ask->arguments[0]);
	else if (strspn(ask->arguments[1], "0123456789abcdefABCDEFxX:") !=
	             strlen(ask->arguments[1]) ||
	         strlen(ask->arguments[1]) > 32)
		argp_error(state, "%s: want a LUID such as 00000000:000fd2f5", ask->arguments[1]);
	else
		snprintf(ask->request, sizeof(ask->request), "SHOW what=%s luid=%s",
		    ask->arguments[0], ask->arguments[1]);
}

static void build_session(struct argp_state *state, struct ask *ask)
{
	want_arguments(state, ask, 1, 1);
	snprintf(ask->request, sizeof(ask->request), "%s session=%u",
	    strcmp(ask->verb, "logoff") == 0 ? "LOGOFF" : "HOLD",
	    (unsigned)option_integer(state, ask->verb, ask->arguments[0], 0, 65535));
}

static void build_close(struct argp_state *state, struct ask *ask)
{
	unsigned pid;
	unsigned handle;
	char rest;

	want_arguments(state, ask, 1, 1);
	if (sscanf(ask->arguments[0], "%u:%x%c", &pid, &handle, &rest) != 2)
		argp_error(state,
		    "close %s: want PID:HANDLE, the handle in hex as `show handle' prints it",
		    ask->arguments[0]);
	snprintf(ask->request, sizeof(ask->request), "CLOSE pid=%u handle=%u", pid, handle);
}

static void build_plain(struct argp_state *state, struct ask *ask)
{
	want_arguments(state, ask, 0, 0);
	strcpy(ask->request, strcmp(ask->verb, "reboot") == 0 ? "REBOOT" : "RELEASE");
}

static void build(struct argp_state *state, struct ask *ask)
{
	static const struct {
		const char *verb;
		void (*build)(struct argp_state *state, struct ask *ask);
	} verbs[] = {
	    {"show", build_show},
	    {"logoff", build_session},
	    {"hold-kernel-reference", build_session},
	    {"release-kernel-references", build_plain},
	    {"close", build_close},
	    {"reboot", build_plain},
	};

	if (!ask->control)
		ask->control = getenv("LAB_CONTROL");
	if (!ask->control || !*ask->control)
		argp_error(state, "which lab host? Say --control PATH, or set LAB_CONTROL");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].verb, ask->verb) == 0)
			verbs[i].build(state, ask);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct ask *ask = state->input;

	switch (key) {
	case 'c':
		ask->control = text;
		return 0;
	case ARGP_KEY_ARG:
		if (ask->count < 2)
			ask->arguments[ask->count] = text;
		ask->count++;
		return 0;
	case ARGP_KEY_END:
		build(state, ask);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int labhost_ask(int argc, char **argv)
{
	const struct argp argp = {
	    options, parse, "[ARGUMENT...]", "Ask a running lab host.", 0, 0, 0};
	struct ask ask = {.verb = strrchr(argv[0], ' ') ? strrchr(argv[0], ' ') + 1 : argv[0]};
	struct error error;

	argp_parse(&argp, argc, argv, 0, 0, &ask);
	if (!client_ask(ask.control, ask.request, stdout, &error))
		return error_print(&error, LABHOST_PROGRAM);
	return fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_TARGET;
}
