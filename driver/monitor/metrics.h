/* A run's counts for Prometheus, as a file that its node exporter's textfile collector takes up. */
#ifndef LEAKLAB_METRICS_H
#define LEAKLAB_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/monitor/outlook.h"
#include "driver/monitor/tally.h"

struct metrics {
	const char *path; /* NULL: nobody wants them */
	const char *scenario, *host;
	int64_t started; /* timestamp */
	int64_t written; /* monotonic; 0: not yet */
};

/* How the run came out. */
struct metrics_end {
	const char *verdict; /* NULL: there is none */
	int exit_code;
};

/* Writes the file whole, if it is due, or the run has ended (end is not NULL). False: error. */
bool metrics_write(struct metrics *metrics, const struct tally *tally,
    const struct outlook_view *view, const struct metrics_end *end, struct error *error);
/* When it is due next; monotonic. */
int64_t metrics_due(const struct metrics *metrics);

#endif
