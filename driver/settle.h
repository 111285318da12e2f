/* The settling after the load. */
#ifndef LEAKLAB_SETTLE_H
#define LEAKLAB_SETTLE_H

#include "driver/turn.h"

/* Samples the host until nothing of ours changes any more; the last sample becomes the mark "settled". False:
 * run->error. */
bool run_settle(struct run *run);
/* Where there is no observer: waits as long as holders take to release, the quiet time with it. False: run->error. */
bool run_settle_unseen(struct run *run);

#endif
