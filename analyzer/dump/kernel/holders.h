/* What holds tokens. Inside this folder. */
#ifndef LEAKLAB_KERNEL_HOLDERS_H
#define LEAKLAB_KERNEL_HOLDERS_H

#include "dump/kernel/reader.h"

/* False when memory is out. */
bool holders_add(struct kernel *kernel, uint32_t token, enum kernel_holder_kind kind,
    uint32_t process, uint64_t value);
/* The logon sessions' own tokens; the sessions all have been read. */
bool holders_read_sessions(struct kernel *kernel, struct error *error);
/* Primary tokens of processes that run. */
bool holders_read_processes(struct kernel *kernel, struct error *error);
/* Of processes that have exited, after the handles were read: who has handles to them holds their tokens; those of whom nobody has any
 * hold them themselves. */
bool holders_read_exited(struct kernel *kernel, struct error *error);

#endif
