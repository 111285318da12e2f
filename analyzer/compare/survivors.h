/* Logon sessions that outlived their session. Inside this folder. */
#ifndef LEAKLAB_SURVIVORS_H
#define LEAKLAB_SURVIVORS_H

#include "compare/compare.h"

/* Needs the comparison's holders. False only when memory is out. */
bool survivors_find(struct comparison *comparison);

#endif
