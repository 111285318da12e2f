/* A run: one playing of a scenario. */
#ifndef LEAKLAB_RUN_H
#define LEAKLAB_RUN_H

#include <stdbool.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

/* Plays the scenario into a new run file at path, or goes on with the one in *runfile, if that is not NULL. text is the scenario as it is played. The run file is finished
 * and still open in *runfile when this returns true, even if the run ended early; *ended then says why (empty: as
 * planned). False: nothing was played, or the run file is lost; *runfile is NULL then. password is what password_fetch() gave. */
bool run_scenario(const struct scenario *scenario, const char *text, const char *path,
    const char *password, bool json, struct runfile **runfile, struct error *ended,
    struct error *error);

#endif
