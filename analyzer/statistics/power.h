/* What a number of cycles can see of a leak, before they are played. Leaks come each by itself, or in bursts of a mean length in
 * cycles; 0 < rate < 1. */
#ifndef LEAKLAB_POWER_H
#define LEAKLAB_POWER_H

#include <stdint.h>

/* The probability with which CLEAN may miss a leak: 99 % confidence. */
#define POWER_MISS 0.01

/* How likely it is that at least one of so many cycles leaks. burst: the mean length of bursts; 1: each comes by itself. */
double power_chance(double rate, double burst, int64_t cycles);

/* How many cycles it takes until none leaks with no more than this probability: CLEAN's cycles. */
int64_t power_cycles(double rate, double burst, double miss);

#endif
