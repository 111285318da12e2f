/* Knows whose rise comes first. System and lsass hold what is left of a logon session until its last other holder has released it, so
 * that their handles rise as that holder's do. */
#include <stdlib.h>
#include <string.h>

#include "judge/growth.h"

enum rank { RANK_CULPRIT, RANK_OTHER, RANK_FOLLOWER };

static bool is_culprit(const struct verdict *verdict, const struct growth *growth)
{
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		if (!culprit->follower && culprit->pid == growth->pid && culprit->image &&
		    growth->image && image_same(culprit->image, growth->image))
			return true;
	}
	return false;
}

static enum rank rank_of(const struct verdict *verdict, const struct growth *growth)
{
	if (is_culprit(verdict, growth))
		return RANK_CULPRIT;
	return growth->image && image_follows(growth->image) ? RANK_FOLLOWER : RANK_OTHER;
}

/* It rises, or seems to. */
static bool rises(const struct growth *growth)
{
	return growth->word == GROWTH_LEAK || growth->word == GROWTH_UNCERTAIN;
}

/* A follower gains no more than the one that it follows. */
static bool may_follow(const struct growth *follower, const struct growth *leader)
{
	return leader->image && rises(leader) && rises(follower) &&
	       (follower->doubt == DOUBT_TOO_FEW || leader->doubt == DOUBT_TOO_FEW ||
	           (follower->lower <= leader->upper && leader->lower > 0));
}

/* The first that it may follow, of those that do not follow themselves. False only when memory is out. */
static bool find_leader(struct growth *follower, const struct growth *leaders, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (may_follow(follower, &leaders[i]))
			return (follower->follows = strdup(leaders[i].image));
	}
	return true;
}

bool growth_rank(struct verdict *verdict)
{
	const size_t count = verdict->growth_count;
	struct growth *ranked = calloc(count + 1, sizeof *ranked);
	size_t placed = 0, leaders = 0;
	bool good = ranked;

	for (int rank = RANK_CULPRIT; good && rank <= RANK_FOLLOWER; rank++) {
		for (size_t i = 0; i < count; i++) {
			if (rank_of(verdict, &verdict->growths[i]) == (enum rank)rank)
				ranked[placed++] = verdict->growths[i];
		}
		if (rank == RANK_OTHER)
			leaders = placed;
	}
	if (good && count)
		memcpy(verdict->growths, ranked, count * sizeof *ranked);
	for (size_t i = leaders; good && i < count; i++)
		good = find_leader(&verdict->growths[i], verdict->growths, leaders);
	free(ranked);
	return good;
}
