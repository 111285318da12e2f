/* When cycles start: closed load (slots that go round) and open load (arrivals that keep their own time). */
#ifndef LEAKLAB_LOAD_H
#define LEAKLAB_LOAD_H

#include <stdint.h>

#include "scenario.h"

/* Closed load: how long after the start of the load a slot makes its first cycle, in microseconds. */
int64_t load_slot_start(const struct scenario_load *load, uint64_t slot);

/* Open load: how long after the start of the load arrival number `index` (from 0) is due. During the ramp the rate
 * rises evenly from nothing to the full rate. */
int64_t load_arrival(const struct scenario_load *load, uint64_t index);

/* A duration evenly drawn from the span. state is the generator's, of the caller's choosing at the start. */
int64_t span_draw(const struct span *span, uint64_t *state);

#endif
