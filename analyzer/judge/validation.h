/* Whether a fix works: runs with it against runs without. */
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

struct validation;

/* Judges `now` (with the fix) against `before` (without), each one run or more, all of them judged already; their verdicts
 * stay the caller's. NULL only when memory is out. The caller destroys it. */
struct validation *validation_create(const struct verdict *const *now, size_t now_count,
    const struct verdict *const *before, size_t before_count);
void validation_destroy(struct validation *validation); /* NULL is allowed */

enum validation_word validation_word(const struct validation *validation);
/* 0 fixed; 1 improved, not fixed or worse; 3 cannot tell. */
int validation_exit_code(const struct validation *validation);

void validation_print_text(const struct validation *validation, FILE *out);
/* On one line. */
bool validation_print_json(const struct validation *validation, FILE *out, struct error *error);

#endif
