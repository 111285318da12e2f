/* Processes that hold late. Inside this folder. */
#ifndef LEAKLAB_LEAK_LATE_H
#define LEAKLAB_LEAK_LATE_H

#include "leak/weighing.h"

/* Says so if the group is a late holder, else how many more cycles would show it to be one. False: memory is out. */
bool late_look(const struct weighing *weighing, size_t group);

#endif
