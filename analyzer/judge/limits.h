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
	bool exclusive;       /* nobody but the run logs on at the host */
	int64_t
	    release_time; /* settle.release, microseconds; NUMBER_UNKNOWN: what samples state, else the usual */
	char *
	    decided; /* load.until: decided: what the load ended for, "leak", "cycles" or "duration"; NULL: it did not */
	char *cut_short;         /* what ended the run before its time, or NULL */
	int64_t cycles_planned;  /* NUMBER_UNKNOWN: it does not say */
	bool environment_failed; /* it was the target or the environment that failed */
	int64_t
	    shards_missing; /* of several injectors, those whose cycles are not in the run, or not all of them */
	int64_t cycles_missing; /* of the load, with them */
	bool unordered; /* the order of logons is not known: the injectors' clocks do not relate */
	bool allow_partial; /* a run that was cut short is judged as if that was all */
};

/* Reads them from the run file's settings; what it does not say has the default. */
bool limits_read(struct limits *limits, struct runfile *runfile, struct error *error);
void limits_deinit(struct limits *limits);

/* True if key is a limit ("judge.smallest_rate", ...) and value is one that it can have. */
bool limit_valid(const char *key, const char *value, struct error *error);

/* The limit's value by this text, which is valid; NULL: its default. NAN: there is no such limit. */
double limit_value(const char *key, const char *text);

#endif
