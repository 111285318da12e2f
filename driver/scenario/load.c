/* Knows when cycles start: closed load (slots that go round) and open load (arrivals that keep their own time). */
#include "driver/scenario/scenario.h"

#include <math.h>

#include "common/duration.h"

int64_t load_slot_start(const struct scenario_load *load, uint64_t slot)
{
	return load->ramp.least * (int64_t)slot / (int64_t)load->slots;
}

int64_t load_arrival(const struct scenario_load *load, uint64_t index)
{
	const double ramp = (double)load->ramp.least / (double)SECOND;
	/* Arrivals up to time t within the ramp: rate * t^2 / (2 * ramp). */
	const double in_ramp = load->rate * ramp / 2;
	const double seconds = (double)index < in_ramp ? sqrt(2 * (double)index * ramp / load->rate)
	                                               : ramp / 2 + (double)index / load->rate;

	return (int64_t)(seconds * (double)SECOND);
}

int64_t span_draw(const struct span *span, uint64_t *state)
{
	/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 */
	uint64_t mixed = (*state += UINT64_C(0x9e3779b97f4a7c15));

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	mixed ^= mixed >> 31;
	return span->least + (int64_t)(mixed % (uint64_t)(span->most - span->least + 1));
}
