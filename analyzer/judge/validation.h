/* Whether a fix works: runs with it against runs without. Its fields are for reports. */
#ifndef LEAKLAB_VALIDATION_H
#define LEAKLAB_VALIDATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "judge/judge.h"

#define VALIDATION_SCHEMA "leaklab.validation/1"

enum validation_word {
	VALIDATION_FIXED,
	VALIDATION_IMPROVED,
	VALIDATION_NOT_FIXED,
	VALIDATION_WORSE,
	VALIDATION_CANNOT_TELL
};
extern const char *const validation_words[5];

struct validation_side {
	double *rates; /* by run that could be judged */
	size_t count, undecided, leaks;
	size_t leaks_of_handles; /* runs that leak, though no logon session did */
	int64_t k, n;            /* over all of them, see `what` */
	double lowest, highest;  /* of the rates */
	double lower, upper;     /* 95 % interval of the rate; valid if n > 0 */
	bool dependent; /* in one of the runs leaks come in bursts, or from some cycle on */
};

struct validation {
	enum validation_word word;
	struct validation_side now, before;
	/* What is counted: logon sessions that leaked, or, where none did on either side, runs that leak handles. */
	const char *what;
	double effect;                     /* rate before less rate now */
	double effect_lower, effect_upper; /* 95 % interval */
	double chance;                     /* of such a difference by chance alone */
	double
	    spread; /* with few runs: that between runs, which would make luck of it; NAN: of more runs, or of none */
	struct sentences reasons;
};

/* Judges `now` (with the fix) against `before` (without), each one run or more, all of them judged already; their verdicts
 * stay the caller's. NULL only when memory is out. The caller destroys it. */
struct validation *validation_create(const struct verdict *const *now, size_t now_count,
    const struct verdict *const *before, size_t before_count);
void validation_destroy(struct validation *validation); /* NULL is allowed */

/* 0 fixed; 1 improved, not fixed or worse; 3 cannot tell. */
int validation_exit_code(const struct validation *validation);

/* On one line. */
bool validation_print_json(const struct validation *validation, FILE *out, struct error *error);

#endif
