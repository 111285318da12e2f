/* From the evidence of a run to a verdict. The door of this folder. */
#ifndef LEAKLAB_JUDGE_H
#define LEAKLAB_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "judge/verdict.h"
#include "runfile/runfile.h"

/* What whoever asks for a verdict says. */
struct judge_terms {
	int64_t release_time; /* as in struct leak_terms; NUMBER_UNKNOWN: what the run says */
	bool allow_partial;   /* a run that was cut short is judged by what there is of it */
};
#define JUDGE_TERMS_NONE                                                                           \
	{                                                                                          \
		.release_time = NUMBER_UNKNOWN                                                     \
	}

/* Judges the run. terms: NULL for none. NULL with an error only if the file cannot be read: too little evidence is a verdict
 * (INCONCLUSIVE), not an error. The caller destroys it. */
struct verdict *judge_run(
    struct runfile *runfile, const struct judge_terms *terms, struct error *error);

/* Whether a run that goes on has shown a leak already (load.until: decided): an orphan that is so old that no healthy holder takes as
 * long, whose account has logged off again since. False with an error if the file cannot be read. */
bool judge_decided(struct runfile *runfile, bool *leaks, struct error *error);

/* True if key is an expectation ("expect.rate", ...) or a limit ("judge.max_failed", ...) and value is one that it
 * can have. The driver asks while it reads the scenario. */
bool judging_valid(const char *key, const char *value, struct error *error);
/* The value of a limit: what text says, which is valid; NULL: what it is if nothing is said. NAN: no such limit. */
double judging_limit(const char *key, const char *text);

#endif
