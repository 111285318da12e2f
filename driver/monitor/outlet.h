/* Where events go: a file, or standard output. Whoever reads it may stop reading: that stops no run. */
#ifndef LEAKLAB_OUTLET_H
#define LEAKLAB_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* Once, before the first line. path "-": standard output. A file that is there is added to. */
bool outlet_open(const char *path, struct error *error);
/* Takes the line over, which was made by malloc() and has no newline; NULL is none. Lines beyond what is kept for a slow reader are lost; the
 * next one that is not lost says how many. */
void outlet_put(char *line);
/* Waits for the reader, so many microseconds. False: there are lines that it has not read, and standard output, if it is that, is of no more use. */
bool outlet_close(int64_t patience);

#endif
