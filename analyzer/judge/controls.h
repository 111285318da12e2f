/* Whether the lab could have seen a leak, and only then. Inside this folder. */
#ifndef LEAKLAB_JUDGE_CONTROLS_H
#define LEAKLAB_JUDGE_CONTROLS_H

#include "judge/verdict.h"

/* Judges the control runs that the run file has into verdict->controls. */
bool controls_judge(struct verdict *verdict, struct runfile *runfile, struct error *error);
void controls_deinit(struct verdict *verdict);

/* What controls that failed say against any verdict; what those that held say for it. False only when memory is out. */
bool controls_block(struct sentences *out, const struct verdict *verdict);
bool controls_tell(struct sentences *out, const struct verdict *verdict);

/* As judge_run(), of a run that is a control itself: what controls it has are not looked at. In judge.c. */
struct verdict *judge_control(struct runfile *runfile, struct error *error);

#endif
