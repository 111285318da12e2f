/* Cycles as a chain of two states, leaking and not: the rate is the share of leaking ones in the long run, and a burst ends after
 * each of its cycles with a chance of 1 / its mean length. No cycle leaks if the first does not, and none begins a burst after it. */
#include "statistics/power.h"

#include <math.h>

/* How likely it is that a burst begins at a cycle after one that does not leak. Where each cycle leaks by itself this is the rate,
 * and bursts have a mean length of 1 / (1 - rate): shorter ones would avoid each other. */
static double beginning(double rate, double burst)
{
	return rate / ((1 - rate) * fmax(burst, 1 / (1 - rate)));
}

double power_chance(double rate, double burst, int64_t cycles)
{
	if (cycles < 1)
		return 0;
	return 1 - (1 - rate) * pow(1 - beginning(rate, burst), (double)(cycles - 1));
}

int64_t power_cycles(double rate, double burst, double miss)
{
	const double after_first = (log(miss) - log1p(-rate)) / log1p(-beginning(rate, burst));
	/* Rounding must not add a cycle where it comes out even. */
	return after_first > 0 ? 1 + (int64_t)ceil(after_first - 1e-9) : 1;
}
