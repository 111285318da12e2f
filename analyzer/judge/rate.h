/* Rates as settings and expectations give them. Inside this folder. */
#ifndef LEAKLAB_RATE_H
#define LEAKLAB_RATE_H

#include <stdbool.h>

/* Reads a number in the C locale's form, between 0 and 1. */
bool rate_parse(const char *text, double *out);

#endif
