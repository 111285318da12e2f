/* Logon sessions that outlived their RDS session. Inside this folder. */
#ifndef LEAKLAB_ORPHANS_H
#define LEAKLAB_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/evidence.h"

/* One of our logon sessions that is new since the mark "before". */
struct survivor {
	const struct logon_session *logon; /* in the later snapshot */
	const struct cycle *cycle;         /* NULL: no cycle explains it */
	bool left; /* its session is still listed: it was never logged off */
};

struct orphans {
	struct survivor *items; /* all survivors */
	size_t count;
	int64_t k;         /* counted cycles with an orphan */
	int64_t orphans;   /* logon sessions of those cycles */
	int64_t uncounted; /* orphans of cycles that do not count */
	int64_t unmatched;
};

/* Both moments need snapshots that have logon sessions. False only when memory is out. */
bool orphans_find(struct orphans *out, const struct cycles *cycles, const struct moment *before,
    const struct moment *later);
void orphans_deinit(struct orphans *orphans);

/* True if the survivor is an orphan of a counted cycle. */
bool survivor_is_orphan(const struct survivor *survivor);

/* Sessions of our accounts in the later snapshot that were not there before, or that hold a logon session which
 * is `left` (orphans may be NULL where logon sessions are out of sight). */
int64_t sessions_left(const struct cycles *cycles, const struct snapshot *before,
    const struct snapshot *later, const struct orphans *orphans);

#endif
