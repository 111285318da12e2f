/* What each cycle left, from when it was seen first until it went or stayed. Inside this folder. */
#ifndef LEAKLAB_COURSE_H
#define LEAKLAB_COURSE_H

#include "judge/evidence.h"
#include "judge/orphans.h"
#include "judge/verdict.h"

/* Fills verdict->course and verdict->id_course. orphans: of the last sample. False only when memory is out. */
bool course_find(
    struct verdict *verdict, const struct evidence *evidence, const struct orphans *orphans);
void course_deinit(struct verdict *verdict);

#endif
