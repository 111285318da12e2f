/* Going on with a run: what must be as it was. */
#ifndef LEAKLAB_RESUME_H
#define LEAKLAB_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/rdp/worker.h"
#include "driver/turn.h"

/* Checks that the run goes on at the address at which it began. False: run->error says why. */
bool resume_check_address(struct run *run, const struct setup *setup);
/* Checks that the run's host is still the one that it began with, by a sample that joins the course, and takes back the run's end.
 * False: nothing in the file has changed, run->error says why. */
bool resume_begin(struct run *run, const char *text);

#endif
