/* Going on with a run that was killed, that ended early, or that is wanted longer. */
#ifndef LEAKLAB_RESUME_H
#define LEAKLAB_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/rdp/worker.h"
#include "driver/turn.h"

struct resumption {
	struct runfile *runfile;
	struct scenario *scenario;
	char *text; /* of the scenario, as it is played from here on */
};

/* Opens the run file and takes the scenario from it. more: so many cycles beyond those that it has; 0: none. What cannot go on is
 * refused. The caller closes, destroys and frees what is in it. */
bool resume_open(struct resumption *out, const char *path, uint64_t more, struct error *error);

/* Checks that the run goes on at the address at which it began. False: run->error says why. */
bool resume_check_address(struct run *run, const struct setup *setup);
/* Checks that the run's host is still the one that it began with, by a sample that joins the course, and takes back the run's end.
 * False: nothing in the file has changed, run->error says why. */
bool resume_begin(struct run *run, const char *text);

#endif
