/* What a run has to say, read once, before it is judged. Inside this folder. */
#ifndef LEAKLAB_EVIDENCE_H
#define LEAKLAB_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "judge/clock.h"
#include "judge/cycle_index.h"
#include "judge/elsewhere.h"
#include "judge/limits.h"
#include "judge/presence.h"
#include "leak/leak.h"
#include "runfile/runfile.h"

struct moment {
	struct snapshot *snapshot; /* NULL: there is none */
	int64_t round;             /* of its captures; valid if there is a snapshot */
	struct clock clock;
};

struct evidence {
	struct cycles cycles;       /* of the host that was observed, as far as is known */
	struct elsewhere elsewhere; /* the others */
	struct watched watched;     /* the accounts of a run of commands */
	bool *logged_on;            /* each of them, by an event of the run's time */
	uint64_t *made; /* logon sessions of theirs that such events tell of, some more than once */
	size_t made_count;
	struct reconnects reconnects; /* of these cycles */
	struct captures captures;
	struct clocks clocks;
	struct cycle_index index;
	bool *shown; /* by place in cycles: a logon is shown, see logons.c */
	bool
	    *rejoined; /* the same: it joined the session that a lost one had left, and made none */
	enum yes_no *temporary; /* the same: the session had a temporary profile, see profiles.c */
	struct presences presences;
	bool sighted; /* some snapshot shows an account of the run, also one from before it */
	struct moment before;  /* last round */
	struct moment after;   /* last round: a run that was resumed has one per part */
	struct moment settled; /* last round */
	bool unordered; /* when a cycle was, against the samples and the others, is not known */
	enum mark last_mark;
	struct moment last; /* where that is missing: the last sample of any mark */
	int64_t widest_gap; /* between two samples that show all logon sessions, microseconds */
	int64_t last_whole; /* private: when the last of them was taken */
	int64_t load_end; /* when the last cycle of the load was over; INT64_MIN: there was none */
	struct unseen least_unseen; /* of the samples after the load that show all handles, each */
	struct leak *leak;          /* by the driver's clock, all samples added */
};

bool evidence_load(struct evidence *evidence, const struct limits *limits, struct runfile *runfile,
    struct error *error);
void evidence_deinit(struct evidence *evidence);

/* The settled host, or what was seen of it last; its snapshot is NULL if there is none at all. */
const struct moment *evidence_last(const struct evidence *evidence);

/* True if the cycle came to its end and is shown to have logged on, so that it counts. */
bool cycle_counts(const struct evidence *evidence, const struct cycle *cycle);
/* True if it would count, but made no session of its own. */
bool cycle_rejoined(const struct evidence *evidence, const struct cycle *cycle);
/* True if it would count if only its logon were shown. */
bool cycle_is_unshown(const struct evidence *evidence, const struct cycle *cycle);

/* True if the capture shows the host after the load, by the cycles and not by its mark: a run that is resumed has loads between. */
bool is_after_load(const struct evidence *evidence, const struct capture *capture);

/* Fills in evidence->temporary for the sessions of a sample that was taken between the two times (driver's clock). In profiles.c. */
void profiles_note(
    struct evidence *evidence, const struct snapshot *snapshot, int64_t from, int64_t until);

/* Fills in evidence->logged_on and made from the events of a sample; offset: the host's clock minus the driver's. False only when memory is
 * out. In logon_events.c. */
bool logon_events_note(struct evidence *evidence, const struct snapshot *snapshot, int64_t offset);

/* Fills in evidence->shown: which cycles are shown to have logged on. The cycles, captures, index and moments are loaded. In
 * logons.c. */
bool logons_find(struct evidence *evidence, struct runfile *runfile, struct error *error);

#endif
