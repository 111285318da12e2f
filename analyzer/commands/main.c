/* leaklab-analyzer: evidence in, verdict out. */
#include "commands/command.h"
#include "common/version.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version = PROGRAM " " LEAKLAB_VERSION;

static const struct command *const commands[] = {
    &command_judge, &command_bundle, &command_show, &command_compare, &command_dump};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

struct choice {
	const struct command *command;
	int argc;
	char **argv;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct choice *choice = state->input;
	switch (key) {
	case ARGP_KEY_ARG:
		for (size_t i = 0; i < COMMAND_COUNT; i++) {
			if (strcmp(commands[i]->name, argument) == 0)
				choice->command = commands[i];
		}
		if (!choice->command)
			argp_error(state, "no command \"%s\"", argument);
		/* The rest is the command's. */
		choice->argc = state->argc - state->next + 1;
		choice->argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *list_commands(int key, const char *text, void *input)
{
	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);
	if (!out)
		return (char *)text;
	fputs("Commands:\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n" PROGRAM " COMMAND --help says more about each.\n\n"
	      "Exit codes: 0 clean, or the expectation was met; 1 a leak, or the expectation\n"
	      "failed; 2 usage or configuration; 3 inconclusive; 4 the environment failed.\n",
	    out);
	fclose(out);
	return list;
}

/* Results that did not reach their file must not look complete. */
static int finish_output(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
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
	static const struct argp argp = {
	    .parser = parse_option,
	    .args_doc = "COMMAND ...",
	    .doc = "Says from the evidence of a run whether logon sessions leak, and who holds "
	           "them.\v ",
	    .help_filter = list_commands,
	};
	const struct sigaction shorter = {.sa_handler = on_bus_error};
	struct choice choice = {0};
	sigaction(SIGBUS, &shorter, NULL);
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice) != 0)
		return EXIT_USAGE;
	char name[64];
	snprintf(name, sizeof name, "%s %s", PROGRAM, choice.command->name);
	choice.argv[0] = name;
	return finish_output(choice.command->run(choice.argc, choice.argv));
}
