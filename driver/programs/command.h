/* A shell command that runs beside us: its output is gathered, its end noticed, its whole process group ended. */
#ifndef LEAKLAB_COMMAND_H
#define LEAKLAB_COMMAND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

struct variable {
	const char *name;
	const char *value;
};

struct command;

#define COMMAND_FDS 3

/* Starts `/bin/sh -c text` with the variables added to our environment, standard input empty, in a process group of
 * its own. The group is told to end if we die. Of stdout and stderr at most output_max bytes each are kept. */
struct command *command_start(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, struct error *error);
/* The same of a program that is asked by lines on its standard input, and answers each with a line on its standard output. */
struct command *command_start_talking(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, struct error *error);
/* As command_start(), with a process above it (keeper.c) that ends all it has started once it has ended, or is stopped, and what has left its
 * process group, too. */
struct command *command_start_kept(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, struct error *error);
/* Asks; what it had said before is forgotten. False: nobody reads it. */
bool command_ask(struct command *command, const char *line);
/* Whether the line that answers is all there. */
bool command_answered(const struct command *command);
/* Closes its standard input, which ends a program that talks. */
void command_hang_up(struct command *command);
/* The process group that it and what it starts are in. */
pid_t command_group(const struct command *command);
/* Ends the group at once if it still runs. NULL is allowed. */
void command_destroy(struct command *command);

/* What to poll for; returns how many. Then command_serve() takes what is there, without waiting. */
size_t command_fill(const struct command *command, struct pollfd fds[COMMAND_FDS]);
void command_serve(struct command *command);

/* The command has ended and all its output is taken. */
bool command_finished(const struct command *command);
/* Exit status, 128 + signal, or NUMBER_UNKNOWN while it runs. */
int64_t command_status(const struct command *command);
/* NUL-terminated; valid until the next call for this command. truncated tells that more came than was kept. */
const char *command_output(const struct command *command, size_t *length, bool *truncated);
const char *command_messages(const struct command *command);
/* How many bytes came on stdout (0) or stderr (1), kept or not. */
int64_t command_printed(const struct command *command, int stream);

/* Waits for its end, at most so many microseconds. */
void command_wait(struct command *command, int64_t most);
/* Asks the group to end (SIGTERM), waits for at most grace microseconds. */
void command_stop(struct command *command, int64_t grace);

/* Runs it to its end. False if it could not be started, took longer than timeout (and was ended), or failed; the
 * message then holds the first line of what it said. */
bool command_run(const char *text, const struct variable *variables, size_t variable_count,
    int64_t timeout, struct error *error);

#endif
