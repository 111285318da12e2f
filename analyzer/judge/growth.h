/* Which processes' handles rise with the cycles. Inside this folder. */
#ifndef LEAKLAB_GROWTH_H
#define LEAKLAB_GROWTH_H

#include "judge/evidence.h"
#include "judge/limits.h"
#include "judge/verdict.h"

/* Fills verdict->growths, the most telling first. Too few samples during the load give none: that is not an error. */
bool growth_find(struct verdict *verdict, const struct evidence *evidence,
    const struct limits *limits, struct runfile *runfile, struct error *error);

/* Puts the rises of the verdict's culprits first, and those of processes that follow another holder last, with the one that they
 * follow. False only when memory is out. */
bool growth_rank(struct verdict *verdict);

/* What handles of any type surely rise with. What rises with the reconnects is their leak, whoever else works on the host; but where other
 * users logged on meanwhile it may be theirs. */
enum growth_per growth_of_reconnects(const struct verdict *verdict, const struct growth *growth);

/* True if handles of tokens or directories of the run's accounts grow. */
bool growth_is_leak(const struct verdict *verdict);

#endif
