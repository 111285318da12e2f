/* Handles gained and lost. Inside this folder. */
#ifndef LEAKLAB_CHANGES_H
#define LEAKLAB_CHANGES_H

#include "compare/compare.h"

/* Needs the comparison's holders. False only when memory is out. */
bool changes_find(struct comparison *comparison);

#endif
