/* Late holders: handles that system services close some time after a logoff, in the order they are due. */
#ifndef LEAKLAB_LABHOST_LATE_HOLDERS_H
#define LEAKLAB_LABHOST_LATE_HOLDERS_H

#include <stdint.h>

#include "labhost/objects.h"

struct late_holders {
	struct nt_handle **heap; /* a binary heap, the earliest first; borrowed */
	size_t count;
	size_t room;
};

void late_holders_deinit(struct late_holders *holders);
void late_holders_add(struct late_holders *holders, struct nt_handle *handle, int64_t due);
void late_holders_remove(struct late_holders *holders, struct nt_handle *handle);
/* The handle that is due first; NULL if there is none. */
struct nt_handle *late_holders_first(const struct late_holders *holders);

#endif
