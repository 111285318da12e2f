/* Knows who holds what is left of the run, those included that ended. */
#include "judge/weigh.h"

#include <stdlib.h>
#include <string.h>

/* Who may hold what nobody is seen to hold: what nobody could look into, and rose during the run. */
static bool weigh_suspects(struct verdict *verdict, const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot;
	struct suspects found;
	if (!suspects_find(&found, before && snapshot_has(before, SECTION_HANDLES) ? before : NULL,
	        evidence_last(evidence)->snapshot))
		return false;
	verdict->suspects = found.items;
	verdict->suspects_compared = found.compared;
	for (size_t i = 0; i < found.count; i++) {
		const char *image = found.items[i].image;
		found.items[i].image = image ? strdup(image) : NULL;
		verdict->suspect_count++;
		if (image && !found.items[i].image)
			return false;
	}
	return true;
}

static int64_t held_by(const struct culprit *culprit)
{
	return culprit->logon_sessions + culprit->session_ids;
}

/* A leaker that ended is among the first if it held as much as they do; those that ended come by what they held. */
static bool add_ended(struct verdict *verdict)
{
	size_t at = 0;
	for (size_t i = 0; i < verdict->taken.count; i++) {
		const struct ended_holder *holder = &verdict->taken.items[i];
		if (holder->word != ENDED_LEAK)
			continue;
		struct culprit *larger =
		    reallocarray(verdict->culprits, verdict->culprit_count + 1, sizeof *larger);
		if (!larger)
			return false;
		verdict->culprits = larger;
		struct culprit added = {.image = holder->image ? strdup(holder->image) : NULL,
		    .pid = holder->pid,
		    .logon_sessions = (int64_t)holder->logon_sessions,
		    .session_ids = (int64_t)holder->session_ids,
		    .sure = true,
		    .alone = (int64_t)(holder->logon_sessions + holder->session_ids),
		    .ended = true};
		while (at < verdict->culprit_count && !image_follows(larger[at].image) &&
		       held_by(&larger[at]) >= added.alone)
			at++;
		memmove(
		    &larger[at + 1], &larger[at], (verdict->culprit_count - at) * sizeof *larger);
		larger[at] = added;
		verdict->culprit_count++;
		if (holder->image && !added.image)
			return false;
		if (at == 0)
			verdict->culprits_tied = 1;
		else if (at == verdict->culprits_tied && held_by(&larger[0]) == added.alone &&
		         !image_same(larger[0].image, added.image))
			verdict->culprits_tied++;
	}
	return true;
}

bool holders_weigh(struct verdict *verdict, const struct evidence *evidence)
{
	const struct snapshot *settled = evidence_last(evidence)->snapshot;
	struct culprits found = {0};
	size_t held_count = 0, id_count = 0, count;
	const bool proven = verdict_leaks(verdict) > 0;
	const int64_t quiet = leak_quiet_time(evidence->leak);
	const struct left_logon *logons = leak_logons(evidence->leak, &count);
	struct held_logon *held = malloc((count + 1) * sizeof *held);
	for (size_t i = 0; held && i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left_is_orphan(left) && !left->older &&
		    (!proven || leak_is_old(evidence->leak, left->ended, left->shown, quiet)))
			held[held_count++] = held_logon_of(evidence->leak, left);
	}
	const struct left_id *ids = leak_ids(evidence->leak, &count);
	int64_t *numbers = malloc((count + 1) * sizeof *numbers);
	for (size_t i = 0; numbers && i < count; i++) {
		if (!ids[i].gone && !ids[i].older &&
		    !pinned_is_of_orphan(evidence->leak, &ids[i]) &&
		    (proven ? ids[i].pinned &&
		                  leak_is_old(evidence->leak, ids[i].ended, ids[i].shown, quiet)
		            : ids[i].pinned || ids[i].watched))
			numbers[id_count++] = ids[i].id;
	}
	bool good =
	    held && numbers && culprits_find(&found, settled, held, held_count, numbers, id_count);
	free(held);
	free(numbers);
	verdict->culprits_known = true;
	verdict->unattributed = found.unheld;
	verdict->followers_only = found.followers_only;
	verdict->culprits_tied = culprits_tied(&found);
	verdict->handles_whole = snapshot_whole(settled, SECTION_HANDLES);
	for (size_t i = 0; good && i < found.count; i++) {
		const char *image = found.items[i].image, *services = found.items[i].services;
		found.items[i].image = image ? strdup(image) : NULL;
		found.items[i].services = services ? strdup(services) : NULL;
		good = (!image || found.items[i].image) && (!services || found.items[i].services);
		verdict->culprit_count = i + 1;
	}
	verdict->culprits = found.items;
	return good && add_ended(verdict) && weigh_suspects(verdict, evidence);
}
