/* Holders that ended. What one held went with it: that is no release, but a leaker that is restarted within the release time looks like a
 * late holder. What it did before tells the two apart: a healthy holder releases most by itself. */
#include <stdlib.h>
#include <string.h>

#include "leak/ended.h"

#define OTHERS_LEAST 10 /* releases of others, for a curve */

bool ended_watches(const struct leak *leak, const struct left_id *id)
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
	return hold->session_id > 0 && luid_is_own(hold->luid) && ended_watches(leak, id);
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

size_t ended_group_of(const struct weighing *weighing, const struct hold *hold)
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
	*out = ended_group_of(weighing, hold);
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

static bool same_process(const struct hold *a, const struct hold *b)
{
	return a->pid == b->pid && a->start_time == b->start_time;
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

/* Of one logon: the filtered and the elevated one, or several handles. */
static bool same_logon(const struct past *a, const struct past *b)
{
	if (a->group != b->group || a->kind != b->kind || !same_process(a->hold, b->hold) ||
	    a->session_id != b->session_id)
		return false;
	if (a->kind == KIND_PERSON)
		return logons_are_twins(&a->logon, &b->logon) || a->hold->luid == b->hold->luid;
	/* IDs come back. */
	return a->hold->born <= b->hold->shown && b->hold->born <= a->hold->shown;
}

/* Who closes one token of a logon and keeps the other has not released it. */
static void join(struct weighing *weighing)
{
	struct past *first = weighing->past;
	for (size_t i = 1; i < weighing->count; i++) {
		struct past *past = &weighing->past[i];
		if (!same_logon(past - 1, past)) {
			first = past;
			continue;
		}
		past->joined = true;
		if (past->state == HOLD_ENDED ||
		    (past->state == HOLD_OPEN && first->state != HOLD_ENDED))
			first->state = past->state;
		first->of_left |= past->of_left;
		first->dated |= past->dated;
		first->lasted = past->lasted > first->lasted ? past->lasted : first->lasted;
		first->age = past->age > first->age ? past->age : first->age;
	}
}

static void note_released(struct weighing *weighing)
{
	for (size_t i = 0; i < weighing->count; i++) {
		const struct past *past = &weighing->past[i];
		struct group *group = &weighing->groups[past->group];
		if (past->state != HOLD_RELEASED || !past->of_left || past->joined)
			continue;
		weighing->holders[past->group].released++;
		if (past->age > group->oldest_released)
			group->oldest_released = past->age;
		if (!past->dated)
			continue;
		weighing->released[weighing->released_count] = past->lasted;
		weighing->released_by[weighing->released_count++] = past->group;
	}
}

double ended_chance_by_time(const struct leak *leak, double lasted)
{
	const double release = (double)leak_release_time(leak),
	             end = release + (double)leak_quiet_time(leak), knee = 0.8 * release;
	if (lasted >= end)
		return 0;
	return lasted < knee ? 1 - lasted / release : 0.2 * (end - lasted) / (end - knee);
}

/* The same, or as the other holders of the run do, if that is longer. */
static double chance_to_last(const struct weighing *weighing, const struct past *past)
{
	const double even = ended_chance_by_time(weighing->leak, (double)past->lasted);
	size_t others = 0, longer = 0;
	for (size_t i = 0; i < weighing->released_count; i++) {
		if (weighing->released_by[i] == past->group)
			continue;
		others++;
		longer += weighing->released[i] >= past->lasted;
	}
	const double curve = others >= OTHERS_LEAST ? (double)longer / (double)others : 0;
	return curve > even ? curve : even;
}

/* The pasts are by process. */
static void note_ended(struct weighing *weighing)
{
	size_t of_process = 0;
	double least = 1;
	for (size_t i = 0; i < weighing->count; i++) {
		const struct past *past = &weighing->past[i];
		struct group *group = &weighing->groups[past->group];
		struct ended_holder *holder = &weighing->holders[past->group];
		const bool last = i + 1 == weighing->count || past[1].group != past->group ||
		                  past[1].kind != past->kind ||
		                  !same_process(past->hold, past[1].hold);
		if (!past->joined && past->state != HOLD_RELEASED) {
			group->taken[past->kind]++;
			if (past->age > group->oldest)
				group->oldest = past->age;
		}
		if (!past->joined && past->state == HOLD_ENDED) {
			const double chance = chance_to_last(weighing, past);
			least = chance < least ? chance : least;
			group->each[past->kind] *= chance;
			holder->holds++;
			holder->others |=
			    holder->pid != NUMBER_UNKNOWN && holder->pid != past->hold->pid;
			if (++of_process > group->most) {
				group->most = of_process;
				holder->pid = past->hold->pid;
			}
			group->count[past->kind]++;
		}
		if (!last)
			continue;
		group->at_once[past->kind] *= least;
		group->processes[past->kind] += of_process > 0;
		least = 1;
		of_process = 0;
	}
}

#define RESTARTS_MANY 3

/* One timer makes all go at once that a process holds: of one that was restarted once or twice only the longest hold counts. Who ends again and
 * again and never releases before has no timer that is of use. */
static double chance_of(const struct group *group, int kind)
{
	return group->processes[kind] >= RESTARTS_MANY ? group->each[kind] : group->at_once[kind];
}

static bool decide(struct weighing *weighing)
{
	bool good = true;
	for (size_t i = 0; i < weighing->group_count; i++) {
		const struct group *group = &weighing->groups[i];
		struct ended_holder *holder = &weighing->holders[i];
		double kinds = 0;
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			kinds += group->count[kind] > 0;
			if (chance_of(group, kind) < holder->chance)
				holder->chance = chance_of(group, kind);
		}
		holder->chance *= kinds;
		if (holder->released == 0 && kinds > 0 && holder->chance <= ENDED_LEVEL)
			holder->word = ENDED_LEAK;
		else
			good = late_look(weighing, i) && good;
	}
	return good;
}

bool ended_weigh(struct weighing *weighing)
{
	if (!list_lives(weighing) || !list_past(weighing))
		return false;
	join(weighing);
	note_released(weighing);
	note_ended(weighing);
	return decide(weighing);
}
