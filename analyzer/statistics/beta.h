/* The beta distribution. Inside this folder. */
#ifndef LEAKLAB_BETA_H
#define LEAKLAB_BETA_H

/* The regularized incomplete beta function: P(X <= x) for X beta(a, b); a, b > 0, which may be broken. */
double beta_below(double x, double a, double b);
/* The x with P(X <= x) = share; 0 < share < 1. */
double beta_quantile(double share, double a, double b);

#endif
