/* A run while it goes on: all that is served together, one turn of serving it, its load, and its settling. */
#ifndef LEAKLAB_RUN_H
#define LEAKLAB_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/crew.h"
#include "driver/monitor/monitor.h"
#include "driver/part.h"
#include "driver/programs/programs.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

/* What earlier parts of a run that was resumed have played; all 0 for a new one. */
struct so_far {
	uint64_t cycles; /* of the load */
	uint64_t failed; /* of these */
	uint64_t
	    again; /* of these, those that were lost with their driver: others are played for them */
	int64_t highest;   /* number of a cycle, of any kind */
	bool sessions_end; /* they, or a preflight, have shown that the host ends sessions */
	uint64_t missed;
	int64_t during, after, settling; /* rounds */
};

struct run {
	const struct scenario *scenario;
	struct part *part; /* NULL: the whole run is played here */
	struct runfile *runfile;
	bool resuming; /* a run that was begun before */
	struct so_far so_far;
	struct monitor *monitor;
	struct stage *stage;
	struct accounts *accounts;
	struct crew *crew;
	struct crew_watch watch;
	struct observers *observers;
	struct observation *observation; /* under way, or NULL */
	char problem[PROBLEM_TEXT]; /* of the last observation that was stored; "" if it had none */
	char shown_problem[PROBLEM_TEXT]; /* shown to people last, as long as it goes on */
	unsigned repeated_problem;        /* samples since */
	int signals;                      /* signalfd */
	int signal;                       /* the last one that interrupted */
	int interrupts;                   /* Ctrl-C so far */
	enum logoff_way logoff_by;        /* what the last cycle that had a choice tried last */
	int64_t folded;                   /* when the run file was made readable alone; monotonic */
	bool outputs_left_out;            /* and an event said so */
	int64_t clock_step; /* by which the wall clock was set since the run began, microseconds */
	struct pollfd *fds;
	struct error fallen; /* a stage program that ended before its time; text empty: none did */
	struct error error;  /* the first failure of our own (disk full ...): ends the run */
};

/* Makes what a run needs, in *run (whose scenario, monitor and run file are set) and *setup: stage, host, accounts. False: run->error. */
bool run_prepare(struct run *run, struct setup *setup, const char *password);
/* Ends all that is left of it but the run file. */
void run_close(struct run *run, struct setup *setup);

/* From here on Ctrl-C, SIGTERM and SIGHUP (but where it is ignored, as under nohup) come as something to read, in the order of all else. */
bool run_catch_signals(struct run *run);
void run_take_signals(struct run *run);
/* The same, for those who wait; whether one ever came. */
bool run_is_interrupted(void *run);

/* Serves everything once, waiting until something happens or the deadline (monotonic)
 * has come. False when the run must end: run->error says why. */
bool run_turn(struct run *run, int64_t deadline);
/* Starts a sample of the host; run_turn() stores it when it is complete. */
bool run_start_observation(struct run *run, enum mark mark, int64_t round);
/* The same and waits for it. interrupts: so many Ctrl-C end the wait. */
bool run_observe(struct run *run, enum mark mark, int64_t round, int interrupts);
void run_event(struct run *run, const char *kind, const char *text, bool loud);
/* Says how often the problem that was shown last came again, if it did. */
void run_tell_repeated(struct run *run);
/* This process, or a worker, was not let run for so many microseconds. */
void run_tell_stall(struct run *run, const char *who, int64_t duration);

/* Checks that the run goes on at the address at which it began. False: run->error says why. */
bool resume_check_address(struct run *run, const struct setup *setup);
/* Checks that the run's host is still the one that it began with, by a sample that joins the course, and takes back the run's end.
 * False: nothing in the file has changed, run->error says why. */
bool resume_begin(struct run *run, const char *text);

/* What the run file says of the run when it begins; text: the scenario as it is played. False: run->error. */
bool run_put_settings(struct run *run, const char *text, const struct setup *setup);
/* Which part of a run it is, if it is one. A plan's injectors begin from now on. */
bool run_put_part(struct run *run);
/* Settings: now, and a number. */
bool run_put_time(struct run *run, const char *key);
bool run_put_number(struct run *run, const char *key, double value);

/* Which part of the run is played. */
enum part_kind run_part(const struct run *run);

/* Takes up the refused logons that earlier runs have left, and tells of the accounts that these stop. False: run->error, as none is left. */
bool run_recall_refusals(struct run *run, const struct setup *setup);

/* Cycles that CLEAN takes by the scenario's judge.smallest_rate. */
int64_t cycles_for_clean(const struct scenario *scenario);
/* Plays the load to its end. ended gets the reason if it ended early (text empty: as planned). False: run->error. */
bool run_play(struct run *run, struct error *ended);

/* One account logs on, is held while the host is sampled (mark during, round 1), and logs off: a cycle of kind preflight. False: run->error. */
bool run_play_one(struct run *run);

/* So many accounts log on at once, wait for each other, and log off: cycles of kind verification, which show the session IDs that are
 * free. What fails of them ends nothing. False: run->error. */
bool run_verify_ids(struct run *run, size_t logons);

/* Samples the host every settle.poll until all injectors are done, as the part says, or until it is interrupted. False: run->error. */
bool run_watch_load(struct run *run);

/* Samples the host until nothing of ours changes any more; the last sample becomes the mark "settled". False:
 * run->error. */
bool run_settle(struct run *run);
/* Where there is no observer: waits as long as holders take to release, the quiet time with it. False: run->error. */
bool run_settle_unseen(struct run *run);

#endif
