/* A run, one playing of a scenario; the control runs before it; and going on with one that was killed, that ended early, or
 * that is wanted longer. */
#ifndef LEAKLAB_DRIVER_H
#define LEAKLAB_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/monitor/monitor.h"
#include "driver/part.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

/* How a run came to its end. */
struct run_end {
	struct error why; /* it ended before its time; without text: as planned */
	int killed_by;    /* the second signal, which stopped it at once; 0: none did */
};

/* Plays the scenario into a new run file at path, or goes on with the one in *runfile, if that is not NULL. part: of a run that several injectors play; NULL: all
 * of it. text is the scenario as it is played. The run file is finished
 * and still open in *runfile when this returns true, even if the run ended early; *end says how it did, also when this returns false. False: nothing was played, or the run file is lost; *runfile is NULL then. password is what password_fetch() gave. */
bool run_scenario(const struct scenario *scenario, struct part *part, const char *text,
    const char *path, const char *password, struct monitor *monitor, struct runfile **runfile,
    struct run_end *end, struct error *error);

/* Plays the control runs, each with a stage of its own, into files beside path; none of them stays if it fails.
 * controls_keep() puts them into the run's file, controls_forget() removes them. text is the scenario as it is played. Of the
 * options only how progress is shown is theirs. */
bool controls_play(const struct scenario *scenario, const char *text, const char *path,
    const char *password, const struct monitor_options *options, struct run_end *end,
    struct error *error);
bool controls_keep(const struct scenario *scenario, const char *path, struct runfile *runfile,
    struct error *error);
/* Of a run that goes on: whether its control runs are still beside path, and not yet in its file. False: they are lost. */
bool controls_find(const struct scenario *scenario, const char *path, struct runfile *runfile,
    bool *beside, struct error *error);
void controls_forget(const struct scenario *scenario, const char *path);

/* Plays a preflight alone: its steps go to standard output as they come, or as one JSON document when it is over. Returns the exit code; -1: it
 * could not be played, the error says why. */
int connect_and_tell(const struct scenario *scenario, const char *password, struct monitor *monitor,
    bool as_json, struct error *error);

/* The verb "refusals". */
int refusals_main(int argc, char **argv);

struct resumption {
	struct runfile *runfile;
	struct scenario *scenario;
	char *text; /* of the scenario, as it is played from here on */
	struct part part;
};

/* Opens the run file and takes the scenario from it. more: so many cycles beyond those that it has; 0: none. What cannot go on is
 * refused. The caller closes, destroys and frees what is in it. */
bool resume_open(struct resumption *out, const char *path, uint64_t more, struct error *error);

#endif
