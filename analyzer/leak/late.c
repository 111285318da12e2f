/* Whether a process that ended with something in its hold is only a late holder. Two explanations are weighed: a leak of as many logons as must be
 * seen, or a holder that releases all. Each logon of which nothing was taken along speaks for the second; each that was taken along
 * speaks for the first, the more so the more rarely this holder keeps for so long what it then releases. How often it does is counted of its
 * releases, each weighed by the logons that it could have kept for so long before it ended (J. M. Robins and A. Rotnitzky, in
 * N. Jewell et al. (eds.), AIDS Epidemiology, 1992, 297): what was leaked adds nothing to it. A leak of that rate is
 * taken for a late holder once in a hundred runs at most where the share is known; simulated, with shares that are counted so, in 0.3 %. */
#include "leak/late.h"

#include <math.h>
#include <stdlib.h>

#include "common/order.h"

#define COULD_LEAST 20 /* logons: what fewer could have shown tells no share */

struct late {
	/* Of logons that a process of the group could hold: from the end of the session to the end of that process; rising. */
	int64_t *gaps;
	size_t count;
	size_t
	    in_flight; /* among them those of sessions in which one ended: what it had of them is not known */
};

/* What is known of a logon that a process may have held. */
struct chance {
	int64_t gap; /* negative: none that is known to have run then */
	bool in_flight;
};

/* The processes of the group that held something, and those that began after such a one had ended. The caller's to free(). NULL: memory
 * is out. */
static const struct life **list_lives(
    const struct weighing *weighing, const struct group *group, size_t *count)
{
	const struct life **lives = malloc((weighing->life_count + 1) * sizeof *lives);
	int64_t first_over = INT64_MAX;
	*count = 0;
	for (size_t i = 0; i < weighing->life_count; i++) {
		const struct holder_life *one = &weighing->lives[i];
		if (one->held && one->life->over != TIMESTAMP_UNKNOWN &&
		    group_has_life(group, one->life) && one->life->last < first_over)
			first_over = one->life->last;
	}
	for (size_t i = 0; lives && i < weighing->life_count; i++) {
		const struct holder_life *one = &weighing->lives[i];
		if ((one->held || one->life->first > first_over) &&
		    group_has_life(group, one->life))
			lives[(*count)++] = one->life;
	}
	return lives;
}

static struct chance look_at(
    const struct life *const *lives, size_t count, const struct logon_span *logon)
{
	struct chance chance = {.gap = -1};
	for (size_t i = 0; i < count; i++) {
		const struct life *life = lives[i];
		if (life->over != TIMESTAMP_UNKNOWN && life->over >= logon->started &&
		    life->last <= logon->over)
			chance.in_flight = true;
		else if (life->first <= logon->over && logon->over < life->last &&
		         life->last - logon->over > chance.gap)
			chance.gap = life->last - logon->over;
	}
	return chance;
}

static bool late_init(struct late *late, const struct weighing *weighing, size_t at)
{
	size_t count;
	const struct life **lives = list_lives(weighing, &weighing->groups[at], &count);
	*late = (struct late){.gaps = malloc((weighing->logon_count + 1) * sizeof *late->gaps)};
	for (size_t i = 0; lives && late->gaps && i < weighing->logon_count; i++) {
		const struct chance chance = look_at(lives, count, &weighing->logons[i]);
		late->in_flight += chance.in_flight;
		if (chance.in_flight || chance.gap >= 0)
			late->gaps[late->count++] = chance.in_flight ? INT64_MAX : chance.gap;
	}
	if (late->count)
		qsort(late->gaps, late->count, sizeof *late->gaps, order_of_numbers);
	const bool good = lives && late->gaps;
	free(lives);
	return good;
}

/* Logons that it could have kept for so long. */
static size_t could_last(const struct late *late, int64_t lasted)
{
	size_t low = 0, high = late->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (late->gaps[middle] < lasted)
			low = middle + 1;
		else
			high = middle;
	}
	return late->count - low;
}

