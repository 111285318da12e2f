/* A part of a run that several injectors play together, while it is played: the plan that it belongs to, and what follows from it. */
#ifndef LEAKLAB_DRIVER_PART_H
#define LEAKLAB_DRIVER_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/scenario.h"
#include "evidence/snapshot.h"
#include "runfile/part.h"

struct part {
	struct run_part is;
	char *plan;        /* file of the plan; NULL: this part makes it, or its own file has all */
	char *logoff;      /* method of logging off that the plan found; NULL: none */
	char *seed;        /* of the load; NULL: none yet */
	char *refusals;    /* of the accounts, as text; NULL: none is known */
	bool sessions_end; /* the plan has shown that the host ends sessions */
	bool until_done;   /* PART_DURING: ends once all shards are finished */
};

/* A plan is made: an id of its own, so many injectors, which begin so many microseconds after it. */
bool part_plan(struct part *out, int64_t injectors, int64_t lead, struct error *error);
/* A part of the plan in the file. shard: NUMBER_UNKNOWN, but for PART_SHARD. */
bool part_of_plan(
    struct part *out, const char *plan, enum part_kind kind, int64_t shard, struct error *error);
/* That which is in the run file goes on. Its kind is PART_WHOLE where that is no part. */
bool part_resume(struct part *out, struct runfile *runfile, struct error *error);
/* Where it does so by another clock, the file has none of its own any more. */
bool part_note_clock(const struct part *part, struct runfile *runfile, struct error *error);
void part_deinit(struct part *part);

/* The scenario is the plan's, and one that can be shared; a shard's becomes its own share. text: as it is played. */
bool part_take_scenario(
    struct part *part, struct scenario *scenario, const char *text, struct error *error);
/* The accounts are the plan's; a shard keeps its own. */
bool part_take_accounts(struct part *part, const struct scenario *scenario,
    struct accounts *accounts, struct error *error);
/* The host before the load, as the plan's sample shows it, and the plan's file, open, which the caller closes. *snapshot is NULL if there is none.
 * False: the plan cannot be read any more. */
bool part_before(const struct part *part, struct runfile **plan, struct snapshot **snapshot,
    struct error *error);
/* How many shards of the plan lie finished in the folder of its file. */
int64_t part_count_finished(const struct part *part);

#endif
