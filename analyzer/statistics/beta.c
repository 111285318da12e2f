/* By its continued fraction in Lentz' form (NIST Digital Library of Mathematical Functions, 8.17.22). */
#include "statistics/beta.h"

#include <math.h>

#define TINY 1e-300
#define MOST_TERMS 1000

static double fraction(double x, double a, double b)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < TINY ? TINY : d);
	double result = d;

	for (int m = 1; m <= MOST_TERMS; m++) {
		const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		result *= d * c;
		const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		result *= d * c;
		if (fabs(d * c - 1) < 1e-14)
			break;
	}
	return result;
}

double beta_below(double x, double a, double b)
{
	int sign;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	const double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) +
	                         a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * fraction(x, a, b) / a;
	return 1 - front * fraction(1 - x, b, a) / b;
}

double beta_quantile(double share, double a, double b)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		const double middle = (low + high) / 2;
		if (beta_below(middle, a, b) < share)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}
