/* Processes. Inside this folder. */
#ifndef LEAKLAB_KERNEL_PROCESSES_H
#define LEAKLAB_KERNEL_PROCESSES_H

#include "dump/kernel/reader.h"

bool processes_read(struct kernel *kernel, struct error *error);
/* The process whose _EPROCESS is there, read if the list of active processes did not have it; *out is KERNEL_NONE if it is none that can
 * be. False when memory is out. */
bool processes_at(struct kernel *kernel, uint64_t address, uint32_t *out);

#endif
