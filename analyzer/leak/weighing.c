/* What holds that are over show of their holders: one past for each hold of something watched, in groups by program, with the
 * processes that ran. */
#include "leak/weighing.h"

#include <stdlib.h>

bool weighing_watches(const struct leak *leak, const struct left_id *id)
{
	return id && !id->older && !left_id_is_harmless(leak, id) &&
	       (!leak->terms.is_watched || id->watched);
}

static bool describe(const struct leak *leak, const struct hold *hold, struct past *out)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	const struct left_id *id = hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
	const int64_t ended = left ? left->ended : id ? id->ended : TIMESTAMP_UNKNOWN;
	*out = (struct past){.hold = hold,
	    .session_id = hold->session_id,
	    .state = hold->state,
	    .of_left = hold->of_left,
	    .dated = hold->first != TIMESTAMP_UNKNOWN};
	if (hold->first != TIMESTAMP_UNKNOWN && hold->last != TIMESTAMP_UNKNOWN)
		out->lasted = hold->last - hold->first;
	out->age = out->lasted;
	if (ended != TIMESTAMP_UNKNOWN && hold->shown != TIMESTAMP_UNKNOWN &&
	    hold->shown - ended > out->age)
		out->age = hold->shown - ended;
	if (left && left->watched && !luid_is_own(hold->luid)) {
		out->logon = left_record(left);
		out->kind = logon_is_of_desktop(&out->logon) ? KIND_DESKTOP : KIND_PERSON;
		out->session_id = left->session_id;
		return !left->older;
	}
	out->kind = KIND_ID;
	return hold->session_id > 0 && luid_is_own(hold->luid) && weighing_watches(leak, id);
}

/* Those whose image is not known are taken as one. */
static bool same_image(const char *a, const char *b)
{
	return a && b ? image_same(a, b) : a == b;
}

/* Programs that host many things: what one process does tells nothing of the others. */
static bool is_shared(const char *image)
{
	static const char *const shared[] = {
	    "svchost", "dllhost", "rundll32", "w3wp", "conhost", "taskhostw"};
	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
		if (image && image_same(image, shared[i]))
			return true;
	}
	return false;
}

static bool group_has(
    const struct group *group, const char *image, const char *services, int64_t pid)
{
	/* Services are interned. */
	return same_image(group->image, image) && group->services == services &&
	       (group->pid == NUMBER_UNKNOWN || group->pid == pid);
}

bool group_has_life(const struct group *group, const struct life *life)
{
	return group_has(group, life->image, life->services, life->pid);
}

/* ---- lives ---- */

static int life_order(const void *a, const void *b)
{
	const struct life *left = ((const struct holder_life *)a)->life,
	                  *right = ((const struct holder_life *)b)->life;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->first > right->first) - (left->first < right->first);
}

static bool may_be_of(const struct life *life, const struct hold *hold)
{
	return life->first <= hold->shown && hold->shown <= life->last &&
	       (life->start_time == TIMESTAMP_UNKNOWN || hold->start_time == TIMESTAMP_UNKNOWN ||
	           life->start_time == hold->start_time);
}

static struct holder_life *find_life(const struct weighing *weighing, const struct hold *hold)
{
	size_t low = 0, high = weighing->life_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (weighing->lives[middle].life->pid < hold->pid)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < weighing->life_count && weighing->lives[low].life->pid == hold->pid; low++) {
		if (may_be_of(weighing->lives[low].life, hold))
			return &weighing->lives[low];
	}
	return NULL;
}

