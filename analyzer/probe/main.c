/* leaklab-probe.exe: what a Windows host shows of tokens, logon sessions and sessions. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/logoff.h"
#include "probe/release.h"
#include "probe/snapshot.h"
#include "probe/tracking.h"
#include "windows/win32.h"

#define EXIT_GOOD 0
#define EXIT_USAGE 2
#define EXIT_TARGET 4
#define REPEAT_MOST 1000000

static const char help[] =
    "Usage: leaklab-probe [snapshot] [--output=FILE | --repeat=N]\n"
    "       leaklab-probe watch\n"
    "       leaklab-probe status | disarm\n"
    "       leaklab-probe arm [--dump=kernel|complete]\n"
    "       leaklab-probe release --lab PID:HANDLE | LUID\n"
    "       leaklab-probe logoff --user=NAME --logon=TIME [--domain=NAME] [--session=ID]\n"
    "Show what this host knows of sessions, logon sessions and the handles that keep them.\n"
    "\n"
    "  snapshot  one JSON snapshot (leaklab.snapshot/2) for leaklab: sessions, LSA\n"
    "            logon sessions, every token handle, handles to processes that have exited,\n"
    "            handle counts, token objects; and how much of each was seen, and why not\n"
    "            more. It closes what it opens, and leaves nothing behind.\n"
    "            --repeat=N is for testing the probe itself: it prints N snapshots one after\n"
    "            another, in which its own handle count stays the same; no reader takes that\n"
    "            for one snapshot, so it cannot be combined with --output\n"
    "  watch     a snapshot on one line for each line it reads, until its input ends: one\n"
    "            connection serves all samples of a run, and makes one logon session\n"
    "  arm       have the kernel record who makes tokens (SeTokenLeakDiag), and have an NMI\n"
    "            write a kernel dump (default) or a complete one; both from the next boot on.\n"
    "            The old settings are kept under HKLM\\SOFTWARE\\leaklab; what the running\n"
    "            kernel has read is kept in HKLM\\SOFTWARE\\leaklab-boot until the next boot\n"
    "  disarm    put back exactly the old settings; nothing changes before the next boot\n"
    "  status    what is armed, what the running kernel does, and whether a reboot is needed\n"
    "  release   close another process' handle to a token, process or thread, or one by one\n"
    "            all those that keep a logon session, and say after each whether the logon\n"
    "            session has gone. The process that loses a handle may fail: --lab says that\n"
    "            this host is there for such things\n"
    "  logoff    log a session off if it is the one that is meant: of this user, who logged\n"
    "            on at this time (UTC, give or take two minutes). IDs are given again: what\n"
    "            has this ID by now may be a stranger's. For logoff.command of a scenario\n"
    "\n"
    "      --help, --version\n"
    "\n"
    "Run it elevated, or as LocalSystem: otherwise other users' handles stay unknown.\n"
    "Exit codes: 0 done (release LUID: the logon session has gone); 1 release LUID: it is still\n"
    "there; 2 usage; 4 Windows refuses, or release LUID: no such logon session, or LSA does not\n"
    "say what became of it.\n"
    "\n"
    "Example: one snapshot before a load, and one after it:\n"
    "  leaklab-probe --output=before.json\n"
    "  leaklab-probe --output=after.json\n";

struct options {
	const char *verb;
	const char *target;
	const char *output;
	unsigned repeat; /* 0: not given */
	enum dump_kind dump;
	bool lab;
	bool dump_given;
	const char *user, *domain, *logon, *session; /* of logoff */
};

static int usage_error(const char *what, const char *why)
{
	fprintf(stderr, "leaklab-probe: %s: %s; --help tells more\n", what, why);
	return EXIT_USAGE;
}

static bool is_verb(const char *text)
{
	static const char *const verbs[] = {
	    "snapshot", "watch", "arm", "disarm", "status", "release", "logoff"};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i], text) == 0)
			return true;
	return false;
}

