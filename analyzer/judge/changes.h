/* What would change a verdict. Inside this folder. */
#ifndef LEAKLAB_CHANGES_H
#define LEAKLAB_CHANGES_H

#include "judge/verdict.h"

/* False only when memory is out. */
bool changes_tell(struct sentences *out, const struct verdict *verdict);

#endif
