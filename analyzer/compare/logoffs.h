/* Inside this folder. */
#ifndef LEAKLAB_COMPARE_LOGOFFS_H
#define LEAKLAB_COMPARE_LOGOFFS_H

#include "compare/compare.h"

/* Whether somebody has logged off: only who does can leave something over. False only when memory is out. */
bool logoffs_find(struct comparison *comparison);

#endif
