/* The cycles of a run by account. Inside this folder. */
#ifndef LEAKLAB_CYCLE_INDEX_H
#define LEAKLAB_CYCLE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leak/leak.h"
#include "runfile/runfile.h"

struct cycle_index {
	const struct cycle *
	    *items; /* by user, then by start; into the struct cycles it was made from */
	const struct cycle **by_logon; /* by cycle_logon() */
	size_t count;
	const struct watched *watched; /* of a run of commands; NULL: of none */
	int64_t longest;               /* cycle */
};

/* Whether a command ran at `time` that may have made a logon session at logon_time (TIMESTAMP_UNKNOWN: any that ran). Unknown: of one that may have,
 * the end is not known. */
enum yes_no cycle_index_runs(const struct cycle_index *index, int64_t logon_time, int64_t time);
/* Whether a command may have made a logon session then. */
bool cycle_index_made(const struct cycle_index *index, int64_t logon_time);
/* What the leak rule asks of a run: which logon sessions are its own, and, in a run of commands (watched), which are in use. The index may be made
 * later, but must outlive the terms. */
void cycle_index_answers(
    const struct cycle_index *index, const struct watched *watched, struct leak_terms *terms);
/* Whether the account may have logged on in the cycle: a command may log on any that the run watches. */
bool cycle_may_be_of(const struct cycle *cycle, const char *user, const char *domain);
/* A run of commands: its cycles are of no account. */
bool cycle_index_is_of_commands(const struct cycle_index *index);

/* When it logged on; of one that did not, its start. */
int64_t cycle_logon(const struct cycle *cycle);

/* The session IDs that the cycles were given, and by when the sessions had ended of those whose logoff is proven; sorted by their start, the
 * caller's to free(). NULL: memory is out. */
struct given_id *cycles_given(const struct cycles *cycles, size_t *count);

/* Verification cycles that began after `until`, the last sample, are left out: nothing of them was seen. */
bool cycle_index_init(struct cycle_index *index, const struct cycles *cycles,
    const struct watched *watched, int64_t until);
void cycle_index_deinit(struct cycle_index *index);

/* The user's cycles, whatever their domain: those from the index returned up to *end, exclusive. */
size_t cycle_index_find(const struct cycle_index *index, const char *user, size_t *end);

/* True if the account logged on, or tried to, in one of the cycles. */
bool cycle_index_has(const struct cycle_index *index, const char *user, const char *domain);

/* When the cycle at this place was over: at the latest when the next one of its account began, as one account never
 * logs on twice at once. INT64_MAX: it may go on. */
int64_t cycle_index_end(const struct cycle_index *index, size_t at);

/* The place in by_logon of the first that logged on at this time or later. */
size_t cycle_index_since(const struct cycle_index *index, int64_t time);

/* How far a logon at this time (driver's clock) is from the cycle's own; -1 if it lies outside of the cycle. */
int64_t cycle_index_distance(
    const struct cycle_index *index, size_t at, int64_t time, int64_t tolerance);

/* True if the logon session, made at logon_time by the driver's clock, is one of the run: of an account of it, or of the desktop
 * (DWM-n, UMFD-n) of a session that one of its cycles was given within a minute. */
bool cycle_index_watches(
    const struct cycle_index *index, const struct logon_session *logon, int64_t logon_time);
/* The cycle whose session has the desktop that the logon session is of; NULL: none is known. */
const struct cycle *cycle_index_desktop(
    const struct cycle_index *index, int64_t session_id, int64_t logon_time);

#endif
