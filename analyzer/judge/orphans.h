/* What is left of the run's cycles, by the leak rule. Inside this folder. */
#ifndef LEAKLAB_ORPHANS_H
#define LEAKLAB_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/evidence.h"

/* A logon session that one of the cycles may have made, and that has not gone. */
struct survivor {
	struct left_logon *left;
	struct logon_session logon; /* the same, as a record; logon_time by the driver's clock */
	const struct cycle *cycle;  /* NULL: no cycle explains it */
	bool counts;                /* the cycle counts */
	bool is_leak;               /* an orphan, and old enough */
};

struct orphans {
	struct survivor *items; /* of watched accounts */
	size_t count;
	int64_t k;               /* counted cycles with an orphan that is a leak */
	int64_t orphans;         /* logon sessions of those cycles */
	int64_t network;         /* of these, network logon sessions */
	int64_t uncounted;       /* that are a leak, of cycles that do not count */
	int64_t failed;          /* cycles of those that failed to log on */
	int64_t unmatched_pairs; /* the same, two linked ones counted once */
	int64_t unmatched;       /* of no cycle that is known, whatever their age */
	int64_t unmatched_leaks; /* of these, those that are a leak */
	int64_t young;           /* orphans that are no leak yet */
	int64_t young_cycles;    /* counted cycles with one of these that left no leak */
	int64_t unsure;          /* that may be in use, as far as was seen */
	enum unsure unsure_why;  /* of the first of them */
	int64_t strangers;       /* orphans of other accounts that are a leak */
	int64_t young_strangers;
	int64_t older; /* orphans that are older than the run */
};

/* Sorts the survivors and sets the cycle of each that has none and that a cycle explains. False only when memory is out. In match.c. */
bool match_survivors(struct survivor *survivors, size_t count, const struct cycle_index *index,
    const struct clock *clock);

/* The same where the cycles are commands. In match_commands.c. */
bool match_commands(struct survivor *survivors, size_t count, const struct cycle_index *index,
    const struct clock *clock);

/* More than the release time: T, which a run has to be quiet for. False only when memory is out. */
bool orphans_find(struct orphans *out, const struct evidence *evidence, struct leak *leak);
void orphans_deinit(struct orphans *orphans);

/* The orphans at the first mark "after", by themselves: how many counted cycles have one, whatever its age. Both moments have logon
 * sessions. False only when memory is out. */
bool orphans_count_after(
    int64_t *out, const struct evidence *evidence, const struct limits *limits);

/* Sessions of our accounts at "settled" that were not there before, or that hold a logon session which is left in it
 * (orphans may be NULL where logon sessions are out of sight). Both moments have sessions. */
int64_t sessions_left(const struct evidence *evidence, const struct orphans *orphans);
/* Sessions of our accounts at "before"; where they are out of sight, logon sessions that may be in one. */
int64_t sessions_before(const struct evidence *evidence);

#endif
