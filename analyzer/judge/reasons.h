/* Why a verdict is what it is, in sentences. Inside this folder. */
#ifndef LEAKLAB_REASONS_H
#define LEAKLAB_REASONS_H

#include "judge/evidence.h"
#include "judge/limits.h"
#include "judge/verdict.h"

/* What makes the evidence void whatever it shows, one sentence each. False only when memory is out. */
bool reasons_void(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);
/* What stands against any verdict but a proven leak. */
bool reasons_block(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);
/* What stands against "clean" only. */
bool reasons_doubt(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);
/* What was found. */
/* Too few cycles count for CLEAN. */
bool reasons_too_few(const struct verdict *verdict, const struct limits *limits);
bool reasons_tell(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);

#endif
