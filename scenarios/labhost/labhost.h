/* The verbs of leaklab-labhost, and what their command lines come to. */
#ifndef LEAKLAB_LABHOST_LABHOST_H
#define LEAKLAB_LABHOST_LABHOST_H

#include <argp.h>
#include <stdint.h>
#include <stdio.h>

#include "labhost/rdp.h"

#define LABHOST_PROGRAM "leaklab-labhost"

/* Each takes the arguments from its own name on, and returns an exit code. */
int labhost_serve(int argc, char **argv);
int labhost_ask(int argc, char **argv);
int labhost_crash(int argc, char **argv);
int labhost_sandbox(int argc, char **argv);

/* The command line of `serve`. */
#define SESSIONS_AT_ONCE 2000 /* a hard cap: this is a lab, on one machine */

struct serve_options {
	const char *dir; /* NULL: a new one */
	const char *domain;
	const char *host_name;
	size_t accounts;
	const char *passwords_of; /* accounts.csv of another lab host; NULL: they have their own */
	unsigned lockout;
	bool lab; /* may listen where others can reach it */
	struct model_options model;
	struct rdp_server_options rdp;
};

/* Ends the program with a usage error, or after --help. The texts are borrowed from argv. */
void serve_options_parse(struct serve_options *out, int argc, char **argv);

/* The name that clients are told in NTLM's CHALLENGE, borrowed. To be called before the first thread. */
void computer_name_set(const char *name);

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
