/* What a scenario can find out, and how long it takes: arithmetic before a night is spent. */
#ifndef LEAKLAB_PLAN_H
#define LEAKLAB_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "driver/scenario/scenario.h"

#define PLAN_SCHEMA "leaklab.plan/1"

struct plan {
	double smallest_rate;
	int64_t cycles_for_clean; /* at this rate */
	double chance; /* that a leak of this rate shows at all in the scenario's cycles */
	double chance_in_bursts;

	/* Microseconds. */
	int64_t load;
	int64_t release;      /* the release time that is assumed */
	int64_t stopping_age; /* of a leak at which load.until: decided stops */
	int64_t settling;     /* nothing is left */
	int64_t
	    settling_left; /* something is, and is proven to be a leak, if there is time for that */
	int64_t settling_most;
	int64_t controls;          /* the runs before the run, settling too */
	int64_t total, total_most; /* from a clean run to one that does not settle */
	int64_t slots_needed;      /* open load: so many are busy at once on average; closed: 0 */

	/* judge --against: cycles that must leak without the fix, with one run a side and with three; 0: so few cycles tell nothing. */
	int64_t least_before_one, least_before_three;
};

void plan_make(struct plan *plan, const struct scenario *scenario);
void plan_print_text(const struct plan *plan, const struct scenario *scenario, FILE *out);
/* One object on one line. False: memory is out or it could not be written. */
bool plan_print_json(const struct plan *plan, const struct scenario *scenario, FILE *out);

#endif
