/* Knows the verbs that ask a running lab host for something, and the other end of its control socket. */
#include "labhost/labhost.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/timestamp.h"

struct ask {
	const char *control;
	const char *verb;
	const char *arguments[2];
	unsigned count;
	const char *user, *logon; /* of logoff */
	char request[512];
};

static const struct argp_option options[] = {
    {"control", 'c', "PATH", 0, "Control socket of the lab host (default $LAB_CONTROL)", 0},
    {"user", 'u', "NAME", 0, "logoff: only if the session is this user's", 0},
    {"logon", 'l', "TIME", 0,
        "logoff: only if its user logged on then, ISO 8601, give or take two minutes", 0},
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
		argp_error(
		    state, "%s: must be a LUID such as 00000000:000fd2f5", ask->arguments[1]);
	else
		snprintf(ask->request, sizeof(ask->request), "SHOW what=%s luid=%s",
		    ask->arguments[0], ask->arguments[1]);
}

static void build_session(struct argp_state *state, struct ask *ask)
{
	const bool logoff = strcmp(ask->verb, "logoff") == 0;
	int64_t time;

	want_arguments(state, ask, 1, 1);
	int used = snprintf(ask->request, sizeof(ask->request), "%s session=%u",
	    logoff ? "LOGOFF" : "HOLD",
	    (unsigned)option_integer(state, ask->verb, ask->arguments[0], 0, 65535));
	if (logoff && ask->user) {
		if (strlen(ask->user) > 64 || strpbrk(ask->user, " %\n"))
			argp_error(state, "--user %s: no account has such a name", ask->user);
		used += snprintf(ask->request + used, sizeof(ask->request) - (size_t)used,
		    " user=%s", ask->user);
	}
	if (logoff && ask->logon) {
		if (!timestamp_parse(ask->logon, &time))
			argp_error(state, "--logon %s: must be a time like 2026-11-30T09:30:00Z",
			    ask->logon);
		snprintf(ask->request + used, sizeof(ask->request) - (size_t)used, " logon=%s",
		    ask->logon);
	}
}

static void build_close(struct argp_state *state, struct ask *ask)
{
	unsigned pid;
	unsigned handle;
	char rest;

	want_arguments(state, ask, 1, 1);
	if (sscanf(ask->arguments[0], "%u:%x%c", &pid, &handle, &rest) != 2)
		argp_error(state,
		    "close %s: must be PID:HANDLE, the handle in hex as `show handle' prints it",
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
	case 'u':
		ask->user = text;
		return 0;
	case 'l':
		ask->logon = text;
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

FILE *control_connect(const char *path, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(error, EXIT_USAGE, "control socket %s: the path is too long", path);
		return NULL;
	}
	strcpy(address.sun_path, path);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *stream = NULL;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		stream = fdopen(fd, "r+");
	if (!stream) {
		error_set(error, EXIT_TARGET, "control socket %s: %s; is the lab host running?",
		    path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return stream;
}

/* Copies text lines until the last line of the answer. */
static bool copy_answer(FILE *stream, const char *path, FILE *out, struct error *error)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	bool done = false;

	while ((length = getline(&line, &room, stream)) > 0) {
		if (strncmp(line, "TEXT ", 5) == 0) {
			fwrite(line + 5, 1, (size_t)length - 5, out);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		done = strcmp(line, "OK") == 0 || strncmp(line, "OK ", 3) == 0;
		if (!done)
			error_set(error, EXIT_TARGET, "the lab host answered: %s", line);
		break;
	}
	if (length <= 0)
		error_set(error, EXIT_TARGET, "control socket %s: the lab host hung up", path);
	free(line);
	return done;
}

bool control_ask(const char *path, const char *request, FILE *out, struct error *error)
{
	FILE *stream = control_connect(path, error);

	if (!stream)
		return false;
	const bool sent = fprintf(stream, "%s\n", request) > 0 && fflush(stream) == 0;
	const bool done = sent && copy_answer(stream, path, out, error);
	if (!sent)
		error_set(error, EXIT_TARGET, "control socket %s: %s", path, strerror(errno));
	fclose(stream);
	return done;
}

int labhost_ask(int argc, char **argv)
{
	const struct argp argp = {
	    options, parse, "[ARGUMENT...]", "Ask a running lab host.", 0, 0, 0};
	struct ask ask = {.verb = strrchr(argv[0], ' ') ? strrchr(argv[0], ' ') + 1 : argv[0]};
	struct error error;

	argp_parse(&argp, argc, argv, 0, 0, &ask);
	if (!control_ask(ask.control, ask.request, stdout, &error))
		return error_print(&error, LABHOST_PROGRAM);
	return fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_TARGET;
}
