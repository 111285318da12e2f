/* Student's t distribution. */
#ifndef LEAKLAB_STUDENT_H
#define LEAKLAB_STUDENT_H

/* P(T > t) with `freedom` degrees of freedom, which may be broken; freedom > 0. */
double student_tail(double t, double freedom);
/* The t with P(T > t) = tail; 0 < tail < 0.5. */
double student_quantile(double tail, double freedom);

#endif
