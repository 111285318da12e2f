/* What processes are called. Inside this folder. */
#ifndef LEAKLAB_KERNEL_PROCESS_NAMES_H
#define LEAKLAB_KERNEL_PROCESS_NAMES_H

#include "dump/kernel/reader.h"

/* Names a process, whose other members were read, by its file and by what _EPROCESS has of that name. */
bool process_names_read(
    struct kernel *kernel, struct kernel_process *process, const char *short_name);
/* The name of the process with that ID, if it begins with these 14 characters; else they are all that is known. */
const char *process_names_complete(
    const struct kernel *kernel, uint64_t pid, const char *short_name, bool *is_cut);

#endif
