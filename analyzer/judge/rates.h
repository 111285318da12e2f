/* The shares of cycles that left something behind, and how sure they are. Inside this folder. */
#ifndef LEAKLAB_RATES_H
#define LEAKLAB_RATES_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* From the verdict's k, k_most and orphaned, and from the pinned cycles. False only when memory is out. */
bool rates_find(struct verdict *verdict, const struct evidence *evidence);
void rates_deinit(struct verdict *verdict);

/* What is said of them. False only when memory is out. */
bool rates_tell(struct sentences *out, const struct verdict *verdict);

#endif
