/* Holders that ended, and what they took along. Inside this folder. */
#ifndef LEAKLAB_LEAK_ENDED_H
#define LEAKLAB_LEAK_ENDED_H

#include "leak/weighing.h"

/* Lists what is to be weighed, and says of each group whether it leaks. False: memory is out. */
bool ended_weigh(struct weighing *weighing);

#endif
