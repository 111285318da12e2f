/* The latest logons and cycles of a load, by which a host in distress is spared the rest of it. */
#ifndef LEAKLAB_DISTRESS_H
#define LEAKLAB_DISTRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

#define DISTRESS_WINDOW 20 /* logons, and cycles: fewer say nothing */

struct distress {
	int64_t logons[DISTRESS_WINDOW]; /* microseconds from the cycle's start to its logon */
	bool failed[DISTRESS_WINDOW];
	size_t logon_count, ended_count; /* so far; the arrays have the latest */
};

/* A cycle has logged on (it is still running) or has ended. The logon counts from the cycle's actual start: an arrival that waited
 * for a free slot says nothing of the host. */
void distress_note(struct distress *distress, const struct cycle *cycle);
/* Whether a limit is exceeded; text then says which. */
bool distress_shows(
    const struct distress *distress, const struct scenario_limits *limits, char *text, size_t size);

#endif
