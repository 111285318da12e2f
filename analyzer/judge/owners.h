/* The owner of a handle that a snapshot shows without a user. Inside this folder. */
#ifndef LEAKLAB_OWNERS_H
#define LEAKLAB_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/evidence.h"

struct owner {
	uint64_t luid;
	const char *user, *domain;
	bool is_stranger; /* logged on during the run, and is not of the run */
};

struct owners {
	struct owner *items; /* by LUID */
	size_t count;
	size_t
	    strangers; /* logon sessions of people who logged on during the run and are not its own */
};

/* From what all snapshots of the run list; texts are the evidence's. False: memory is out. */
bool owners_load(struct owners *owners, const struct evidence *evidence);
void owners_deinit(struct owners *owners);

/* NULL: no snapshot lists a logon session with this LUID and a user. */
const struct owner *owners_find(const struct owners *owners, uint64_t luid);

#endif
