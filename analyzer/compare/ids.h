/* Session IDs at both moments. Inside this folder. */
#ifndef LEAKLAB_COMPARE_IDS_H
#define LEAKLAB_COMPARE_IDS_H

#include "compare/compare.h"

/* Fills in gaps and growth. False only when memory is out. */
bool ids_compare(struct comparison *comparison);

/* True if no session that the host had can be missing from the list. */
bool sessions_whole(const struct snapshot *snapshot);
/* The snapshot's sessions without listeners, by ID; the caller's to free(). NULL: memory is out. */
struct session *sessions_sorted(const struct snapshot *snapshot, size_t *count);
const struct session *session_of_id(const struct session *sorted, size_t count, int64_t id);

#endif
