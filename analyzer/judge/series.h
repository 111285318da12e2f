/* How many handles each process had as the run went on. Inside this folder. */
#ifndef LEAKLAB_SERIES_H
#define LEAKLAB_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "judge/evidence.h"
#include "judge/samples.h"
#include "runfile/runfile.h"

#define SERIES_ALL_HANDLES "handle" /* the type of a series that counts handles of any type */

/* One process as one observer saw it, one type of object, and all of the run's accounts or one of them. Handles to what
 * belongs to others are not counted, as others come and go by their own clock; those to what is of unknown owner count for all. */
struct series {
	int64_t pid;       /* NUMBER_UNKNOWN */
	const char *image; /* NULL: not known */
	const char *type;
	const struct samples *samples;
	const struct axis *axis;
	double *counts; /* by place, see samples.h */
	double
	    dip; /* by which it was lower in a sample after the load than in the last: so many come and go */
	double
	    unowned_gain; /* of them, to what is of unknown owner: from before the run until the host was quiet */
};

struct series_set {
	struct all_samples all;
	struct series *items;
	size_t count, room;
	size_t strangers;      /* see owners.h */
	void *index;           /* private */
	struct intern *intern; /* private */
};

bool series_load(struct series_set *set, const struct evidence *evidence, struct runfile *runfile,
    struct error *error);
void series_deinit(struct series_set *set);

/* Snapshots with handles during the load, of the observer with the most. */
size_t series_samples(const struct series_set *set);

bool series_is_total(const struct series *series);
/* That counts those of all accounts. */
bool series_is_pooled(const struct series *series);
/* From before the run until the host was quiet; NAN: not known. */
double series_gain(const struct series *series);

#endif
