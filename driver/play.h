/* The load of a run. */
#ifndef LEAKLAB_PLAY_H
#define LEAKLAB_PLAY_H

#include "driver/turn.h"

/* Plays the load to its end. ended gets the reason if it ended early (text empty: as planned). False: run->error. */
bool run_play(struct run *run, struct error *ended);

/* So many accounts log on at once, wait for each other, and log off: cycles of kind verification, which show the session IDs that are
 * free. What fails of them ends nothing. False: run->error. */
bool run_verify_ids(struct run *run, size_t logons);

#endif
