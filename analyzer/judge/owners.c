/* LUIDs are given out once a boot, so that a list of any moment names the owner of a handle that another one shows. */
#include "judge/owners.h"

#include <stdlib.h>

#include "evidence/identity.h"

/* Logged on during the run, and is not of the run. */
static bool is_stranger(const struct evidence *evidence, const struct left_logon *left)
{
	const struct logon_session logon = left_record(left);

	return logon_is_of_person(&logon) && left->session_id != 0 && left->first != 1 &&
	       !cycle_index_has(&evidence->index, left->user, left->domain);
}

bool owners_load(struct owners *owners, const struct evidence *evidence)
{
	size_t count;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);

	*owners = (struct owners){.items = malloc((count + 1) * sizeof *owners->items)};
	for (size_t i = 0; owners->items && i < count; i++) {
		if (!logons[i].user)
			continue;
		struct owner *owner = &owners->items[owners->count++];
		*owner = (struct owner){.luid = logons[i].luid,
		    .user = logons[i].user,
		    .domain = logons[i].domain,
		    .is_stranger = is_stranger(evidence, &logons[i])};
		owners->strangers += owner->is_stranger;
	}
	return owners->items;
}

void owners_deinit(struct owners *owners)
{
	free(owners->items);
	*owners = (struct owners){0};
}

static int by_luid(const void *a, const void *b)
{
	const struct owner *one = a, *other = b;

	return (one->luid > other->luid) - (one->luid < other->luid);
}

const struct owner *owners_find(const struct owners *owners, uint64_t luid)
{
	const struct owner key = {.luid = luid};

	return owners->count
	           ? bsearch(&key, owners->items, owners->count, sizeof *owners->items, by_luid)
	           : NULL;
}
