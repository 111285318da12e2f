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
	    "Leak logon sessions on purpose, the way faulty software does: at each logon take the\n"
	    "new user's token, duplicate it, and never close the duplicate. The tokens are never\n"
	    "used, and are good for identification only.\n"
	    "\n"
	    "      --lab             needed: yes, this host is a lab's, and may leak\n"
	    "%s"
	    "      --every=N         only each N-th logon (default 1)\n"
	    "      --copies=K        K duplicates a token (default 1)\n"
	    "      --existing        take the tokens of those who are logged on already, too\n"
	    "      --fixed           close the duplicates: the same program without the fault\n"
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
		snprintf(error, 256, "--%s %s: want a whole number from 1 to %d", name, text,
		    NUMBER_MOST);
		return false;
	}
	*out = (unsigned)value;
	return true;
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
	unsigned handles;

	if (strcmp(name, host->where) == 0) {
		options->where = value;
		return true;
	}
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
	const char *const names[] = {host->where, "every", "copies", "max-handles"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
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
	*out = options;
	return true;
}
