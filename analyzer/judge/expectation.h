/* What a scenario expects of the verdict. Inside this folder. */
#ifndef LEAKLAB_EXPECTATION_H
#define LEAKLAB_EXPECTATION_H

#include "judge/verdict.h"

/* Reads the run's expectations and compares them with the verdict, which is complete otherwise. */
bool expectations_check(struct verdict *verdict, struct runfile *runfile, struct error *error);

/* True if key is an expectation ("expect.rate", ...) and value is one that it can have. */
bool expectation_valid(const char *key, const char *value, struct error *error);

#endif
