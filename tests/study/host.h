/* A host made up for the judge: what snapshots would have shown of it while test users came and went. */
#ifndef LEAKLAB_STUDY_HOST_H
#define LEAKLAB_STUDY_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "runfile/runfile.h"

/* How the runs of one kind differ from those of another. */
struct kind {
	const char *name;
	double leak;             /* share of logons that leak */
	bool session_ids_reused; /* as before MS16-111 */
	double anonymous; /* token handles without a logon session gained a cycle, never closed */
	int plateau;      /* the same, up to that many */
	double tau;       /* share of the run in which it comes nearer to that by a factor of e */
	double walk; /* they wander: how much of their way they keep in a cycle; 1: all of it */
	bool one_account; /* only in the cycles of one of five */
	int from;         /* only in the cycles after so many */
	double staff;     /* others who log on a cycle, and stay */
	double
	    unsettled; /* share of runs in which a holder is still late when settling times out */
};

/* Plays a run of `cycles` into the file. true_k gets how many of the counted cycles leaked. */
bool host_play(struct runfile *runfile, const struct kind *kind, int cycles, uint64_t seed,
    int *true_k, int *true_n);

#endif