/* That it never kept one for so long is no proof that it never does. */
static double least_share(const struct late *late)
{
	return 0.5 / ((double)late->count + 1);
}

/* How often it keeps what it releases for so long at least: of one kind, the longest first. */
struct kept {
	int64_t lasted;
	double share;
};

static int longest_first(const void *a, const void *b)
{
	const struct kept *left = a, *right = b;
	return (left->lasted < right->lasted) - (left->lasted > right->lasted);
}

/* The caller's to free(). NULL: memory is out. */
static struct kept *list_kept(const struct weighing *weighing, const struct late *late,
    size_t group, enum kind kind, size_t *count)
{
	struct kept *kept = malloc((weighing->count + 1) * sizeof *kept);
	double share = least_share(late);
	*count = 0;
	for (size_t i = 0; kept && i < weighing->count; i++) {
		const struct past *past = &weighing->past[i];
		if (past->group == group && past->kind == kind && !past->joined &&
		    past->state == HOLD_RELEASED && past->of_left)
			kept[(*count)++].lasted = past->age;
	}
	if (*count)
		qsort(kept, *count, sizeof *kept, longest_first);
	for (size_t i = 0; i < *count; i++) {
		const size_t could = could_last(late, kept[i].lasted);
		share += could >= COULD_LEAST ? 1 / (double)could : 0;
		kept[i].share = fmin(1, share);
	}
	return kept;
}

static double share_of(
    const struct late *late, const struct kept *kept, size_t count, int64_t lasted)
{
	size_t low = 0, high = count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (kept[middle].lasted >= lasted)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? kept[low - 1].share : least_share(late);
}

/* The logarithm of the ratio. False: memory is out. */
static bool weigh_kind(const struct weighing *weighing, const struct late *late, size_t group,
    enum kind kind, double *odds)
{
	size_t count, taken = 0;
	struct kept *kept = list_kept(weighing, late, group, kind, &count);
	*odds = 0;
	for (size_t i = 0; kept && i < weighing->count; i++) {
		const struct past *past = &weighing->past[i];
		if (past->group != group || past->kind != kind || past->joined ||
		    past->state == HOLD_RELEASED)
			continue;
		*odds +=
		    log1p(weighing->rate / share_of(late, kept, count, past->age) - weighing->rate);
		taken++;
	}
	const size_t unknown = taken + late->in_flight;
	if (late->count > unknown)
		*odds += (double)(late->count - unknown) * log1p(-weighing->rate);
	free(kept);
	return kept != NULL;
}

/* It was seen to release what had lasted about as long as what it took along. */
static bool is_of_age(const struct weighing *weighing, size_t at)
{
	const struct group *group = &weighing->groups[at];
	const double slack = (double)leak_release_time(weighing->leak) / 20;
	return weighing->holders[at].released > 0 &&
	       (double)group->oldest <= 1.25 * (double)group->oldest_released + slack;
}

bool late_look(const struct weighing *weighing, size_t at)
{
	const struct group *group = &weighing->groups[at];
	struct ended_holder *holder = &weighing->holders[at];
	struct late late;
	double most = -INFINITY;
	if (weighing->logon_count == 0 || !is_of_age(weighing, at) ||
	    group->taken[KIND_PERSON] + group->taken[KIND_DESKTOP] + group->taken[KIND_ID] == 0)
		return true;
	bool good = late_init(&late, weighing, at);
	for (int kind = 0; good && kind < KIND_COUNT; kind++) {
		double odds;
		if (group->taken[kind] == 0)
			continue;
		good = weigh_kind(weighing, &late, at, kind, &odds);
		most = fmax(most, odds);
	}
	free(late.gaps);
	if (!good)
		return false;
	if (most <= log(ENDED_LEVEL))
		holder->word = ENDED_LATE;
	else
		holder->more = (int64_t)ceil((most - log(ENDED_LEVEL)) / -log1p(-weighing->rate));
	return true;
}
