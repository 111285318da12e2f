/* One run of what several injectors played: the host before (with the plan), shards of the load, the host during and after it. The door of this
 * folder. */
#ifndef LEAKLAB_SHARDS_H
#define LEAKLAB_SHARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct shards_summary {
	int64_t injectors;
	int64_t *missing; /* shards that are not among the files, or did not finish; in order */
	size_t missing_count;
	int64_t cycles;         /* of the load */
	int64_t cycles_missing; /* planned, and not in the files */
	bool has_after;         /* the host was sampled after the load */
	bool one_clock;         /* all files were written by one */
	/* The clocks' order is not known: no logon and no sample tells the host's clock to some of them. */
	bool unordered;
	int64_t
	    apart; /* microseconds between the clock that is most ahead and the one that is most behind */
	int64_t late; /* microseconds by which the last injector began after the first */
};

/* Makes the run file at `out` of the files, in any order. What does not belong together is refused, and names the file. False: nothing was
 * made. */
bool shards_merge(const char *out, char *const *paths, size_t count, struct shards_summary *summary,
    struct error *error);
void shards_summary_deinit(struct shards_summary *summary);

#endif
