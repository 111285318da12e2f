/* How long a thread that was ready to run waited for a processor. Inside of this room. */
#ifndef LEAKLAB_PROCESSOR_H
#define LEAKLAB_PROCESSOR_H

#include <stdint.h>

/* A descriptor for the calling thread's counter; -1: this kernel has none. */
int processor_open(void);
/* Microseconds of waiting so far; 0 if that is not known. */
int64_t processor_waited(int descriptor);

#endif
