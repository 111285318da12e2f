/* Knows what a program does that runs commands in a sandbox: it logs an account on (CreateProcessWithLogonW), restricts the token (NtFilterToken),
 * and is gone when its command is. On the lab host it is a process of its own as long as its connection is. */
#include "labhost/labhost.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"

#define LINE 512

struct sandbox {
	const char *control, *account;
	double hold; /* seconds */
	FILE *stream;
};

static const struct argp_option options[] = {
    {"control", 'c', "PATH", 0, "Control socket of the lab host (default $LAB_CONTROL)", 0},
    {"hold", 'h', "S", 0, "How long the command in the sandbox lasts (default 0.1)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct sandbox *sandbox = state->input;

	switch (key) {
	case 'c':
		sandbox->control = text;
		return 0;
	case 'h':
		sandbox->hold = option_real(state, "hold", text, 0, 3600);
		return 0;
	case ARGP_KEY_ARG:
		if (sandbox->account || strpbrk(text, " %=\t\n") || strlen(text) > 64)
			argp_error(state, "sandbox takes one account, which has no blanks");
		sandbox->account = text;
		return 0;
	case ARGP_KEY_END:
		if (!sandbox->control)
			sandbox->control = getenv("LAB_CONTROL");
		if (!sandbox->account || !sandbox->control || !*sandbox->control)
			argp_error(
			    state, "say which account, and --control PATH or set LAB_CONTROL");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A request whose answer is one line; the number of a handle in it. */
static bool ask(struct sandbox *sandbox, const char *request, uint32_t *handle, struct error *error)
{
	char line[LINE] = "";

	if (fprintf(sandbox->stream, "%s\n", request) < 0 || fflush(sandbox->stream) != 0 ||
	    !fgets(line, sizeof(line), sandbox->stream))
		return error_set(error, EXIT_TARGET, "the lab host is gone");
	line[strcspn(line, "\n")] = '\0';
	const char *value = strstr(line, " handle=");
	if (strncmp(line, "OK", 2) != 0)
		return error_set(error, EXIT_TARGET, "the lab host answered: %s", line);
	if (handle && (!value || sscanf(value, " handle=%" SCNu32, handle) != 1))
		return error_set(error, EXIT_TARGET, "the lab host answered without a handle");
	return true;
}

static bool run(struct sandbox *sandbox, struct error *error)
{
	const struct timespec hold = {
	    (time_t)sandbox->hold, (long)((sandbox->hold - (double)(time_t)sandbox->hold) * 1e9)};
	char request[LINE];
	uint32_t token = 0, restricted;

	snprintf(request, sizeof(request), "LOGON account=%s type=Interactive", sandbox->account);
	if (!ask(sandbox, "HELLO image=sandbox.exe", NULL, error) ||
	    !ask(sandbox, request, &token, error))
		return false;
	snprintf(request, sizeof(request), "DUPLICATE handle=%u level=impersonation method=filter",
	    token);
	if (!ask(sandbox, request, &restricted, error))
		return false;
	nanosleep(&hold, NULL);
	return true;
}

int labhost_sandbox(int argc, char **argv)
{
	const struct argp argp = {options, parse, "ACCOUNT",
	    "Run a command in a sandbox on the lab host: log the account on, restrict the token, exit.",
	    0, 0, 0};
	struct sandbox sandbox = {.hold = 0.1};
	struct error error;

	argp_parse(&argp, argc, argv, 0, 0, &sandbox);
	sandbox.stream = control_connect(sandbox.control, &error);
	const bool done = sandbox.stream && run(&sandbox, &error);
	if (sandbox.stream)
		fclose(sandbox.stream); /* the process ends, and its handles close */
	return done ? EXIT_CLEAN : error_print(&error, LABHOST_PROGRAM);
}
