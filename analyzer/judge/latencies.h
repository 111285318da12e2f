/* How long each phase of the cycles took: exact, from all of them. For the report, too. */
#ifndef LEAKLAB_LATENCIES_H
#define LEAKLAB_LATENCIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runfile/runfile.h"

/* The phases, and two things more: */
enum {
	/* From the start of the cycle to its logon; in an open load from the time it was scheduled for, so that a host that
	 * holds up the load cannot hide its slowness. */
	LATENCY_TO_LOGON = PHASE_COUNT,
	/* The phases of reconnects, up to their hold; there are none in most runs. */
	LATENCY_RECONNECT,
	LATENCY_COUNT = LATENCY_RECONNECT + PHASE_LOGOFF,
};
const char *latency_name(int which); /* of a phase, "to_logon", or "reconnect_tcp" and the like */

struct latencies {
	bool open;                  /* counted from the scheduled time */
	int64_t *us[LATENCY_COUNT]; /* sorted; microseconds */
	size_t counts[LATENCY_COUNT];
};

/* False only when memory is out. */
bool latencies_find(struct latencies *out, const struct cycles *cycles,
    const struct reconnects *reconnects, bool open);
/* The same of a run file. */
bool latencies_load(struct latencies *out, const struct cycles *cycles, struct runfile *runfile,
    struct error *error);
void latencies_deinit(struct latencies *latencies);

/* True if arrivals of the run kept their own time. */
bool load_is_open(struct runfile *runfile);

/* The least value that so many percent are not above (nearest rank); count > 0, 0 <= percent <= 100. */
int64_t percentile(const int64_t *sorted, size_t count, double percent);

/* "12 ms", "1.35 s", "4 min 5 s". Returns out. */
#define LATENCY_TEXT 32
const char *latency_format(int64_t us, char out[LATENCY_TEXT]);

#endif
