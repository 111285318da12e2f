/* Several runs of one host taken together: what each alone is too short for. Its fields are for reports. */
#ifndef LEAKLAB_POOL_H
#define LEAKLAB_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "judge/judge.h"
#include "statistics/interval.h"

#define POOL_SCHEMA "leaklab.pool/1"

struct pool {
	const struct verdict *const *verdicts;
	const char *const *paths;
	size_t count;
	enum verdict_word word;
	struct sentences reasons;
	int64_t k, n;             /* counted cycles that leaked; all */
	int64_t missing;          /* of several injectors, cycles that did not come back */
	double effective;         /* independent cycles that tell as much */
	struct interval interval; /* as wide as those that are missing leave open */
};

/* Of runs that are judged already; their verdicts and paths stay the caller's, and must outlive the pool. NULL only when memory is out. The
 * caller destroys it. */
struct pool *pool_create(
    const struct verdict *const *verdicts, const char *const *paths, size_t count);
void pool_destroy(struct pool *pool); /* NULL is allowed */

/* 0 clean, 1 leak, 3 inconclusive. What the runs' scenarios expect is not asked. */
int pool_exit_code(const struct pool *pool);

/* The process that leads a run's LEAK alone; NULL: none does. System and lsass hold for others, and are named for nothing. */
const struct culprit *pool_culprit(const struct verdict *verdict);
/* On one line. */
bool pool_print_json(const struct pool *pool, FILE *out, struct error *error);

#endif
