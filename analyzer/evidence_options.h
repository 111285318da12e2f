/* What the commands that read evidence share: --format and a list of files. */
#ifndef LEAKLAB_EVIDENCE_OPTIONS_H
#define LEAKLAB_EVIDENCE_OPTIONS_H

#include <stddef.h>

#include "command.h"

struct evidence_options {
	enum output_format format;
	char *const *paths;
	size_t count;
};

/* Reads `least` to `most` arguments and --format. Ends the program with a usage error if that is not what is there.
 * arguments names them in the usage, doc is argp's, missing and many are what to say of too few and too many. */
struct evidence_words {
	const char *arguments, *doc, *missing, *many, *format_help;
	size_t least, most;
};
void evidence_options_parse(
    struct evidence_options *options, const struct evidence_words *words, int argc, char **argv);

#endif
