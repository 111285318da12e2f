/* Whether two snapshots are a BEFORE and an AFTER. Inside this folder. */
#ifndef LEAKLAB_COMPARE_PAIR_H
#define LEAKLAB_COMPARE_PAIR_H

#include "compare/notes.h"

/* Sets what the comparison knows of the pair, and says what is wrong with it. */
void pair_check(struct notes *notes, const struct snapshot *before, const struct snapshot *after);

#endif
