/* Whether two groups of values differ by more than luck would make of one. */
#ifndef LEAKLAB_PERMUTATION_H
#define LEAKLAB_PERMUTATION_H

#include <stddef.h>

/* P(a difference of the means at least as large as this | the runs' labels mean nothing), one-sided: before above now. All
 * divisions of the runs where there are few enough, else 20,000 drawn ones, always the same. */
double permutation_chance(
    const double *now, size_t now_count, const double *before, size_t before_count);

#endif
