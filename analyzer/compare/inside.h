/* The parts of a comparison, each by a file of its own. Inside this folder. */
#ifndef LEAKLAB_COMPARE_INSIDE_H
#define LEAKLAB_COMPARE_INSIDE_H

#include <stdbool.h>

#include "compare/compare.h"

/* ---- notes.c: what the verdict says: reasons, and limits of the evidence ---- */

struct notes {
	struct comparison *comparison;
	bool failed; /* memory is out */
};

void note_reason(struct notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void note_limit(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- ids.c: session IDs at both moments ---- */

/* Fills in gaps and growth. False only when memory is out. */
bool ids_compare(struct comparison *comparison);
/* Which IDs nothing has that is left of sessions, once that is known. */
bool ids_explain(struct comparison *comparison);

/* True if no session that the host had can be missing from the list. */
bool sessions_whole(const struct snapshot *snapshot);
/* The snapshot's sessions without listeners, by ID; the caller's to free(). NULL: memory is out. */
struct session *sessions_sorted(const struct snapshot *snapshot, size_t *count);
const struct session *session_of_id(const struct session *sorted, size_t count, int64_t id);

/* ---- logoffs.c ---- */

/* Whether somebody has logged off: only those who did can leave something behind. False only when memory is out. */
bool logoffs_find(struct comparison *comparison);

/* ---- changes.c: handles gained and lost ---- */

/* Needs the comparison's holders. False only when memory is out. */
bool changes_find(struct comparison *comparison);

/* ---- logon_groups.c ---- */

/* False only when memory is out. */
bool logon_groups_find(struct comparison *comparison);
/* Whether it shows which logon sessions have a process. */
bool logons_show_processes(const struct snapshot *snapshot);

/* ---- pair.c: whether two snapshots are a BEFORE and an AFTER ---- */

/* The snapshot's logon sessions by LUID, the caller's to free(). NULL: memory is out. */
struct logon_session *logons_sorted(const struct snapshot *snapshot);
/* Sets what the comparison knows of the pair, and says what is wrong with it. */
void pair_check(struct notes *notes, const struct snapshot *before, const struct snapshot *after);

/* ---- times.c: whether the moments are in order ---- */

/* Says which of them do not show when they were taken. */
void times_check(struct notes *notes, struct snapshot *const *snapshots, size_t count);

/* ---- series.c: counts over time, found in the moments (counts.c) and in counters over time (counters.c) ---- */

struct series {
	struct trail trail; /* what it is of */
	double *x, *y;      /* hours or moments, rising; values */
	size_t count;
};
struct series_set {
	struct series *items;
	size_t count;
	size_t by_name; /* processes of counters that are known by their name alone */
	size_t
	    twice; /* counters that are in two sources whose times cannot be compared: the first is used */
};
/* A new one, with room for so many points. NULL: memory is out. */
struct series *series_add(struct series_set *set, size_t most);
void series_set_deinit(struct series_set *set);
/* Both add to the set. False: memory is out. */
bool counts_find(struct series_set *set, struct snapshot *const *snapshots, size_t count);
bool counters_find(struct series_set *set, struct snapshot *const *snapshots, size_t count);
#define HOUR (3600 * INT64_C(1000000))

/* ---- trails.c: what the series say ---- */

/* Finds the comparison's trails, and says what they do not show. */
void trails_find(struct notes *notes, struct snapshot *const *snapshots);
/* Says what surely rises; true if that is what may leak. */
bool trails_tell(struct notes *notes);

/* ---- verdict.c ---- */

/* Sets the comparison's verdict from all that was found, with its reasons and limits. */
void verdict_find(struct notes *notes);

#endif
