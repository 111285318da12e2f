/* Binomial tails. The exact interval, as approximations fail where we need it: at rates of 0 and 1.
 * C. J. Clopper, E. S. Pearson, Biometrika 26 (1934), 404. */
#include "judge/binomial.h"

#include <math.h>

#define MISS 0.05 /* 95 % confidence */

/* P(X >= k) for X binomial(n, p), where 0 < p <= k / n. There the first term is the largest of the tail, so the
 * others follow from it by their ratios. */
static double upper_tail(int64_t k, int64_t n, double p)
{
	int sign;
	double logarithm = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
	                   lgamma_r((double)(n - k) + 1, &sign) + (double)k * log(p) +
	                   (double)(n - k) * log1p(-p);
	double term = exp(logarithm), sum = term;
	for (int64_t i = k; i < n && term > sum * 1e-17; i++) {
		term *= (double)(n - i) / (double)(i + 1) * (p / (1 - p));
		sum += term;
	}
	return sum;
}

/* The rate at which k or more in n have a probability of MISS / 2. */
static double lower_limit(int64_t k, int64_t n)
{
	if (k == 0)
		return 0;
	if (k == n)
		return pow(MISS / 2, 1.0 / (double)n);
	double low = 0, high = (double)k / (double)n;
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;
		if (upper_tail(k, n, middle) < MISS / 2)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

void binomial_interval(int64_t k, int64_t n, double *lower, double *upper)
{
	*lower = lower_limit(k, n);
	*upper = 1 - lower_limit(n - k, n);
}

double binomial_smallest_visible_rate(int64_t n)
{
	return 1 - pow(MISS, 1.0 / (double)n);
}

int64_t binomial_tries_for(double rate)
{
	int64_t tries = (int64_t)ceil(log(MISS) / log1p(-rate));
	return tries > 1 ? tries : 1;
}
