/* What a scenario expects of the verdict. Inside this folder. */
#ifndef LEAKLAB_EXPECTATION_H
#define LEAKLAB_EXPECTATION_H

#include "judge/verdict.h"

/* Reads the run's expectations and compares them with the verdict, which is complete otherwise. */
bool expectations_check(struct verdict *verdict, struct runfile *runfile, struct error *error);

/* Reads a number in the C locale's form, between 0 and 1. */
bool rate_parse(const char *text, double *out);

#endif
