/* One look at the host: all observers of the scenario at one moment. */
#ifndef LEAKLAB_OBSERVATION_H
#define LEAKLAB_OBSERVATION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "runfile/runfile.h"
#include "scenario.h"

struct observation;

/* Starts all observers' commands. cycle is how many cycles have finished. The caller destroys it. */
struct observation *observation_start(const struct scenario *scenario, enum mark mark,
    int64_t round, int64_t cycle, struct error *error);
void observation_destroy(struct observation *observation); /* NULL is allowed */

/* At most COMMAND_FDS an observer. */
size_t observation_fill(const struct observation *observation, struct pollfd *fds);
/* Takes output, ends commands whose time is over. Returns true when all have ended. */
bool observation_serve(struct observation *observation);
/* When the next time-out is due, monotonic. */
int64_t observation_deadline(const struct observation *observation);

/* Reads what the commands printed and puts it all into the run file, raw and read. problem, if not NULL, gets the
 * first reason why one gave no snapshot (empty if all did); the run file has them all. */
bool observation_store(struct observation *observation, struct runfile *runfile, char problem[512],
    struct error *error);

#endif
