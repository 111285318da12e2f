/* The command line, read without help from any library so that it is the same on every system. */
#ifndef LEAKLAB_GRABBER_OPTIONS_H
#define LEAKLAB_GRABBER_OPTIONS_H

#include <stdio.h>

#include "grabber/core.h"

struct options {
	struct grabber_options grabber;
	bool lab;
	bool existing;
	bool release;
	bool quiet;
	bool help;
	bool version;
	const char *control; /* NULL: not given */
};

/* False, and a message, if the command line is wrong. */
bool options_parse(int argc, char **argv, struct options *out, char error[256]);
void options_help(FILE *out);

#endif
