/* Whether what the observers listed can be all there was. Inside this folder. */
#ifndef LEAKLAB_COMPLETENESS_H
#define LEAKLAB_COMPLETENESS_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* Signs of leaks that the lists of the run's accounts do not explain. */
bool completeness_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);

/* What a clean run must have seen: sessions and logon sessions whole before it and in the end, handles, and nothing in between that
 * could have been taken along. False only when memory is out. */
bool completeness_clean(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);

#endif
