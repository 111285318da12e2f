/* The command line, read without help from any library so that it is the same on every system. */
#ifndef LEAKLAB_GRABBER_OPTIONS_H
#define LEAKLAB_GRABBER_OPTIONS_H

#include <stdio.h>

#include "grabber/core.h"

/* What differs on the command line from one kind of host to the next. */
struct options_host {
	const char *where; /* name of the option that says where, "control" */
	const char *help;  /* its lines in the help */
	const char *image; /* name of the option for the image's name; NULL: it cannot be chosen */
	const char *release; /* how to ask for the release in mid-run */
	const char *ending;  /* what is printed, how it is ended, an example */
};

struct options {
	struct grabber_options grabber;
	bool lab;
	bool existing;
	bool release;
	bool quiet;
	bool help;
	bool version;
	const char *where; /* NULL: not given */
	const char *image; /* NULL: not given */
};

/* False, and a message, if the command line is wrong. */
bool options_parse(
    int argc, char **argv, const struct options_host *host, struct options *out, char error[256]);
void options_help(FILE *out, const struct options_host *host);

#endif
