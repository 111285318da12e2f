/* Rates as settings and expectations give them, and as people read them. Inside this folder, and for reports. */
#ifndef LEAKLAB_RATE_H
#define LEAKLAB_RATE_H

#include <stdbool.h>

/* Reads a number in the C locale's form, between 0 and 1. */
bool rate_parse(const char *text, double *out);

#define PERCENT_TEXT 16
/* A rate as a percentage with as many digits as say something: none below 1 is 100, and none above 0 is 0. Returns out. */
const char *percent_format(double rate, char out[PERCENT_TEXT]);
/* The same from 0 to 1. */
const char *rate_format(double rate, char out[PERCENT_TEXT]);

#endif
