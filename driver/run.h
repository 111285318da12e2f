/* A run: one playing of a scenario. */
#ifndef LEAKLAB_RUN_H
#define LEAKLAB_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts.h"
#include "common/error.h"
#include "crew.h"
#include "observation.h"
#include "progress.h"
#include "runfile/runfile.h"
#include "scenario.h"
#include "stage.h"

struct run {
	const struct scenario *scenario;
	struct runfile *runfile;
	struct progress progress;
	struct stage *stage;
	struct accounts *accounts;
	struct crew *crew;
	struct crew_watch watch;
	struct observation *observation; /* under way, or NULL */
	char problem[512]; /* of the last observation that was stored; "" if it had none */
	int signals;       /* signalfd */
	int interrupts;    /* Ctrl-C so far */
	const char *doing; /* for the progress line; NULL: show counts */
	struct pollfd *fds;
	struct error error; /* the first failure of our own (disk full ...): ends the run */
};

/* Plays the scenario into a new run file at path. text is the scenario as it is played. The run file is finished
 * and still open in *runfile when this returns true, even if the run ended early; *ended then says why (empty: as
 * planned). False: nothing was played, or the run file is lost. */
bool run_scenario(const struct scenario *scenario, const char *text, const char *path, bool json,
    struct runfile **runfile, struct error *ended, struct error *error);

/* For the files that make up a run: serves everything once, waiting until something happens or the deadline (monotonic)
 * has come. False when the run must end: run->error says why. */
bool run_turn(struct run *run, int64_t deadline);
/* Starts a look at the host; run_turn() stores it when it is complete. */
bool run_start_observation(struct run *run, enum mark mark, int64_t round);
/* The same and waits for it. interrupts: so many Ctrl-C end the wait. */
bool run_observe(struct run *run, enum mark mark, int64_t round, int interrupts);
void run_event(struct run *run, const char *kind, const char *text, bool loud);

/* settle.c: looks at the host until nothing of ours changes any more. */
bool run_settle(struct run *run);

/* play.c: plays the load. ended gets the reason if it ended early. */
bool run_play(struct run *run, struct error *ended);

#endif
