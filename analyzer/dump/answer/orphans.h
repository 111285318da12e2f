/* Inside this folder: the two halves of an answer. */
#ifndef LEAKLAB_ANSWER_ORPHANS_H
#define LEAKLAB_ANSWER_ORPHANS_H

#include "dump/answer/answer.h"

/* The session ID of a logon session, by its tokens (NUMBER_UNKNOWN: none can be read), and its user's SID or NULL. */
int64_t logon_session_id(
    const struct kernel *kernel, const struct kernel_logon_session *logon, const char **sid);

/* What the kernel knew, as evidence. NULL: memory is out. */
struct snapshot *kernel_to_snapshot(const struct kernel *kernel, bool holders_seen);

/* Fills in all but the culprits. False when memory is out. */
bool answer_find_orphans(struct answer *answer);
/* Groups the orphans' tokens by who is to blame for them. */
bool answer_group_culprits(struct answer *answer);

#endif
