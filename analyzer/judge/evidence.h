/* What a run has to say, read once, before it is judged. Inside this folder. */
#ifndef LEAKLAB_EVIDENCE_H
#define LEAKLAB_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "runfile/runfile.h"

/* A snapshot and how its host's clock relates to the driver's. */
struct moment {
	struct snapshot *snapshot; /* NULL: there is none */
	int64_t offset;            /* host clock minus driver's clock; microseconds */
	int64_t tolerance;         /* how wrong the offset may be */
};

struct evidence {
	struct cycles cycles;
	struct captures captures;
	struct moment before;  /* last round */
	struct moment after;   /* first round */
	struct moment settled; /* last round */
};

bool evidence_load(struct evidence *evidence, struct runfile *runfile, struct error *error);
void evidence_deinit(struct evidence *evidence);

/* True if the cycle logged on and came to its end, so that it counts. */
bool cycle_counts(const struct cycle *cycle);

#endif