/* Returns why an argument is wrong; NULL: it is not. */
static const char *take(struct options *options, const char *argument)
{
	if (strcmp(argument, "--lab") == 0) {
		options->lab = true;
	} else if (strncmp(argument, "--output=", 9) == 0 && argument[9]) {
		options->output = argument + 9;
	} else if (strcmp(argument, "--dump=kernel") == 0 ||
	           strcmp(argument, "--dump=complete") == 0) {
		options->dump = argument[7] == 'k' ? DUMP_KERNEL : DUMP_COMPLETE;
		options->dump_given = true;
	} else if (strncmp(argument, "--repeat=", 9) == 0) {
		char *end;
		const unsigned long count = strtoul(argument + 9, &end, 10);

		if (argument[9] < '1' || argument[9] > '9' || *end || count > REPEAT_MOST)
			return "must be a whole number from 1 to 1000000";
		options->repeat = (unsigned)count;
	} else if (strncmp(argument, "--user=", 7) == 0 && argument[7]) {
		options->user = argument + 7;
	} else if (strncmp(argument, "--domain=", 9) == 0) {
		options->domain = argument + 9;
	} else if (strncmp(argument, "--logon=", 8) == 0 && argument[8]) {
		options->logon = argument + 8;
	} else if (strncmp(argument, "--session=", 10) == 0) {
		options->session = argument + 10;
	} else if (*argument == '-') {
		return "no such option, or no such value of it";
	} else if (!options->verb) {
		options->verb = argument;
		return is_verb(argument) ? NULL : "no such verb";
	} else if (strcmp(options->verb, "release") == 0 && !options->target) {
		options->target = argument;
	} else {
		return "one argument too many";
	}
	return NULL;
}

static int write_snapshots(const char *path, unsigned count)
{
	FILE *out = stdout;

	if (path) {
		wchar_t *wide = utf16(path);
		out = wide ? _wfopen(wide, L"wb") : NULL;
		free(wide);
	} else {
		_setmode(_fileno(stdout), _O_BINARY);
	}
	if (!out) {
		fprintf(stderr, "leaklab-probe: %s: %s\n", path, strerror(errno));
		return EXIT_TARGET;
	}
	/* A snapshot is written in many small pieces. */
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	bool good = true;
	for (unsigned i = 0; i < count && good; i++)
		good = snapshot_write(out, false);
	if (path && fclose(out) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "leaklab-probe: writing the snapshot: no memory, or no room\n");
	return good ? EXIT_GOOD : EXIT_TARGET;
}

/* One for each line of input; who asks knows when. */
static int watch(void)
{
	bool good = true;
	int character;

	_setmode(_fileno(stdout), _O_BINARY);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	while (good && (character = getchar()) != EOF)
		if (character == '\n')
			good = snapshot_write(stdout, true);
	if (!good)
		fprintf(stderr,
		    "leaklab-probe: writing the snapshot failed: no memory, or the reader has gone\n");
	return good ? EXIT_GOOD : EXIT_TARGET;
}

static int run(const struct options *options)
{
	const char *verb = options->verb ? options->verb : "snapshot";

	if ((options->output || options->repeat) && strcmp(verb, "snapshot") != 0)
		return usage_error(verb, "--output and --repeat are for snapshots");
	if (options->output && options->repeat)
		return usage_error("--repeat",
		    "a file holds only one snapshot; leave out --output, or run it once for each file");
	if (options->dump_given && strcmp(verb, "arm") != 0)
		return usage_error("--dump", "only arm sets the kind of dump");
	if ((options->user || options->domain || options->logon || options->session) &&
	    strcmp(verb, "logoff") != 0)
		return usage_error(verb, "--user, --domain, --logon and --session are for logoff");
	if (strcmp(verb, "logoff") == 0)
		return options->user && options->logon
		           ? session_log_off(
		                 options->user, options->domain, options->logon, options->session)
		           : usage_error("logoff",
		                 "whose session? Say --user=NAME and --logon=TIME, when the user logged on");
	if (strcmp(verb, "arm") == 0)
		return tracking_arm(options->dump);
	if (strcmp(verb, "disarm") == 0)
		return tracking_disarm();
	if (strcmp(verb, "status") == 0)
		return tracking_status();
	if (strcmp(verb, "watch") == 0)
		return watch();
	if (strcmp(verb, "snapshot") == 0)
		return write_snapshots(options->output, options->repeat ? options->repeat : 1);
	if (!options->target)
		return usage_error("release", "which handle, or which logon session?");
	if (!options->lab)
		return usage_error("release",
		    "it closes handles of a running process, which may then fail. Say --lab if this host is there for that");
	return release(options->target);
}

int wmain(int argc, wchar_t **argv); /* mingw's start-up code declares it nowhere */

int wmain(int argc, wchar_t **argv)
{
	struct options options = {.dump = DUMP_KERNEL};
	char **arguments = utf8_arguments(argc, argv);

	if (!arguments)
		return usage_error("the arguments", "out of memory");
	for (int i = 1; i < argc; i++) {
		if (strcmp(arguments[i], "--help") == 0) {
			fputs(help, stdout);
			return EXIT_GOOD;
		}
		if (strcmp(arguments[i], "--version") == 0) {
			puts("leaklab-probe " LEAKLAB_VERSION);
			return EXIT_GOOD;
		}
		const char *why = take(&options, arguments[i]);
		if (why)
			return usage_error(arguments[i], why);
	}
	return run(&options);
}
