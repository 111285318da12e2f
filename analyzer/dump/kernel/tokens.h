/* Tokens, and who holds them. Inside this folder. */
#ifndef LEAKLAB_KERNEL_TOKENS_H
#define LEAKLAB_KERNEL_TOKENS_H

#include "dump/kernel/reader.h"

/* The token with this address, new or known; *out is KERNEL_NONE if it is none that can be (which has been counted). logon: in
 * whose token list it is, or KERNEL_NONE. False when memory is out. */
bool tokens_at(struct kernel *kernel, uint64_t address, uint32_t logon, uint32_t *out);
/* Makes room for as many tokens as the kernel counted. */
void tokens_prepare(struct kernel *kernel);
/* The token lists of all logon sessions from the first on. */
bool tokens_read_lists(struct kernel *kernel, uint32_t first, struct error *error);
/* Counts the token among those of its logon session. */
void tokens_join(struct kernel *kernel, uint32_t number);

/* ---- holders.c ---- */

/* False when memory is out. */
bool holders_add(struct kernel *kernel, uint32_t token, enum kernel_holder_kind kind,
    uint32_t process, uint64_t value);
/* The own tokens of all logon sessions from the first on. */
bool holders_read_sessions(struct kernel *kernel, uint32_t first, struct error *error);
/* Primary tokens of processes that run. */
bool holders_read_processes(struct kernel *kernel, struct error *error);
/* Of processes that have exited, after the handles were read: who has handles to them holds their tokens; those of whom nobody has any
 * hold them themselves. */
bool holders_read_exited(struct kernel *kernel, struct error *error);

#endif
