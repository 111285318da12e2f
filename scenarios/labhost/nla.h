/* Network Level Authentication against the lab's accounts. */
#ifndef LEAKLAB_LABHOST_NLA_H
#define LEAKLAB_LABHOST_NLA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winpr/sspi.h>

#include "labhost/accounts.h"

/* What came of an attempt, to be told to the client as an NTSTATUS (0: goes on). */
uint32_t nla_check(struct accounts *accounts, const SEC_WINNT_AUTH_IDENTITY *identity,
    const SecBuffer *proof, const SecBuffer *messages, uint8_t ntowf_v2[16],
    struct account **account);

#endif
