/* What the commands that read evidence share: how the result is written, and a list of files. */
#ifndef LEAKLAB_EVIDENCE_OPTIONS_H
#define LEAKLAB_EVIDENCE_OPTIONS_H

#include <stddef.h>

#include "commands/command.h"
#include "commands/output_options.h"
#include "leak/leak.h"

struct evidence_options {
	struct output_options output;
	char *const *paths;
	size_t count;
	struct leak_terms terms; /* --release-time and --after-logoff */
	const char *host;        /* --host; NULL: of any */
};

/* Reads `least` to `most` arguments and the options. Ends the program with a usage error if there are fewer or more, or if the result
 * may not be written to where it is to be.
 * arguments names them in the usage, doc is argp's, missing and many are the messages for too few and too many. */
struct evidence_words {
	const char *arguments, *doc, *missing, *many;
	size_t least, most;
	const struct argp_option *options;
};
#define EVIDENCE_HOST 'h'
#define EVIDENCE_HOST_OPTION                                                                       \
	{                                                                                          \
		"host", EVIDENCE_HOST, "NAME", 0,                                                  \
		    "Of a text that has outputs of several hosts, those of this one", 0            \
	}
/* The options of the leak rule: the first for every command that judges, both for those of single moments. */
#define TERMS_RELEASE_TIME 'R'
#define TERMS_AFTER_LOGOFF 'A'
#define TERMS_RELEASE_TIME_OPTION                                                                  \
	{                                                                                          \
		"release-time", TERMS_RELEASE_TIME, "TIME", 0,                                     \
		    "How long healthy holders may keep what a logoff left (20m); default: what "   \
		    "the evidence states, else " RELEASE_TIME_WORDS,                               \
		    0                                                                              \
	}
#define TERMS_OPTIONS                                                                              \
	TERMS_RELEASE_TIME_OPTION,                                                                 \
	{                                                                                          \
		"after-logoff", TERMS_AFTER_LOGOFF, "TIME", 0,                                     \
		    "How long ago everybody whose session is not listed had logged off, if you "   \
		    "know it (25m)",                                                               \
		    0                                                                              \
	}
#define TERMS_NONE                                                                                 \
	{                                                                                          \
		.release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN                     \
	}
struct argp_state;
/* True if the key is one of them: the time is put into the terms, or the program ends with a usage error. */
bool terms_parse(struct leak_terms *terms, int key, const char *text, struct argp_state *state);

void evidence_options_parse(
    struct evidence_options *options, const struct evidence_words *words, int argc, char **argv);

#endif
