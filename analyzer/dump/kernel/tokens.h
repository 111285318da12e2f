/* Tokens. Inside this folder. */
#ifndef LEAKLAB_KERNEL_TOKENS_H
#define LEAKLAB_KERNEL_TOKENS_H

#include "dump/kernel/reader.h"

/* The token with this address, new or known; *out is KERNEL_NONE if it is none that can be (which has been counted). logon: in
 * whose token list it is, or KERNEL_NONE. False when memory is out. */
bool tokens_at(struct kernel *kernel, uint64_t address, uint32_t logon, uint32_t *out);
/* Makes room for as many tokens as the kernel counted. */
void tokens_prepare(struct kernel *kernel);
/* The token lists of all logon sessions. */
bool tokens_read_lists(struct kernel *kernel, struct error *error);

#endif
