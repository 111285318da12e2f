/* How the host's clock relates to the driver's. For the room of shards, too. */
#ifndef LEAKLAB_CLOCK_H
#define LEAKLAB_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runfile/runfile.h"

struct clock {
	int64_t offset;    /* host clock minus driver's clock; microseconds */
	int64_t tolerance; /* how wrong the offset may be */
};

/* What the host's clock was at the logon of a cycle. */
struct clock_reading {
	int64_t time; /* driver's */
	int64_t offset;
	int64_t cycle; /* its number */
};

/* All that a run knows of it: its captures, and the logons that told it. */
struct clocks {
	const struct captures *captures;
	struct clock_reading *readings; /* by time */
	size_t count;
};

/* captures must outlive it. False: memory is out. */
bool clocks_init(
    struct clocks *clocks, const struct captures *captures, const struct cycles *cycles);
void clocks_deinit(struct clocks *clocks);

/* The host's clock minus the driver's as one capture tells it, and how wrong that may be; microseconds. False: it tells no time. */
bool clock_of_capture(const struct capture *capture, int64_t *offset, int64_t *width);

/* The clock at the moment that captures of this mark and round describe. */
struct clock clock_at(const struct clocks *clocks, enum mark mark, int64_t round);

/* When the moment's last capture was complete: those of one moment are started together. */
int64_t clock_complete_at(const struct captures *captures, enum mark mark, int64_t round);

struct clock_jump {
	int64_t by; /* microseconds */
	int64_t from,
	    until; /* cycles between whose logons it happened; NUMBER_UNKNOWN: only samples show it */
};

/* By how much at least the host's clock was set, or drifted, against the driver's during the run; by 0: no more than CLOCK_JUMP. */
#define CLOCK_JUMP INT64_C(5000000)
struct clock_jump clocks_jump(const struct clocks *clocks);

#endif
