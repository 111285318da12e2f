/* Inside this folder. */
#ifndef LEAKLAB_COMPARE_VERDICT_H
#define LEAKLAB_COMPARE_VERDICT_H

#include "compare/notes.h"

/* Sets the comparison's verdict from all that was found, with its reasons and limits. */
void verdict_find(struct notes *notes);

#endif
