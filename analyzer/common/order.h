/* For qsort() and bsearch(). */
#ifndef LEAKLAB_ORDER_H
#define LEAKLAB_ORDER_H

/* int64_t; uint64_t. */
int order_of_numbers(const void *a, const void *b);
int order_of_luids(const void *a, const void *b);

#endif
