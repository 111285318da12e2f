/* Late holders: handles that system services close some time after a logoff, in the order they are due. */
#ifndef LEAKLAB_LABHOST_HOLDERS_H
#define LEAKLAB_LABHOST_HOLDERS_H

#include <stdint.h>

#include "labhost/objects.h"

struct holders {
	struct nt_handle **heap; /* a binary heap, the earliest first; borrowed */
	size_t count;
	size_t room;
};

void holders_deinit(struct holders *holders);
void holders_add(struct holders *holders, struct nt_handle *handle, int64_t due);
void holders_remove(struct holders *holders, struct nt_handle *handle);
/* The handle that is due first; NULL if there is none. */
struct nt_handle *holders_first(const struct holders *holders);

#endif
