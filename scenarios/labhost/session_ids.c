#include "labhost/session_ids.h"

#include <assert.h>
#include <string.h>

void session_ids_init(struct session_ids *ids, uint32_t first)
{
	memset(ids, 0, sizeof(*ids));
	ids->lowest = first;
}

bool session_ids_take(struct session_ids *ids, uint32_t *out)
{
	while (ids->lowest < SESSION_ID_LIMIT && ids->reasons[ids->lowest] > 0)
		ids->lowest++;
	if (ids->lowest == SESSION_ID_LIMIT)
		return false;
	*out = ids->lowest;
	ids->reasons[ids->lowest++] = 1;
	return true;
}

void session_ids_hold(struct session_ids *ids, uint32_t id)
{
	assert(ids->reasons[id] > 0);
	ids->reasons[id]++;
}

void session_ids_drop(struct session_ids *ids, uint32_t id)
{
	assert(ids->reasons[id] > 0);
	if (--ids->reasons[id] == 0 && id < ids->lowest)
		ids->lowest = id;
}
