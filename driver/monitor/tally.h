/* The counts of a run while it goes on. */
#ifndef LEAKLAB_TALLY_H
#define LEAKLAB_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "runfile/runfile.h"

/* Upper bounds of a histogram of durations, in seconds; beyond the last is one more. */
#define TALLY_BOUNDS 11
extern const double tally_bounds[TALLY_BOUNDS];

struct tally_phase {
	uint64_t count, counts[TALLY_BOUNDS]; /* of those up to each bound */
	double sum;                           /* seconds */
};

/* What a run does. */
enum doing {
	DOING_STAGE,
	DOING_PREFLIGHT,
	DOING_BEFORE,
	DOING_LOAD,
	DOING_AFTER,
	DOING_SETTLING,
	DOING_VERIFYING,
	DOING_WATCHING, /* the load of other machines */
	DOING_COUNT
};
extern const char *const doing_words[DOING_COUNT]; /* for programs */
extern const char *const doing_texts[DOING_COUNT]; /* for people */

struct tally {
	enum doing doing;
	char step[32];   /* of the load, "step 2 of 4"; "": it has none */
	uint64_t cycles; /* wanted */
	uint64_t finished;
	uint64_t earlier;                     /* of those, in earlier parts of the run */
	uint64_t results[CYCLE_RESULT_COUNT]; /* of those */
	uint64_t held;                        /* sessions logged on right now */
	int64_t session_id, highest;          /* the latest, and the highest; NUMBER_UNKNOWN */
	uint64_t missed;                      /* arrivals of an open load */
	uint64_t samples, failed_samples;
	/* Of the run's sessions, at the last sample while settling; -1: not known. */
	int64_t left_logons, left_ids;
	struct tally_phase phases[PHASE_COUNT];
};

void tally_begin(struct tally *tally, uint64_t cycles);
/* A cycle of the load has logged on or finished. */
void tally_cycle(struct tally *tally, const struct cycle *cycle);
/* Those that failed or were lost. */
uint64_t tally_failed(const struct tally *tally);

#endif
