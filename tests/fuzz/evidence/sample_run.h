/* A small run to damage. */
#ifndef LEAKLAB_FUZZ_SAMPLE_RUN_H
#define LEAKLAB_FUZZ_SAMPLE_RUN_H

#include <stdint.h>

#include "evidence/snapshot.h"

/* A snapshot in which every field of every record is known. */
struct snapshot *sample_of_all_fields(void);
/* A run of three cycles, of which one leaks, with a control run. Exits where it cannot be made. */
void make_sample_run(const char *path);

#endif
