/* Which cycles are shown to have logged on. Inside this folder. */
#ifndef LEAKLAB_LOGONS_H
#define LEAKLAB_LOGONS_H

#include "judge/evidence.h"

/* Fills in evidence->shown; the cycles, captures, index and moments are loaded. */
bool logons_find(struct evidence *evidence, struct runfile *runfile, struct error *error);

#endif
