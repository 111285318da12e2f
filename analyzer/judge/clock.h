/* How the host's clock relates to the driver's. Inside this folder. */
#ifndef LEAKLAB_CLOCK_H
#define LEAKLAB_CLOCK_H

#include <stdint.h>

#include "runfile/runfile.h"

struct clock {
	int64_t offset;    /* host clock minus driver's clock; microseconds */
	int64_t tolerance; /* how wrong the offset may be */
};

/* The clock at the moment that captures of this mark and round describe. */
struct clock clock_at(const struct captures *captures, enum mark mark, int64_t round);

/* By how many microseconds at least the host's clock was set, or drifted, against the driver's during the run; 0: by no
 * more than CLOCK_JUMP. */
#define CLOCK_JUMP INT64_C(5000000)
int64_t clock_jump(const struct captures *captures);

#endif
