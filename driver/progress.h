/* What people and programs get to see while a run goes on. */
#ifndef LEAKLAB_PROGRESS_H
#define LEAKLAB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "runfile/runfile.h"

struct progress {
	bool json; /* an event a line on stdout */
	bool line; /* one line on stderr, a terminal */
	const char *name;
	char step[32];   /* of the load, "step 2 of 4"; "": it has none */
	uint64_t cycles; /* wanted */
	uint64_t finished;
	uint64_t failed;
	uint64_t held;      /* sessions logged on right now */
	int64_t session_id; /* the latest */
	int64_t started;    /* monotonic */
	int64_t drawn;      /* monotonic */
};

void progress_init(struct progress *progress, const char *name, uint64_t cycles, bool json);

/* Draws the line again, ten times a second at most. doing, if not NULL, stands in place of the counts. */
void progress_draw(struct progress *progress, const char *doing);
/* Takes the line away, so that other text can be printed. */
void progress_clear(const struct progress *progress);

/* One event: a JSON line with --json, else a line of text on stderr if it is worth one (loud). */
void progress_event(struct progress *progress, const char *kind, const char *text, bool loud);
/* A cycle has logged on or finished. */
void progress_cycle(struct progress *progress, const struct cycle *cycle);

#endif
