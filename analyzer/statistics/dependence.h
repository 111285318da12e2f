/* Whether hits among cycles depend on when they came, or on whose they were. */
#ifndef LEAKLAB_DEPENDENCE_H
#define LEAKLAB_DEPENDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dependence_kind {
	DEPENDENCE_NONE,
	DEPENDENCE_TIME,    /* they come in bursts, or from some cycle on, or up to one */
	DEPENDENCE_ACCOUNT, /* some accounts have more than others */
};

struct dependence {
	enum dependence_kind kind;
	double
	    chance; /* of such a course if cycles are independent: of three tests the least, times three */
	/* Where hits are densest: among these cycles, counted from 0, or of this account. */
	size_t first, last, account;
	int64_t hits, tries; /* there */
};

/* One cycle after the other, in the order in which they began: whether it hit, and the number of its account, below `accounts`. Dependence
 * is found at 1 %: by the number of runs, exactly (A. Wald, J. Wolfowitz, Ann. Math. Statist. 11 (1940), 147), by the cumulated sum, and by
 * chi-square over the accounts, both against random orders (always the same). False only when memory is out. */
bool dependence_find(
    struct dependence *out, const bool *hits, const size_t *account, size_t count, size_t accounts);

#endif
