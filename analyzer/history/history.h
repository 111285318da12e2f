/* What Windows' event logs tell of weeks: which session IDs were given and freed, and which of them logons passed over. The door of this folder.
 *
 * A log shows no holder and no session that it has lost, so all of this is a hint, and no verdict rests on it. What passes over a reboot, a change
 * of the clock, or rows that were not understood is not concluded. */
#ifndef LEAKLAB_HISTORY_H
#define LEAKLAB_HISTORY_H

#include "evidence/snapshot.h"

enum id_use {
	ID_UNKNOWN, /* the log's end does not show */
	ID_IN_USE,
	ID_FREE,
};

/* A session ID over the time of a log. */
struct id_life {
	int64_t id;
	size_t logons, logoffs;
	size_t lost; /* sessions whose logon the log does not show: at its head, or behind a gap */
	int64_t first_logon, last_logoff; /* TIMESTAMP_UNKNOWN: none */
	const char *user, *domain;        /* the last one's */
	enum id_use use;                  /* at the log's end */
};

/* A session ID that was free for longer than the release time and a quarter of it when a logon was given a higher one. A healthy host gives the
 * lowest free ID. */
struct id_skip {
	int64_t id;
	const char *user, *domain; /* whose session had it */
	int64_t freed;             /* its logoff */
	int64_t since;             /* the first logon that passed over it */
	int64_t given;             /* and the ID of that */
	int64_t again; /* when it was given again; TIMESTAMP_UNKNOWN: not as far as the log shows */
};

enum break_kind {
	BREAK_REBOOT,        /* an event says so */
	BREAK_POSSIBLE_BOOT, /* an ID was given while its session had not logged off */
	BREAK_CLOCK,         /* the clock was set back */
	BREAK_GAP,           /* rows that were not understood */
	BREAK_UNDATED,       /* events without a known time */
};

/* Where nothing is concluded from one side to the other. */
struct history_break {
	enum break_kind kind;
	int64_t before, time; /* of the events on both sides */
	int64_t id;           /* BREAK_POSSIBLE_BOOT: which ID was given again */
};

/* A user who began to log off (4647), whose logon session's end (4634) is missing. */
struct open_logoff {
	const struct log_event *event;
	int64_t until; /* when the log ends, or what passes over no break */
};

struct history_log {
	const char *log, *host, *origin; /* NULL: not named, or of several files */
	bool local;                      /* its times are of a zone that is not named */
	int64_t
	    wait; /* microseconds: the release time and a quarter of it; of local times an hour more, as summer time may begin */
	size_t events, undated;
	int64_t first, last; /* by time */
	size_t session_logons, session_logoffs, disconnects;
	struct id_life *ids; /* by ID */
	size_t id_count;
	struct id_skip *skips; /* in the order of their logons */
	size_t skip_count;
	struct history_break *breaks;
	size_t break_count;
	const struct log_event **logons; /* 4624 of people: Interactive, RemoteInteractive */
	size_t logon_count, other_logons;
	size_t logoffs_started, logoffs_ended; /* 4647, 4634 */
	struct open_logoff *open;
	size_t open_count;
};

struct history {
	struct history_log *logs;
	size_t log_count;
};

/* Of a snapshot's events, which have to stay. NULL with an error: memory is out. release_time is in microseconds. */
struct history *history_create(
    const struct snapshot *snapshot, int64_t release_time, struct error *error);
void history_destroy(struct history *history); /* NULL is allowed */

#endif
