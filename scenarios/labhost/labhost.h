/* The verbs of leaklab-labhost that ask a running lab host, and what is in command lines. */
#ifndef LEAKLAB_LABHOST_LABHOST_H
#define LEAKLAB_LABHOST_LABHOST_H

#include <argp.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

#define LABHOST_PROGRAM "leaklab-labhost"
#define LABHOST_SERVER "leaklab-labhost-server"

/* Each takes the arguments from its own name on, and returns an exit code. */
int labhost_ask(int argc, char **argv);
int labhost_crash(int argc, char **argv);
int labhost_sandbox(int argc, char **argv);

/* A stream to the lab host's control socket; NULL: error says why. */
FILE *control_connect(const char *path, struct error *error);
/* Sends one request line to the lab host at `path` and copies its text to `out`, or else says what was answered. */
bool control_ask(const char *path, const char *request, FILE *out, struct error *error);

/* Numbers and words on a command line (options.c). */

/* Each ends the program with a usage error that names the option if the text is no number within the bounds. */
uint64_t option_integer(
    struct argp_state *state, const char *option, const char *text, uint64_t least, uint64_t most);
double option_real(
    struct argp_state *state, const char *option, const char *text, double least, double most);
/* Which of the words it is; they end with NULL. */
int option_word(
    struct argp_state *state, const char *option, const char *text, const char *const *words);

#endif
