/* Threads that impersonate. Inside this folder. */
#ifndef LEAKLAB_KERNEL_THREADS_H
#define LEAKLAB_KERNEL_THREADS_H

#include "dump/kernel/reader.h"

bool threads_read(struct kernel *kernel, struct error *error);

#endif
