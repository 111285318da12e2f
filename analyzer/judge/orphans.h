/* Logon sessions that outlived their RDS session. Inside this folder. */
#ifndef LEAKLAB_ORPHANS_H
#define LEAKLAB_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/evidence.h"

/* A logon session of one of our accounts that is new since the mark "before", or whose session was there then and is
 * gone since a cycle joined it. */
struct survivor {
	const struct logon_session *logon; /* in the later snapshot */
	const struct cycle *cycle;         /* NULL: no cycle explains it */
	bool counts;                       /* the cycle counts */
	bool left;   /* its session is still listed: it was never logged off */
	bool in_use; /* sessions are out of sight, and no proven logoff excludes that it is left */
};

struct orphans {
	struct survivor *items; /* all survivors */
	size_t count;
	int64_t k;         /* counted cycles with an orphan */
	int64_t orphans;   /* logon sessions of those cycles */
	int64_t uncounted; /* orphans of cycles that do not count */
	int64_t unmatched;
	int64_t in_use; /* survivors that may be in use */
};

/* Both moments need snapshots that have logon sessions. False only when memory is out. */
bool orphans_find(struct orphans *out, const struct evidence *evidence, const struct moment *later);
void orphans_deinit(struct orphans *orphans);

/* True if the survivor is an orphan of a counted cycle. */
bool survivor_is_orphan(const struct survivor *survivor);

/* Sessions of our accounts at "settled" that were not there before, or that hold a logon session which is `left`
 * (orphans may be NULL where logon sessions are out of sight). Both moments have sessions. */
int64_t sessions_left(const struct evidence *evidence, const struct orphans *orphans);
/* Sessions of our accounts at "before"; where they are out of sight, logon sessions that may be in one. */
int64_t sessions_before(const struct evidence *evidence);

#endif
