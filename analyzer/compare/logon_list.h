/* Whether AFTER's list of logon sessions can be whole. Inside this folder. */
#ifndef LEAKLAB_COMPARE_LOGON_LIST_H
#define LEAKLAB_COMPARE_LOGON_LIST_H

#include "compare/compare.h"

/* Fills in why it is not. False only when memory is out. */
bool logon_list_check(struct comparison *comparison);

#endif
