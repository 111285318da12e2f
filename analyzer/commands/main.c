/* leaklab-analyzer: evidence in, verdict out. The verbs of leaklab that are played here. */
#include "commands/command.h"
#include "common/streams.h"
#include "common/version.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version = PROGRAM " " LEAKLAB_VERSION;

static const struct command *const commands[] = {&command_judge, &command_merge, &command_bundle,
    &command_show, &command_compare, &command_dump};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* Results that did not reach their file must not look complete. Verbs have said so of theirs; a help has nobody else. */
static int finish_output(int code)
{
	if (code == EXIT_TARGET || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	fprintf(stderr, "%s: writing to standard output: %s\n", PROGRAM, strerror(errno));
	return EXIT_TARGET;
}

/* Evidence and PDBs are mapped. */
static void on_bus_error(int signal)
{
	static const char text[] =
	    PROGRAM ": a file got shorter while it was read: copy it, and give the copy\n";
	(void)signal;
	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	_exit(EXIT_TARGET);
}

int main(int argc, char **argv)
{
	const struct sigaction shorter = {.sa_handler = on_bus_error};
	const struct command *command = NULL;
	char name[64];

	streams_hold();
	for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, argv[1]) == 0)
			command = commands[i];
	if (!command) {
		fputs("leaklab-analyzer is a part of leaklab: leaklab --help\n", stderr);
		return EXIT_USAGE;
	}
	front_say_if_old(argv[0], "leaklab-analyzer", command->name);
	sigaction(SIGBUS, &shorter, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is reported as a full disk is */
	argp_err_exit_status = EXIT_USAGE;
	snprintf(name, sizeof name, "%s %s", PROGRAM, command->name);
	argv[1] = name;
	return finish_output(command->run(argc - 1, argv + 1));
}
