/* Inside this folder: the two halves of an answer. */
#ifndef LEAKLAB_ANSWER_ORPHANS_H
#define LEAKLAB_ANSWER_ORPHANS_H

#include "dump/answer/answer.h"

/* Fills in all but the culprits. False when memory is out. */
bool answer_find_orphans(struct answer *answer);
/* Groups the orphans' tokens by who is to blame for them. */
bool answer_group_culprits(struct answer *answer);

#endif
