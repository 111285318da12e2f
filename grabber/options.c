#include "grabber/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HANDLES_DEFAULT 10000
#define NUMBER_MOST 1000000

void options_help(FILE *out, const struct options_host *host)
{
	fprintf(out,
	    "Usage: leaklab-grabber --lab [OPTION...]\n"
	    "Leak logon sessions and session IDs on purpose, the way faulty software does: at each\n"
	    "logon take the new user's token, duplicate it, and never close the duplicate. The\n"
	    "tokens are never used, and duplicates are good for identification only.\n"
	    "\n"
	    "      --lab             needed: yes, this host is a lab's, and may leak\n"
	    "%s"
	    "      --what=WHAT       what is taken at a logon, and never closed:\n"
	    "                          token     the user's token (default)\n"
	    "                          winlogon  the token of the session's winlogon.exe, which is\n"
	    "                                    SYSTEM's: it keeps the session ID alone (as agents\n"
	    "                                    do that borrow it; UltraVNC 96, PPLFault 1)\n"
	    "                          dwm       that of its dwm.exe\n"
	    "                          process   a handle to the user's shell: it keeps the process\n"
	    "                                    after its exit (Windows-Dev-Performance 65)\n"
	    "                          thread    a handle to the shell's first thread\n"
	    "      --how=HOW         how the handle is made, each as in a public bug:\n"
	    "                          duplicate   DuplicateToken, never closed (AskDS; default)\n"
	    "                          restricted  CreateRestrictedToken (codex 33356, 35940)\n"
	    "                          logon       LogonUser's token (pingcastle 86)\n"
	    "                          s4u         LsaLogonUser without a password (tailscale 14156)\n"
	    "                          process-information\n"
	    "                                      a program is started in the session, and its\n"
	    "                                      process and thread handles stay (fhash 38,\n"
	    "                                      ziti-sdk-c 830)\n"
	    "      --per=account     keep only the latest of each account: a bounded cache\n"
	    "      --restart-after=N the process ends, and starts again, after N logons\n"
	    "      --every=N         only each N-th logon (default 1)\n"
	    "      --copies=K        K of it at each logon (default 1)\n"
	    "      --existing        also take the tokens of users already logged on\n"
	    "      --fixed           close them: the same program without the fault\n"
	    "      --release         close all that is held on %s, and before it ends\n"
	    "      --max-handles=N   never hold more than N handles (default %d)\n"
	    "      --quiet           no line for each logon\n"
	    "      --help, --version\n"
	    "\n"
	    "%s",
	    host->help, host->release, HANDLES_DEFAULT, host->ending);
}

static bool number(const char *name, const char *text, unsigned *out, char error[256])
{
	char *end;

	errno = 0;
	const unsigned long value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > NUMBER_MOST) {
		snprintf(error, 256, "--%s %s: must be a whole number from 1 to %d", name, text,
		    NUMBER_MOST);
		return false;
	}
	*out = (unsigned)value;
	return true;
}

/* The place of the value among the words. */
static bool word(
    const char *name, const char *text, const char *const words[], unsigned *out, char error[256])
{
	size_t length = 0;

	for (unsigned i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	snprintf(error, 256, "--%s %s: want one of:", name, text);
	for (unsigned i = 0; words[i] && (length = strlen(error)) < 200; i++)
		snprintf(error + length, 256 - length, " %s", words[i]);
	return false;
}

/* Finds the switch; NULL: it is none. */
static bool *flag(struct options *options, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
	    {"lab", &options->lab},
	    {"existing", &options->existing},
	    {"fixed", &options->grabber.fixed},
	    {"release", &options->release},
	    {"quiet", &options->quiet},
	    {"help", &options->help},
	    {"version", &options->version},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(flags[i].name, name) == 0)
			return flags[i].flag;
	return NULL;
}

static bool set_value(struct options *options, const struct options_host *host, const char *name,
    const char *value, char error[256])
{
	static const char *const whats[] = {[TAKE_TOKEN] = "token",
	    [TAKE_WINLOGON] = "winlogon",
	    [TAKE_DWM] = "dwm",
	    [TAKE_PROCESS] = "process",
	    [TAKE_THREAD] = "thread",
	    NULL};
	static const char *const hows[] = {[BY_DUPLICATE] = "duplicate",
	    [BY_RESTRICTED] = "restricted",
	    [BY_LOGON] = "logon",
	    [BY_S4U] = "s4u",
	    [BY_PROCESS_INFORMATION] = "process-information",
	    NULL};
	static const char *const pers[] = {"account", NULL};
	unsigned handles, choice;

	if (strcmp(name, host->where) == 0) {
		options->where = value;
		return true;
	}
	if (host->image && strcmp(name, host->image) == 0) {
		options->image = value;
		return true;
	}
	if (strcmp(name, "what") == 0 || strcmp(name, "how") == 0) {
		const bool what = *name == 'w';
		if (!word(name, value, what ? whats : hows, &choice, error))
			return false;
		if (what)
			options->grabber.what = choice;
		else
			options->grabber.how = choice;
		return true;
	}
	if (strcmp(name, "per") == 0)
		return options->grabber.per_account = word(name, value, pers, &choice, error);
	if (strcmp(name, "restart-after") == 0)
		return number(name, value, &options->grabber.restart_after, error);
	if (strcmp(name, "every") == 0)
		return number(name, value, &options->grabber.every, error);
	if (strcmp(name, "copies") == 0)
		return number(name, value, &options->grabber.copies, error);
	if (!number(name, value, &handles, error))
		return false;
	options->grabber.max_handles = handles;
	return true;
}

/* The option's name without its value; NULL if no option of that name takes a value. */
static const char *value_option(const struct options_host *host, const char *text, size_t length)
{
	const char *const names[] = {host->where, "what", "how", "per", "restart-after", "every",
	    "copies", "max-handles", host->image};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
			return names[i];
	return NULL;
}

bool options_parse(
    int argc, char **argv, const struct options_host *host, struct options *out, char error[256])
{
	struct options options = {
	    .grabber = {.every = 1, .copies = 1, .max_handles = HANDLES_DEFAULT}};

	for (int i = 1; i < argc; i++) {
		const char *text = argv[i] + 2;
		const bool is_option = strncmp(argv[i], "--", 2) == 0;
		const size_t length = is_option ? strcspn(text, "=") : 0;
		bool *found = is_option ? flag(&options, text) : NULL;
		const char *name = is_option ? value_option(host, text, length) : NULL;

		if (found) {
			*found = true;
			continue;
		}
		if (!name) {
			snprintf(error, 256, "%s: no such option; --help lists them", argv[i]);
			return false;
		}
		if (text[length] != '=' && i + 1 == argc) {
			snprintf(error, 256, "--%s needs a value", name);
			return false;
		}
		const char *value = text[length] == '=' ? text + length + 1 : argv[++i];
		if (!set_value(&options, host, name, value, error))
			return false;
	}
	if (options.grabber.what != TAKE_TOKEN && options.grabber.how != BY_DUPLICATE &&
	    !(options.grabber.how == BY_RESTRICTED && options.grabber.what < TAKE_PROCESS)) {
		snprintf(error, 256,
		    "--what and --how cannot be combined here: a handle made in that way is not taken from the session");
		return false;
	}
	*out = options;
	return true;
}
