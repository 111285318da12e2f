/* One error: what was being done, to what, what went wrong, and what to do about it. */
#ifndef LEAKLAB_ERROR_H
#define LEAKLAB_ERROR_H

#include <stdbool.h>

/* The exit codes of every leaklab program. They are a contract with the scripts that call us. */
enum exit_code {
	EXIT_CLEAN = 0,        /* clean, or the scenario's expectation was met */
	EXIT_LEAK = 1,         /* a leak was found, or the expectation failed */
	EXIT_USAGE = 2,        /* usage or configuration */
	EXIT_INCONCLUSIVE = 3, /* the evidence supports no verdict */
	EXIT_TARGET = 4,       /* target or environment failed */
	EXIT_SKIPPED = 77,     /* tests only */
};

/* "CLEAN", "LEAK" or "INCONCLUSIVE" for the three that are verdicts. */
const char *exit_code_word(enum exit_code code);

/* Lives on the caller's stack; functions that fail fill it and return false or NULL. Library code never
 * prints: only main files do, with error_print(). */
struct error {
	enum exit_code code;
	char text[1024];
};

/* Sets code and message. Returns false, so that a function can `return error_set(...)`. NULL is allowed. */
bool error_set(struct error *error, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The one that every allocation that failed makes. Returns false. */
bool error_memory(struct error *error);

/* Puts context before a message that is already there: "reading x.json: " + what it said. Returns false. */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "program: message" to stderr and returns the exit code. */
int error_print(const struct error *error, const char *program);

#endif
