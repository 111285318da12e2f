/* What a verdict is measured by. Inside this folder. */
#ifndef LEAKLAB_LIMITS_H
#define LEAKLAB_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "runfile/runfile.h"

/* What was settled before the run, and how the run itself went. */
struct limits {
	double smallest_rate; /* a clean run must be able to show leaks of this rate */
	double max_failed;    /* share of cycles that may fail */
	double growth;        /* handles a cycle that a process may gain */
	bool settled;         /* the host was quiet at the mark "settled" */
	bool timed_out;       /* still changing when the wait for it timed out */
	bool interrupted;
	bool exclusive; /* nobody but the run logs on at the host */
	int64_t
	    release_time; /* settle.release, microseconds; NUMBER_UNKNOWN: what samples state, else the usual */
	char *
	    decided; /* load.until: decided: what the load ended for, "leak" or "cycles"; NULL: it did not */
	char *ended_early;       /* why the load ended before its time, or NULL */
	bool environment_failed; /* it ended because the target or the environment failed */
};

/* Reads them from the run file's settings; what it does not say has the default. */
bool limits_read(struct limits *limits, struct runfile *runfile, struct error *error);
void limits_deinit(struct limits *limits);

/* True if key is a limit ("judge.smallest_rate", ...) and value is one that it can have. */
bool limit_valid(const char *key, const char *value, struct error *error);

/* The limit's value by this text, which is valid; NULL: its default. NAN: there is no such limit. */
double limit_value(const char *key, const char *text);

#endif
