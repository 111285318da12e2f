/* How the kernel was set up, and what its totals are. Inside this folder. */
#ifndef LEAKLAB_KERNEL_VARIABLES_H
#define LEAKLAB_KERNEL_VARIABLES_H

#include "dump/kernel/reader.h"

bool variables_read(struct kernel *kernel, struct error *error);

#endif