static bool list_lives(struct weighing *weighing)
{
	const struct holds *holds = &weighing->leak->holds;
	const struct life_list *const lists[] = {&holds->past_lives, &holds->lives};
	const struct hold_list *const held[] = {&holds->over, &holds->held};
	weighing->lives = malloc((lists[0]->count + lists[1]->count + 1) * sizeof *weighing->lives);
	for (size_t i = 0; weighing->lives && i < 2; i++) {
		for (size_t j = 0; j < lists[i]->count; j++)
			weighing->lives[weighing->life_count++] =
			    (struct holder_life){&lists[i]->items[j], false};
	}
	if (weighing->life_count)
		qsort(weighing->lives, weighing->life_count, sizeof *weighing->lives, life_order);
	for (size_t i = 0; weighing->lives && i < 2; i++) {
		for (size_t j = 0; j < held[i]->count; j++) {
			struct holder_life *life = find_life(weighing, &held[i]->items[j]);
			if (life)
				life->held = true;
		}
	}
	return weighing->lives;
}

/* What the hold's process is, by all that samples tell of it. */
static struct life program_of(const struct weighing *weighing, const struct hold *hold)
{
	const struct holder_life *found = find_life(weighing, hold);
	return found ? *found->life
	             : (struct life){
	                   .pid = hold->pid, .image = hold->image, .services = hold->services};
}

/* ---- groups and pasts ---- */

size_t weighing_group_of(const struct weighing *weighing, const struct hold *hold)
{
	const struct life program = program_of(weighing, hold);
	size_t at = 0;
	while (at < weighing->group_count && !group_has_life(&weighing->groups[at], &program))
		at++;
	return at;
}

static bool find_group(struct weighing *weighing, const struct hold *hold, size_t *out)
{
	const struct life program = program_of(weighing, hold);
	*out = weighing_group_of(weighing, hold);
	if (*out < weighing->group_count)
		return true;
	struct group *groups = reallocarray(weighing->groups, *out + 1, sizeof *groups);
	if (groups)
		weighing->groups = groups;
	struct ended_holder *holders = reallocarray(weighing->holders, *out + 1, sizeof *holders);
	if (holders)
		weighing->holders = holders;
	if (!groups || !holders)
		return false;
	groups[*out] = (struct group){.image = program.image,
	    .services = program.services,
	    .pid = is_shared(program.image) && !program.services ? program.pid : NUMBER_UNKNOWN,
	    .at_once = {1, 1, 1},
	    .each = {1, 1, 1}};
	holders[*out] =
	    (struct ended_holder){.image = program.image, .pid = NUMBER_UNKNOWN, .chance = 1};
	weighing->group_count++;
	return true;
}

static int past_order(const void *a, const void *b)
{
	const struct past *left = a, *right = b;
	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->hold->pid != right->hold->pid)
		return left->hold->pid < right->hold->pid ? -1 : 1;
	if (left->hold->start_time != right->hold->start_time)
		return left->hold->start_time < right->hold->start_time ? -1 : 1;
	if (left->session_id != right->session_id)
		return left->session_id < right->session_id ? -1 : 1;
	if (left->hold->luid != right->hold->luid)
		return left->hold->luid < right->hold->luid ? -1 : 1;
	return (left->hold->born > right->hold->born) - (left->hold->born < right->hold->born);
}

static bool list_past(struct weighing *weighing)
{
	const struct hold_list *over = &weighing->leak->holds.over;
	weighing->past = malloc((over->count + 1) * sizeof *weighing->past);
	weighing->released = malloc((over->count + 1) * sizeof *weighing->released);
	weighing->released_by = malloc((over->count + 1) * sizeof *weighing->released_by);
	if (!weighing->past || !weighing->released || !weighing->released_by)
		return false;
	for (size_t i = 0; i < over->count; i++) {
		struct past *past = &weighing->past[weighing->count];
		size_t group;
		if (!find_group(weighing, &over->items[i], &group))
			return false;
		weighing->count += describe(weighing->leak, &over->items[i], past);
		past->group = group;
	}
	if (weighing->count)
		qsort(weighing->past, weighing->count, sizeof *weighing->past, past_order);
	return true;
}
bool weighing_list(struct weighing *weighing)
{
	return list_lives(weighing) && list_past(weighing);
}

void weighing_deinit(struct weighing *weighing)
{
	free(weighing->past);
	free(weighing->lives);
	free(weighing->groups);
	free(weighing->released);
	free(weighing->released_by);
}
