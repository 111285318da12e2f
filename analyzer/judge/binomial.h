/* Rates from counts, with how sure they are. Inside this folder. */
#ifndef LEAKLAB_BINOMIAL_H
#define LEAKLAB_BINOMIAL_H

#include <stdint.h>

/* The exact (Clopper-Pearson) two-sided 95 % interval of a rate of which k in n were seen; n > 0. */
void binomial_interval(int64_t k, int64_t n, double *lower, double *upper);

/* The smallest rate that would have shown at least once in n tries with 95 % probability; n > 0. */
double binomial_smallest_visible_rate(int64_t n);

/* How many tries it takes to see this rate (0 < rate < 1) at least once with 95 % probability. */
int64_t binomial_tries_for(double rate);

#endif
