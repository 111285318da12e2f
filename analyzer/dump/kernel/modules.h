/* Loaded drivers. Inside this folder. */
#ifndef LEAKLAB_KERNEL_MODULES_H
#define LEAKLAB_KERNEL_MODULES_H

#include "dump/kernel/reader.h"

bool modules_read(struct kernel *kernel, struct error *error);
/* The module that the address lies in, or NULL. */
const struct kernel_module *modules_find(const struct kernel *kernel, uint64_t address);

#endif
