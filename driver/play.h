/* The load of a run. */
#ifndef LEAKLAB_PLAY_H
#define LEAKLAB_PLAY_H

#include "turn.h"

/* Plays the load to its end. ended gets the reason if it ended early (text empty: as planned). False: run->error. */
bool run_play(struct run *run, struct error *ended);

#endif
