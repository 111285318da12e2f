/* What the verdict says: reasons, and limits of the evidence. Inside this folder. */
#ifndef LEAKLAB_COMPARE_NOTES_H
#define LEAKLAB_COMPARE_NOTES_H

#include <stdbool.h>

#include "compare/compare.h"

struct notes {
	struct comparison *comparison;
	bool failed; /* memory is out */
};

void note_reason(struct notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void note_limit(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
