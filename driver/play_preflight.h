/* A preflight while it is played: one account logs on and off before there is a load. */
#ifndef LEAKLAB_PLAY_PREFLIGHT_H
#define LEAKLAB_PLAY_PREFLIGHT_H

#include <stdbool.h>

#include "driver/preflight/preflight.h"
#include "driver/run.h"

/* Whether a run of the scenario begins with one. */
bool preflight_is_wanted(const struct scenario *scenario);

/* Plays it, or takes what one of the last 24 hours found of the same host, accounts, method and observers; the setup gets the way of
 * logging off that works. What was played is kept in the state folder, and the run's file, if there is one already, gets the cycle (number 0)
 * and the steps. outputs: folder of the run file. live: each step goes there as it comes, and nothing is taken from before; NULL: only
 * what is wrong is told, and a preflight that failed is an error. False: run->error. */
bool preflight_play(struct run *run, struct setup *setup, const char *outputs, FILE *live,
    struct preflight *preflight);

#endif
