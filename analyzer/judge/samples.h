/* The samples whose counts are followed over the run, and how far the cycles were at each. Inside this folder. */
#ifndef LEAKLAB_SAMPLES_H
#define LEAKLAB_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/evidence.h"
#include "runfile/runfile.h"

#define SAMPLE_TIMES 3

/* What counts are held against: the cycles of all accounts, or of one. */
struct axis {
	const char *user; /* NULL: all accounts */
	size_t at;        /* of the account's first cycle in the index */
	double *cycles;   /* started before each sample, never falling */
	/* Of all accounts, in a run with reconnects; else NULL: how many logons and reconnects there were when the observer began, half-way, and
	 * when it was done, and when that was, in seconds: at which of these it looked is not known. */
	double *logons[SAMPLE_TIMES], *reconnects[SAMPLE_TIMES], *times[SAMPLE_TIMES];
	double total; /* in the run */
};

/* The captures of one observer: what two of them saw, one may have seen better, and both counted. */
struct samples {
	const char *observer; /* as captures have it; NULL: not known */
	size_t
	    count; /* taken during the load, except for its beginning and its end, when not all slots were in use */
	bool before, settled;  /* the moments without load are there, too, */
	size_t quiet;          /* and so many others after the load */
	struct axis everybody; /* its cycles rise */
	struct axis
	    *accounts; /* those with cycles enough for a trend, if there are several; by `at` */
	size_t account_count;
	struct chosen *chosen; /* private */
	size_t chosen_count;   /* private */
};

/* Places in a series of counts, beside 0 to count - 1. */
#define SAMPLE_BEFORE(samples) ((samples)->count)
#define SAMPLE_SETTLED(samples) ((samples)->count + 1)
#define SAMPLE_QUIET(samples) ((samples)->count + 2) /* the first of them */
#define SAMPLE_PLACES(samples) (SAMPLE_QUIET(samples) + (samples)->quiet)

/* NULL: the account has none of its own. */
const struct axis *samples_axis(
    const struct samples *samples, const struct evidence *evidence, const char *user);

/* Of one observer: those that show handles, and those that list processes. */
struct observer_samples {
	struct samples handles, processes;
};

struct all_samples {
	struct observer_samples *items;
	size_t count;
};

/* slots: how many cycles ran at a time. False only when memory is out. The caller calls all_samples_deinit() in any case. */
bool all_samples_choose(struct all_samples *all, const struct evidence *evidence, int64_t slots);
void all_samples_deinit(struct all_samples *all);

/* The samples that the capture is one of, and its place in them; NULL: it was not chosen. */
const struct samples *samples_with_handles(
    const struct all_samples *all, int64_t capture, size_t *place);
const struct samples *samples_with_processes(
    const struct all_samples *all, int64_t capture, size_t *place);

#endif
