/* Leaks that more cycles do not make more of. Inside this folder. */
#ifndef LEAKLAB_BOUNDED_H
#define LEAKLAB_BOUNDED_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* A cache of one an account: what leaks is exactly what each account's latest cycle left, with two accounts and three cycles each on average
 * at least, and of each an earlier one was seen to go at its account's next logon. Fills verdict->bounded. */
void bounded_find(struct verdict *verdict, const struct evidence *evidence);

#endif
