/* Whether what the observers listed can be all there was. Inside this folder. */
#ifndef LEAKLAB_WHOLE_H
#define LEAKLAB_WHOLE_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* Lists that cannot be whole, as things are missing that every host has. False only when memory is out. */
bool whole_block(struct sentences *out, const struct evidence *evidence);
/* Signs of leaks that the lists of the run's accounts do not explain. */
bool whole_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);

#endif
