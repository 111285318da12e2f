/* When logon sessions were made, as far as the order of LUIDs bounds it. Inside this folder.
 *
 * Logon sessions and tokens take their IDs from one counter. A LUID below that of a process's primary token was taken before the process
 * started; one above that of a token was taken after whoever made the token had started, if leak tracking recorded who. */
#ifndef LEAKLAB_ANSWER_LUID_ORDER_H
#define LEAKLAB_ANSWER_LUID_ORDER_H

#include "dump/kernel/kernel.h"

struct luid_mark {
	uint64_t luid;
	int64_t time;
};

struct luid_order {
	struct luid_mark *before,
	    *after; /* by LUID: what is below was taken before the time, what is above after it */
	uint32_t before_count, after_count;
	bool contradicted; /* nothing follows from it then */
};

/* Timestamps; TIMESTAMP_UNKNOWN: no such bound. */
struct luid_bounds {
	int64_t after, before;
};

/* False when memory is out; to be deinitialized in any case. */
bool luid_order_init(struct luid_order *out, const struct kernel *kernel);
void luid_order_deinit(struct luid_order *order);
struct luid_bounds luid_order_bounds(const struct luid_order *order, uint64_t luid);

#endif
