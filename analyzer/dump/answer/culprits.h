/* Who is to blame for the orphans. Inside this folder. */
#ifndef LEAKLAB_ANSWER_CULPRITS_H
#define LEAKLAB_ANSWER_CULPRITS_H

#include "dump/answer/findings.h"

/* Groups the orphans' tokens by who is to blame for them. False when memory is out. */
bool answer_group_culprits(struct answer *answer);

#endif
