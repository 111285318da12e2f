/* Handles, as far as they lead to tokens, or to processes that have exited. Inside this folder. */
#ifndef LEAKLAB_KERNEL_HANDLES_H
#define LEAKLAB_KERNEL_HANDLES_H

#include "dump/kernel/reader.h"

bool handles_read(struct kernel *kernel, struct error *error);
/* The object header that the first 8 bytes of a handle table's entry refer to; 0: a free entry. */
uint64_t handles_header(const struct kernel_layout *layout, uint64_t low);

#endif
