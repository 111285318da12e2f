/* What people and programs get to see of a run while it goes on. The door of this folder. */
#ifndef LEAKLAB_MONITOR_H
#define LEAKLAB_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/monitor/metrics.h"
#include "driver/monitor/progress.h"

struct monitor_options {
	enum progress_mode progress;
	int64_t every;       /* microseconds between lines, where there are lines */
	const char *events;  /* file for events; "-": standard output; NULL: none */
	const char *metrics; /* file; NULL: none */
};

struct monitor {
	struct tally tally;
	struct progress progress;
	struct metrics metrics;
	struct outlook *outlook;  /* NULL: nobody wants it, or the run is over */
	struct outlook_view view; /* of it, or of the verdict */
	bool events;
	char host[300]; /* "": not known yet */
};

/* All options but how progress is shown may be left out; they are taken by monitor_open() only. */
void monitor_begin(struct monitor *monitor, const struct monitor_options *options, const char *name,
    uint64_t cycles);
/* Opens what the options name. */
bool monitor_open(
    struct monitor *monitor, const struct monitor_options *options, struct error *error);
/* Where the run is played is known. */
void monitor_host(struct monitor *monitor, const char *host);
/* The run file at path is there; needed: cycles that CLEAN takes. */
bool monitor_watch(struct monitor *monitor, const char *path, int64_t needed, struct error *error);

/* loud: it is worth a line to people. */
void monitor_event(struct monitor *monitor, const char *kind, const char *text, bool loud);
/* A cycle of the load has logged on or finished. */
void monitor_cycle(struct monitor *monitor, const struct cycle *cycle);
/* The host was sampled; answered: every observer did. */
void monitor_sample(struct monitor *monitor, bool answered);
/* Draws and writes what is due. Returns when something will be; monotonic. */
int64_t monitor_turn(struct monitor *monitor);

/* The run is over: nothing is drawn any more, and its file is not read beside it. */
void monitor_stop(struct monitor *monitor);
/* How the run was judged; for the metrics. */
void monitor_judged(struct monitor *monitor, const struct verdict *verdict);
/* The last of the metrics, and of the events: verdict is a line of JSON, taken over, or NULL. False: the events were not read to their
 * end. */
bool monitor_close(struct monitor *monitor, const struct metrics_end *end, char *verdict);

#endif
