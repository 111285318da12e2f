/* One snapshot, leaklab.snapshot/2, in the keys that the analyzer reads. */
#ifndef LEAKLAB_PROBE_SNAPSHOT_H
#define LEAKLAB_PROBE_SNAPSHOT_H

#include <stdbool.h>
#include <stdio.h>

/* What cannot be seen is said in it, so it fails for a lack of memory or of room on the disk only. compact:
 * on one line. */
bool snapshot_write(FILE *out, bool compact);

#endif
