/* Creation stacks. Inside this folder. */
#ifndef LEAKLAB_KERNEL_STACKS_H
#define LEAKLAB_KERNEL_STACKS_H

#include "dump/kernel/reader.h"

struct stacks *stacks_create(void);
void stacks_destroy(struct stacks *stacks);
/* The kept copy of a trace. NULL when memory is out. */
const struct kernel_stack *stacks_add(struct kernel *kernel, const uint8_t *trace, size_t frames);

#endif
