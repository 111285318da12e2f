/* What logons show that were made at once when the host had settled: hosts give the lowest session IDs that nothing refers to. Inside this
 * folder. */
#ifndef LEAKLAB_WITNESS_H
#define LEAKLAB_WITNESS_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* Fills verdict->witness from the run's verification cycles. False only when memory is out. */
bool witness_find(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits);
void witness_deinit(struct verdict *verdict);

/* What they prove; what they leave open. False only when memory is out. */
bool witness_tell(struct sentences *out, const struct verdict *verdict);
bool witness_doubt(struct sentences *out, const struct verdict *verdict);

#endif
