/* Why a verdict is what it is, in sentences. Inside this folder. */
#ifndef LEAKLAB_REASONS_H
#define LEAKLAB_REASONS_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* The settings that matter here. */
struct limits {
	double smallest_rate; /* a clean run must be able to show leaks of this rate */
	double max_failed;    /* share of cycles that may fail */
	bool settled;         /* false: still changing when the wait for it timed out */
	bool interrupted;
};

/* What stands against any verdict, one sentence each. False only when memory is out. */
bool reasons_block(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);
/* What stands against "clean" only. */
bool reasons_doubt(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits);
/* What was found. */
bool reasons_tell(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);

#endif
