/* Many tests at one level: S. Holm, Scand. J. Statist. 6 (1979), 65. */
#ifndef LEAKLAB_HOLM_H
#define LEAKLAB_HOLM_H

#include <stdbool.h>
#include <stddef.h>

#define HOLM_LEVEL 0.005 /* of rises, one-sided: the false alarms that are tolerated */

struct holm {
	double level;  /* family-wise */
	size_t tested; /* in all, those too that are never asked for */
	size_t asked;  /* private */
	bool failed;
};

/* Whether the next one holds, by the chance that it is none: the surest first, and none after the first that fails. */
static inline bool holm_next(struct holm *holm, double chance)
{
	const size_t left = holm->tested > holm->asked ? holm->tested - holm->asked : 1;
	holm->asked++;
	holm->failed = holm->failed || !(chance * (double)left <= holm->level);
	return !holm->failed;
}

#endif
