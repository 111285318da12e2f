/* The tail of t is a regularized incomplete beta function (NIST Digital Library of Mathematical Functions, 8.17). */
#include "statistics/student.h"

#include "statistics/beta.h"

double student_tail(double t, double freedom)
{
	const double tail = beta_below(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;

	return t >= 0 ? tail : 1 - tail;
}

double student_quantile(double tail, double freedom)
{
	double low = 0, high = 1;

	while (student_tail(high, freedom) > tail && high < 1e12)
		high *= 2;
	for (int i = 0; i < 100; i++) {
		const double middle = (low + high) / 2;
		if (student_tail(middle, freedom) > tail)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}
