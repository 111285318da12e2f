/* Where a count goes over many moments, in a word. */
#ifndef LEAKLAB_COURSE_H
#define LEAKLAB_COURSE_H

#include <stdbool.h>
#include <stddef.h>

#include "statistics/drift.h"

enum course_word {
	COURSE_TOO_FEW, /* points to tell: TREND_POINTS are needed */
	COURSE_STEADY,  /* it is the same everywhere */
	COURSE_WANDERS, /* what it does a count may do that only wanders up and down */
	COURSE_FALLS,
	COURSE_LEVELS_OFF, /* it rose, and goes on more slowly or not at all, as a cache that fills */
	COURSE_RISES,
};

struct course {
	enum course_word word;
	struct drift rise, fall; /* fall: of the negative counts */
	bool stops;              /* it hardly gains at the end */
	bool flat_end;           /* it gained, and its end is flat beside that */
};

/* Measures one. The x must not fall. False only when memory is out. */
bool course_measure(const double *x, const double *y, size_t count, struct course *out);
/* Gives all their words, with rises asked for at a level that is corrected for their number, and falls the same. False only when memory is out. */
bool courses_decide(struct course *const *courses, size_t count);

#endif
