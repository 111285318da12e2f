/* Inside this folder: the parts of an answer for people. */
#ifndef LEAKLAB_ANSWER_TEXT_H
#define LEAKLAB_ANSWER_TEXT_H

#include "dump/answer/answer.h"

/* "s" for other counts than one. */
const char *plural(uint64_t count);

/* What stands behind an image's name of which only the beginning is known. */
static inline const char *cut_mark(bool is_cut)
{
	return is_cut ? "\u2026" : "";
}

void print_culprits(const struct telling *telling, FILE *out);
void print_orphans(const struct telling *telling, FILE *out);

#endif
