/* A load while it is played: its slots, with the cycles in them, and its counts. Inside of play.c, pace.c and slots.c. */
#ifndef LEAKLAB_PLAY_H
#define LEAKLAB_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/distress.h"
#include "driver/logoffs.h"
#include "driver/run.h"

/* Logons at once wait for each other as long as this. */
#define VERIFICATION_MOST (30 * SECOND)

struct slot {
	struct account *account; /* NULL: idle */
	struct cycle cycle;      /* under way */
	int64_t next;            /* monotonic: when an idle slot may start again */
	int64_t overdue;         /* monotonic: when a busy slot counts as hung */
	int64_t began;           /* monotonic: when the latest cycle was due */
	bool held;               /* logged on */
};

struct play {
	struct run *run;
	const struct scenario *scenario;
	struct slot *slots;
	size_t slot_count;
	enum cycle_kind kind; /* of the cycles */
	uint64_t wanted; /* cycles, those of earlier parts of the run too, as in the next two */
	uint64_t started;
	uint64_t finished;
	uint64_t until;    /* as wanted: not more before the load's course is looked at again */
	unsigned step;     /* of the load, from 0 */
	int64_t step_over; /* monotonic; timed steps */
	uint64_t allowed;  /* closed load: slots that may begin a cycle */
	bool trying;       /* the load's course begins once a first session, alone, has ended */
	bool ramping_down;
	int64_t slot_time; /* of so many rounds: from one cycle of a slot to its next */
	uint64_t rounds_of_slots;
	const int64_t *due;  /* open load: when arrivals are, by cycles started in this part */
	uint64_t busy, held; /* slots; of these, those logged on */
	uint64_t missed; /* open load: arrivals that found no free slot or account at their time */
	uint64_t counted_as_missed;
	uint64_t counted; /* cycles that a verdict counts */
	uint64_t enough;  /* of them, for CLEAN; 0: all cycles are played */
	int64_t
	    judged; /* rounds of samples in which a leak was looked for; -1: nor in what an earlier part of the run left */
	uint64_t failures;   /* in a row */
	bool ever_connected; /* some cycle got at least to a refusal of its credentials */
	bool told_to_log_off;
	int64_t start;             /* monotonic */
	int64_t rounds;            /* of snapshots during the load */
	int64_t command_time;      /* microseconds that the last command took; 0: none has ended */
	int64_t host_clock_offset; /* at the last logon that told it; NUMBER_UNKNOWN: none did */
	int64_t host_clock_cycle;  /* which that was */
	char host_clock_server[SERVER_TEXT]; /* and whose clock */
	uint64_t timed;                      /* cycles in the next two */
	int64_t
	    processor_wait; /* microseconds that their logons waited for a processor of this machine ... */
	int64_t logon_time; /* ... and took otherwise */
	uint64_t seed;
	struct distress distress;
	struct logoffs logoffs;
	struct error *ended; /* the reason for an early end; text empty: none */
};

/* What a session that others wait for is held, at most. */
#define TRIAL_HOLD (10 * SECOND)

/* Puts the load to where its course begins, or goes on; or to a first session that the others wait for. False: run->error. */
bool pace_begin(struct play *play);
/* Follows the course: what begins and ends now, and in *next when something will, if that is earlier. False: run->error. */
bool pace_keep(struct play *play, int64_t now, int64_t *next);

/* Only the first reason counts. */
void play_end_early(struct play *play, enum exit_code code, const char *text);
bool play_is_stopping(const struct play *play);

/* Starts the next cycle on the slot with the account. */
bool play_start_cycle(struct play *play, size_t index, struct account *account, int64_t scheduled);
/* What the workers report goes to the slots from now on. */
struct crew_watch play_watch(struct play *play);
/* Ends the workers of slots that are overdue; *next gets the time when the next one will be, if that is earlier. */
void play_check_hung(struct play *play, int64_t now, int64_t *next);

#endif
