/* One sample of the host: all observers of the scenario at one moment. */
#ifndef LEAKLAB_OBSERVATION_H
#define LEAKLAB_OBSERVATION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

/* The scenario's observers; those that stay for the whole run are started when they are asked first, and again after they ended. */
struct observers;
struct observers *observers_create(const struct scenario *scenario); /* NULL: out of memory */
/* Lets those that stay end by themselves for a moment. NULL is allowed. */
void observers_destroy(struct observers *observers);

struct observation;

/* Starts all observers' commands, or asks those that stay. cycle is how many cycles have finished. The caller destroys it; there is one at
 * a time. */
struct observation *observation_start(
    struct observers *observers, enum mark mark, int64_t round, int64_t cycle, struct error *error);
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
