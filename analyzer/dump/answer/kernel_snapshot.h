/* A dump as evidence. Inside this folder. */
#ifndef LEAKLAB_ANSWER_KERNEL_SNAPSHOT_H
#define LEAKLAB_ANSWER_KERNEL_SNAPSHOT_H

#include "dump/kernel/kernel.h"

/* What the kernel knew, as evidence. NULL: memory is out. */
struct snapshot *kernel_to_snapshot(const struct kernel *kernel, bool holders_seen);

#endif
