/* A host made up for the judge: what snapshots would have shown of it while test users came and went. */
#ifndef LEAKLAB_STUDY_HOST_H
#define LEAKLAB_STUDY_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "runfile/runfile.h"

/* When a process is restarted: seconds after the first cycle began; 0: never. */
struct restarts {
	int64_t every, once;
};

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
	    unsettled;  /* share of runs in which a holder is still late when settling times out */
	double burst;   /* cycles; leaks come in bursts of so many on average; 0: one by one */
	int leak_from;  /* they begin after so many cycles */
	int of_account; /* only this one of five leaks; 0: all do */
	bool drifts;    /* from none to twice the share */
	bool cache;     /* each account's latest is kept, earlier ones are not */
	double late;    /* share of logoffs of which a holder releases at 20 to 25 minutes */
	struct restarts leaker, service;
	bool service_leaks;  /* the leaker is the service that holds what healthy holders do */
	double leak_network; /* share of logons of which the network logon session stays */
	double fail;         /* share of logons that fail; 0: 2 % */
	bool failed_leak;    /* each of those leaves a network logon session */
	bool boot_moves;     /* by two seconds, in the last sample */
	bool tasks;          /* the accounts have scheduled tasks that run */
	bool blind;          /* the observer sees no handles */
	int64_t settle; /* seconds after the load, whatever is still held; 0: as the driver waits */
};

/* What happened in a run. */
struct truth {
	int k, n;   /* counted cycles that leaked; all */
	int leaked; /* and those of cycles that failed */
};

/* Plays a run of `cycles` into the file. */
bool host_play(struct runfile *runfile, const struct kind *kind, int cycles, uint64_t seed,
    struct truth *truth);

#endif
