/* The sessions that a run leaves on the host. */
#ifndef LEAKLAB_LEFTOVERS_H
#define LEAKLAB_LEFTOVERS_H

#include "driver/run.h"

/* Tells of the sessions of the run's accounts whose end is not proven, and, where the scenario says so, logs them off, after all samples: no
 * evidence changes by it. False: run->error. */
bool leftovers_tell_and_clean(struct run *run, const struct setup *setup);

#endif
