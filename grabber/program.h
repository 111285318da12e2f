/* From the options to the exit code: the loop between the port and the core. Prints, as a main file does. */
#ifndef LEAKLAB_GRABBER_PROGRAM_H
#define LEAKLAB_GRABBER_PROGRAM_H

#include "grabber/options.h"

#define EXIT_CLEAN 0
#define EXIT_USAGE 2
#define EXIT_TARGET 4

#define PROGRAM_NEEDS_LAB                                                                          \
	"this leaks: on a real host every logon it sees keeps a logon session and its "            \
	"session ID taken until it ends. Say --lab if that is what this host is for"

/* `where` goes to port_open(), what is told on the way to `log`. Returns the exit code. */
int program_run(const struct options *options, const char *where, FILE *log);

#endif
