/* Which logon session belongs to which cycle. Inside this folder. */
#ifndef LEAKLAB_MATCH_H
#define LEAKLAB_MATCH_H

#include "judge/orphans.h"

/* Sorts the survivors and sets the cycle of each that has none and that a cycle explains. False only when memory is
 * out. */
bool match_survivors(struct survivor *survivors, size_t count, const struct cycle_index *index,
    const struct clock *clock);

#endif
