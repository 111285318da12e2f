/* A scenario's programs: the stage, which is started before it plays and ended afterwards (a lab host, a grabber), and the
 * observers; and one sample of the host: all observers at one moment. */
#ifndef LEAKLAB_PROGRAMS_H
#define LEAKLAB_PROGRAMS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/programs/command.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

struct stage;

/* Makes the stage's folder (0700, its path in $LEAKLAB_STAGE), if there are programs at all, and starts the programs one after another. Each but
 * those with no_ready prints lines "name=value" and then "ready" on stdout; the values become environment
 * variables NAME_OF_PROGRAM_NAME for all that is started later. cancel, if not NULL, is asked now and then. */
struct stage *stage_create(
    const struct scenario *scenario, bool (*cancel)(void *data), void *data, struct error *error);
/* Ends the programs, last one first, and removes the folder. NULL is allowed. */
void stage_destroy(struct stage *stage);

/* At most COMMAND_FDS a program. */
size_t stage_fill(const struct stage *stage, struct pollfd *fds);
void stage_serve(struct stage *stage);
/* False, and which and why, if a program of the stage has ended before its time. */
bool stage_stands(const struct stage *stage, struct error *error);

/* A process that ends the stage's programs and removes its folder when the driver has been killed. */
struct guard;
struct guard *guard_create(const char *folder, struct error *error);
void guard_watch(struct guard *guard, pid_t group);
void guard_destroy(struct guard *guard); /* without doing anything; NULL is allowed */
/* What that process does; the groups come from its standard input. Returns an exit code. */
int guard_main(const char *folder);
void folder_remove(const char *folder);

/* The scenario's observers; those that stay for the whole run are started when they are asked first, and again after they ended. */
struct observers;
struct observers *observers_create(const struct scenario *scenario); /* NULL: out of memory */
/* Gives those that stay a moment to end by themselves. NULL is allowed. */
void observers_destroy(struct observers *observers);

struct observation;

/* Starts all observers' commands, or asks those that stay. cycle is how many cycles have finished. The caller destroys it; there is one at
 * a time. */
struct observation *observation_start(
    struct observers *observers, enum mark mark, int64_t round, int64_t cycle, struct error *error);
void observation_destroy(struct observation *observation); /* NULL is allowed */

/* At most COMMAND_FDS an observer. */
size_t observation_fill(const struct observation *observation, struct pollfd *fds);
/* Takes output, ends commands whose time is over. Returns true when all have ended. */
bool observation_serve(struct observation *observation);
/* When the next time-out is due, monotonic. */
int64_t observation_deadline(const struct observation *observation);

#define PROBLEM_TEXT 800
/* Reads what the commands printed and puts it all into the run file, raw and read. problem, if not NULL, gets the
 * first reason why one gave no snapshot (empty if all did); the run file has them all. */
bool observation_store(struct observation *observation, struct runfile *runfile,
    char problem[PROBLEM_TEXT], struct error *error);
/* Whether the text of one was not kept, as the run file has as much as it may have (RUNFILE_OUTPUTS_MAX): only what was read of it is. */
bool observation_left_out(const struct observation *observation);

/* A session, as far as a command that logs it off needs it. */
struct session_of {
	const char *user, *domain;
	int64_t id;        /* NUMBER_UNKNOWN */
	int64_t logged_on; /* by the host's clock; TIMESTAMP_UNKNOWN */
};
/* Runs logoff.command for the session. False: it failed, or took too long. */
bool session_log_off(
    const char *command, const struct session_of *session, int64_t timeout, struct error *error);

#endif
