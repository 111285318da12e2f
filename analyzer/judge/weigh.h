/* What of a run can be counted: each function fills its part of the verdict. Inside this folder. */
#ifndef LEAKLAB_WEIGH_H
#define LEAKLAB_WEIGH_H

#include "judge/evidence.h"
#include "judge/limits.h"
#include "judge/orphans.h"
#include "judge/verdict.h"

/* All of them: false only when memory is out. */

/* What each cycle left, from when it was seen first until it went or stayed: course, id_course. orphans: of the last sample. */
bool course_find(
    struct verdict *verdict, const struct evidence *evidence, const struct orphans *orphans);

/* What went as its holder ended, and which session IDs stay taken: taken, skipped, referred, pinned. */
bool pinned_find(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits);
/* Whether an orphan stands for the ID, so that both count once: it counts itself, or nothing but orphans refers to the ID. */
bool pinned_is_of_orphan(const struct leak *leak, const struct left_id *id);

/* How many logon sessions a command leaves: commands. */
bool commands_weigh(
    struct verdict *verdict, const struct evidence *evidence, const struct orphans *orphans);

/* How many commands may have left one of the leaks at the most, where commands overlap. In match_commands.c. */
bool commands_most(int64_t *out, const struct evidence *evidence, const struct orphans *orphans);

/* The shares of cycles that left something behind, and how sure they are: from k, k_most and orphaned, and from the pinned cycles. */
bool rates_find(struct verdict *verdict, const struct evidence *evidence);

/* A cache of one per account: what leaks is exactly what each account's latest cycle left, with two accounts and three cycles each on
 * average at least, and of each an earlier one was seen to go at its account's next logon. */
void bounded_find(struct verdict *verdict, const struct evidence *evidence);

/* Who holds what is left: culprits, suspects. Those that ended are among them. */
bool holders_weigh(struct verdict *verdict, const struct evidence *evidence);

/* What the session IDs of the cycles show. orphans may be NULL where logon sessions are out of sight. */
bool session_ids_find(struct session_ids *out, const struct cycles *cycles,
    const struct reconnects *reconnects, const struct orphans *orphans);
/* Where it is not known which cycle was given its ID before which. */
void session_ids_forget_order(struct session_ids *ids);

/* What logons show that were made at once when the host had settled (the run's verification cycles), as hosts give the lowest session
 * IDs that nothing refers to. */
bool witness_find(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits);

/* Adds a control run of this name. rate: that of its leaker, as the scenario has it; NULL: it has none. False with an error if that is no
 * rate, too. */
bool controls_add(struct verdict *verdict, const char *name, const char *rate,
    const struct verdict *judged, struct error *error);

#endif
