/* What processes gained from before the run until the host was quiet. Inside this folder. */
#ifndef LEAKLAB_GAINS_H
#define LEAKLAB_GAINS_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* Handles of one process to objects of one type, of the run's accounts or of nobody known. */
struct gain {
	const struct handle *first; /* into the snapshot it was seen in */
	int64_t before, settled;
};

struct gains {
	struct gain *items;
	size_t count;
	bool known; /* both snapshots are there and show handles */
};

/* False only when memory is out. The caller calls gains_deinit(). */
bool gains_find(struct gains *gains, const struct evidence *evidence);
void gains_deinit(struct gains *gains);

/* What the growth's process gained of what grew; NUMBER_UNKNOWN. */
int64_t gains_of(
    const struct gains *gains, const struct evidence *evidence, const struct growth *growth);

#endif
