/* leaklab: the one command of the kit. Knows which program plays which verb. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/own_folder.h"
#include "common/streams.h"
#include "common/suggest.h"
#include "common/version.h"

/* The programs, and the packages that bring them (scenarios/packaging/debian). */
#define DRIVER "leaklab-driver", "leaklab-driver"
#define ANALYZER "leaklab-analyzer", "leaklab"

static const struct verb {
	const char *name, *program, *package, *summary;
} verbs[] = {
    {"init", DRIVER, "write a first scenario for a real host"},
    {"check", DRIVER, "what is wrong with a scenario, what it can find out, how long it takes"},
    {"run", DRIVER, "play a scenario: logons and logoffs, samples of the host, a verdict"},
    {"observe", DRIVER, "sample the host for several injectors, and write their plan"},
    {"merge", ANALYZER, "make one run of what several injectors played"},
    {"judge", ANALYZER, "whether a run shows a leak, and who holds it; whether a fix works"},
    {"show", ANALYZER, "what is in a run file, a snapshot, or text from a ticket"},
    {"compare", ANALYZER, "what stayed between two moments of a host, without a run"},
    {"dump", ANALYZER, "who leaks tokens, from a memory dump"},
    {"bundle", ANALYZER, "a run and its reports in one file to send, names replaced if wanted"},
    {"refusals", DRIVER, "which accounts are left alone, as their logons were refused"},
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	fputs("Usage: leaklab VERB ...\n"
	      "\n"
	      "Finds out whether logons at a Remote Desktop Session Host leak logon sessions and\n"
	      "session IDs, and who holds them.\n"
	      "\n",
	    out);
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %-8s  %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n"
	      "leaklab VERB --help says more about each; leaklab --version is the version.\n"
	      "\n"
	      "Exit codes: 0 clean, or as expected; 1 leak, or not; 2 usage or scenario;\n"
	      "3 inconclusive; 4 target or environment failed; 130, 143 stopped at once.\n"
	      "\n"
	      "  leaklab run ms16-111 -o leak.leaklab    plays the leak, on a host of its own\n"
	      "  leaklab judge leak.leaklab -r leak.html\n"
	      "  leaklab show qwinsta.txt\n",
	    out);
}

/* Returns only if the program cannot be started. */
static int become(const struct verb *verb, char **argv)
{
	char folder[PATH_MAX], path[PATH_MAX + 32];
	struct error error;

	if (own_folder(folder, &error)) {
		snprintf(path, sizeof(path), "%s/%s", folder, verb->program);
		argv[0] = (char *)"leaklab";
		/* argp's remark on short options takes three lines of a screen. */
		for (char **argument = argv; *argument; argument++)
			if (strcmp(*argument, "--help") == 0)
				setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
		execv(path, argv);
	}
	fprintf(stderr,
	    "leaklab: %s, which plays \"%s\", is not beside this program: install the package %s, "
	    "or build and install all of leaklab\n",
	    verb->program, verb->name, verb->package);
	return EXIT_TARGET;
}

static const struct verb *find_verb(const char *name)
{
	struct suggestion suggestion;
	char words[SUGGESTION_TEXT];

	suggest_begin(&suggestion, name);
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		suggest_offer(&suggestion, verbs[i].name);
	}
	fprintf(stderr, "leaklab: there is no verb \"%s\"%s; leaklab --help lists them\n", name,
	    suggest_words(&suggestion, words));
	return NULL;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	char *more[] = {argv[0], NULL, (char *)"--help", NULL};
	const struct verb *verb;

	streams_hold();
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("leaklab " LEAKLAB_VERSION);
		return EXIT_CLEAN;
	}
	const bool asks = strcmp(name, "help") == 0;
	if (strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "-h") == 0 ||
	    (asks && argc == 2)) {
		help(stdout);
		return EXIT_CLEAN;
	}
	if (!*name) {
		help(stderr);
		return EXIT_USAGE;
	}
	verb = find_verb(asks ? argv[2] : name);
	if (!verb)
		return EXIT_USAGE;
	more[1] = (char *)verb->name;
	return become(verb, asks ? more : argv);
}
