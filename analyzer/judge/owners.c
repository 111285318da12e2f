/* LUIDs are given out once a boot, so that a list of any moment names the owner of a handle that another one shows. */
#include "judge/owners.h"

#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "evidence/identity.h"

struct gathering {
	struct owners *owners;
	const struct evidence *evidence;
	bool failed;
};

static bool is_ours(const struct evidence *evidence, const char *user, const char *domain)
{
	return cycle_index_has(&evidence->index, user, domain);
}

static const char *keep(struct gathering *gathering, const char *text)
{
	const char *kept =
	    text ? intern_string(gathering->owners->intern, text, strlen(text)) : NULL;

	gathering->failed |= text && !kept;
	return kept;
}

static struct owner *add(struct owners *owners)
{
	if (owners->count == owners->room) {
		const size_t room = owners->room ? 2 * owners->room : 256;
		struct owner *larger = realloc(owners->items, room * sizeof *larger);
		if (!larger)
			return NULL;
		owners->items = larger;
		owners->room = room;
	}
	return &owners->items[owners->count++];
}

static bool was_before(const struct evidence *evidence, uint64_t luid)
{
	const struct left_logon *left = leak_logon(evidence->leak, luid);

	return left && left->first == 1;
}

static void gather(void *data, const struct logon_session *logon)
{
	struct gathering *gathering = data;
	struct owners *owners = gathering->owners;
	struct owner *owner = gathering->failed ? NULL : add(owners);

	gathering->failed |= !owner;
	if (!owner)
		return;
	*owner = (struct owner){.luid = logon->luid,
	    .user = keep(gathering, logon->user),
	    .domain = keep(gathering, logon->domain)};
	owner->is_stranger = logon_is_of_person(logon) && logon->session_id != 0 &&
	                     !is_ours(gathering->evidence, logon->user, logon->domain) &&
	                     !was_before(gathering->evidence, logon->luid);
}

static int by_luid(const void *a, const void *b)
{
	const struct owner *one = a, *other = b;

	return (one->luid > other->luid) - (one->luid < other->luid);
}

/* Of items that are sorted: what several observers saw is one. */
static size_t count_strangers(const struct owners *owners)
{
	size_t strangers = 0;

	for (size_t i = 0; i < owners->count; i++)
		strangers +=
		    owners->items[i].is_stranger &&
		    (i + 1 == owners->count || owners->items[i + 1].luid != owners->items[i].luid);
	return strangers;
}

bool owners_load(struct owners *owners, const struct evidence *evidence, struct runfile *runfile,
    struct error *error)
{
	struct gathering gathering = {.owners = owners, .evidence = evidence};

	*owners = (struct owners){.intern = intern_create()};
	bool good = owners->intern || error_set(error, EXIT_TARGET, "out of memory");
	good = good && runfile_logon_sessions(runfile, gather, &gathering, error);
	if (good && gathering.failed)
		good = error_set(error, EXIT_TARGET, "out of memory");
	if (good && owners->count)
		qsort(owners->items, owners->count, sizeof *owners->items, by_luid);
	owners->strangers = good ? count_strangers(owners) : 0;
	if (!good)
		owners_deinit(owners);
	return good;
}

void owners_deinit(struct owners *owners)
{
	free(owners->items);
	intern_destroy(owners->intern);
	*owners = (struct owners){0};
}

const struct owner *owners_find(const struct owners *owners, uint64_t luid)
{
	const struct owner key = {.luid = luid};

	return owners->count
	           ? bsearch(&key, owners->items, owners->count, sizeof *owners->items, by_luid)
	           : NULL;
}
