/* The parts of an answer, each by a file of its own. Inside this folder. */
#ifndef LEAKLAB_ANSWER_INSIDE_H
#define LEAKLAB_ANSWER_INSIDE_H

#include "dump/answer/answer.h"

/* ---- orphans.c: which logon sessions are orphaned ---- */

/* Fills in all but the culprits. False when memory is out. */
bool answer_find_orphans(struct answer *answer);

/* ---- culprits.c: who is to blame for the orphans ---- */

/* Groups the orphans' tokens by who is to blame for them. False when memory is out. */
bool answer_group_culprits(struct answer *answer);

/* ---- kept_logons.c: what a process keeps outside RDS sessions ---- */

/* False when memory is out. */
bool answer_find_kept(struct answer *answer);

/* ---- kernel_snapshot.c: a dump as evidence ---- */

/* What the kernel knew, as evidence. NULL: memory is out. */
struct snapshot *kernel_to_snapshot(const struct kernel *kernel, bool holders_seen);

/* ---- text_culprits.c: culprits for people ---- */

void print_culprits(const struct telling *telling, FILE *out);

/* ---- text_kept.c: logon sessions that a process keeps outside RDS sessions ---- */

void print_kept(const struct telling *telling, FILE *out);

/* ---- text_verdict.c: the head of the answer ---- */

void print_verdict(const struct answer *answer, FILE *out);

#endif
