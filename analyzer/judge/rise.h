/* A series of counts, and what its rise is. Inside this folder. */
#ifndef LEAKLAB_RISE_H
#define LEAKLAB_RISE_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/series.h"
#include "judge/verdict.h"
#include "statistics/drift.h"

/* What rises are held against. */
struct rising {
	double limit;     /* handles a cycle */
	size_t strangers; /* see owners.h */
};

struct rise {
	const struct series *series;
	struct growth growth; /* its texts belong to the series */
	size_t points;        /* 0: it is flat, or too short */
	bool slows;
	double late_upper; /* see drift.h */
};

/* It has more at the end than the limit allows for so many cycles; or: the same, or the end is not known. */
bool rise_has_gained(const struct series *series, double limit);
bool rise_may_have_gained(const struct series *series, double limit);

/* What of it can be counted. False only when memory is out. */
bool rise_measure(struct rise *rise, const struct series *series, double limit);
/* What the rise of the series goes with, in a run with reconnects. */
void rise_find_per(struct growth *growth, const struct series *series);

/* Its word; above: its slope surely is above the limit. What was released once the load was over has not leaked: what is left on
 * the quiet host judges. False only when memory is out. */
bool rise_decide(struct rise *rise, const struct rising *rising, bool above);

#endif
