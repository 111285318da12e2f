/* How many handles each process had as the run went on. Inside this folder. */
#ifndef LEAKLAB_SERIES_H
#define LEAKLAB_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "judge/evidence.h"
#include "runfile/runfile.h"

#define SERIES_ALL_HANDLES "handle" /* the type of a series that counts handles of any type */

/* One process and one type of object. For tokens and directories only what belongs to the run's accounts, or to nobody
 * known, is counted: other users come and go by their own clock. */
struct series {
	int64_t pid;       /* NUMBER_UNKNOWN */
	const char *image; /* NULL: not known */
	const char *type;
	double *counts; /* by sample */
};

struct series_set {
	double *cycles; /* finished cycles at each sample, rising */
	size_t samples;
	struct series *items;
	size_t count, room;
	void *index;           /* private */
	struct intern *intern; /* private */
};

/* From the snapshots taken during the load, but for its beginning and its end, when not all slots were in use. */
bool series_load(struct series_set *set, const struct evidence *evidence, struct runfile *runfile,
    struct error *error);
void series_deinit(struct series_set *set);

#endif
