/* The stage: programs that a scenario starts before it plays and ends afterwards (a lab host, a grabber). */
#ifndef LEAKLAB_STAGE_H
#define LEAKLAB_STAGE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "driver/command.h"
#include "driver/scenario/scenario.h"

struct stage;

/* Makes the stage's folder (0700, its path in $LEAKLAB_STAGE), if there are programs at all, and starts the programs one after another. Each but
 * those with no_ready prints lines "name=value" and then "ready" on stdout; the values become environment
 * variables NAME_OF_PROGRAM_NAME for all that is started later. cancel, if not NULL, is asked now and then. */
struct stage *stage_create(
    const struct scenario *scenario, bool (*cancel)(void *data), void *data, struct error *error);
/* Ends the programs, last one first, and removes the folder. NULL is allowed. */
void stage_destroy(struct stage *stage);

/* At most COMMAND_FDS a program. */
size_t stage_fill(const struct stage *stage, struct pollfd *fds);
void stage_serve(struct stage *stage);
/* False, and which and why, if a program of the stage has ended before its time. */
bool stage_stands(const struct stage *stage, struct error *error);

#endif
