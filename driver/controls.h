/* The control runs of a scenario. */
#ifndef LEAKLAB_CONTROLS_H
#define LEAKLAB_CONTROLS_H

#include <stdbool.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

/* Plays the control runs, each with a stage of its own, into files beside path; none of them stays if it fails.
 * controls_keep() puts them into the run's file, controls_forget() removes them. text is the scenario as it is played. */
bool controls_play(const struct scenario *scenario, const char *text, const char *path,
    const char *password, struct error *error);
bool controls_keep(const struct scenario *scenario, const char *path, struct runfile *runfile,
    struct error *error);
/* Of a run that goes on: whether its control runs are still beside path, and not yet in its file. False: they are lost. */
bool controls_find(const struct scenario *scenario, const char *path, struct runfile *runfile,
    bool *beside, struct error *error);
void controls_forget(const struct scenario *scenario, const char *path);

#endif
