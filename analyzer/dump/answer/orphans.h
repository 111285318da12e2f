/* Which logon sessions are orphaned. Inside this folder. */
#ifndef LEAKLAB_ANSWER_ORPHANS_H
#define LEAKLAB_ANSWER_ORPHANS_H

#include "dump/answer/findings.h"

/* Fills in all but the culprits. False when memory is out. */
bool answer_find_orphans(struct answer *answer);

#endif
