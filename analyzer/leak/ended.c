/* Holders that ended. What one held went with it: that is no release, but a leaker that is restarted within the release time looks like a
 * late holder. What it did before tells the two apart: a healthy holder releases most by itself. */
#include <stdlib.h>
#include <string.h>

#include "leak/inside.h"

#define LEVEL 0.01
#define OTHERS_LEAST 10   /* releases of others, for a curve */
#define TWINS_MOST 0x1000 /* LUIDs of the logon sessions that one logon makes are near */

/* A logon makes logon sessions of several kinds, which are held and released together: each kind is looked at by itself. */
enum kind { KIND_PERSON, KIND_DESKTOP, KIND_ID, KIND_COUNT };

/* A hold that is over, of something watched. */
struct past {
	const struct hold *hold;
	size_t group;
	enum kind kind;
	int64_t session_id;
	struct logon_session logon; /* of a person */
	int64_t lasted;             /* after the session's end, as far as samples show it */
};

/* All processes of one image. */
struct group {
	const char *image, *services;
	int64_t pid; /* of programs that run many times for many things; else NUMBER_UNKNOWN */
	/* The chance that a healthy holder released none: if all that a process holds goes at once, and if each goes for itself. */
	double at_once[KIND_COUNT], each[KIND_COUNT];
	size_t processes[KIND_COUNT];      /* that ended with something */
	int64_t longest, longest_released; /* of what ended with it, and of what it released */
	size_t count[KIND_COUNT];
	size_t most; /* holds of the process that is named */
};

struct weighing {
	struct leak *leak;
	struct past *past;
	size_t count;
	struct group *groups;
	struct ended_holder *holders; /* by group */
	size_t group_count;
	int64_t *
	    released; /* how long those lasted that were released by themselves, with their group */
	size_t *released_by;
	size_t released_count;
};

static bool is_watched_id(const struct leak *leak, const struct left_id *id)
{
	return id && !id->older && !left_id_is_harmless(leak, id) &&
	       (!leak->terms.is_watched || id->watched);
}

static bool describe(const struct leak *leak, const struct hold *hold, struct past *out)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	*out = (struct past){.hold = hold, .session_id = hold->session_id};
	if (hold->first != TIMESTAMP_UNKNOWN && hold->last != TIMESTAMP_UNKNOWN)
		out->lasted = hold->last - hold->first;
	if (left && left->watched && !luid_is_own(hold->luid)) {
		out->logon = left_record(left);
		out->kind = logon_is_of_desktop(&out->logon) ? KIND_DESKTOP : KIND_PERSON;
		out->session_id = left->session_id;
		return !left->older;
	}
	out->kind = KIND_ID;
	return hold->session_id > 0 && luid_is_own(hold->luid) &&
	       is_watched_id(leak, ids_find(leak, hold->session_id));
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

static bool is_of_group(const struct group *group, const struct hold *hold)
{
	if (!same_image(group->image, hold->image))
		return false;
	/* Interned, both. */
	return group->services == hold->services &&
	       (group->pid == NUMBER_UNKNOWN || group->pid == hold->pid);
}

static bool find_group(struct weighing *weighing, const struct hold *hold, size_t *out)
{
	const char *image = hold->image;
	for (*out = 0; *out < weighing->group_count; ++*out) {
		if (is_of_group(&weighing->groups[*out], hold))
			return true;
	}
	struct group *groups = reallocarray(weighing->groups, *out + 1, sizeof *groups);
	if (groups)
		weighing->groups = groups;
	struct ended_holder *holders = reallocarray(weighing->holders, *out + 1, sizeof *holders);
	if (holders)
		weighing->holders = holders;
	if (!groups || !holders)
		return false;
	groups[*out] = (struct group){.image = image,
	    .services = hold->services,
	    .pid = is_shared(image) && !hold->services ? hold->pid : NUMBER_UNKNOWN,
	    .at_once = {1, 1, 1},
	    .each = {1, 1, 1}};
	holders[*out] = (struct ended_holder){.image = image, .pid = NUMBER_UNKNOWN, .chance = 1};
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
	return (left->hold->luid > right->hold->luid) - (left->hold->luid < right->hold->luid);
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
	return a->kind != KIND_PERSON || logons_are_twins(&a->logon, &b->logon);
}

static void note_released(struct weighing *weighing)
{
	for (size_t i = 0; i < weighing->count; i++) {
		const struct past *past = &weighing->past[i];
		struct group *group = &weighing->groups[past->group];
		if (past->hold->state != HOLD_RELEASED || !past->hold->of_left ||
		    (i > 0 && same_logon(past - 1, past)))
			continue;
		weighing->holders[past->group].released++;
		if (past->lasted > group->longest_released)
			group->longest_released = past->lasted;
		if (past->hold->first == TIMESTAMP_UNKNOWN)
			continue;
		weighing->released[weighing->released_count] = past->lasted;
		weighing->released_by[weighing->released_count++] = past->group;
	}
}

/* The chance that a healthy holder still holds after so long: it releases at any time up to the release time alike; the last fifth of
 * them until the quiet time is over, too. */
static double chance_by_time(const struct leak *leak, double lasted)
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
	const double even = chance_by_time(weighing->leak, (double)past->lasted);
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
		if (past->hold->state == HOLD_ENDED && !(i > 0 && same_logon(past - 1, past))) {
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
			if (past->lasted > group->longest)
				group->longest = past->lasted;
		}
		if (!last)
			continue;
		group->at_once[past->kind] *= least;
		group->processes[past->kind] += of_process > 0;
		least = 1;
		of_process = 0;
	}
}

/* What it released by itself lasted about as long as what ended with it. */
static bool is_late(const struct weighing *weighing, size_t i)
{
	const struct group *group = &weighing->groups[i];
	const struct ended_holder *holder = &weighing->holders[i];
	const double slack = (double)leak_release_time(weighing->leak) / 20;
	return holder->released > 0 && holder->released >= holder->holds &&
	       (double)group->longest <= 1.25 * (double)group->longest_released + slack;
}

#define RESTARTS_MANY 3

/* One timer makes all go at once that a process holds: of one that was restarted once or twice only the longest hold counts. Who ends again and
 * again and never releases before has no timer that is of use. */
static double chance_of(const struct group *group, int kind)
{
	return group->processes[kind] >= RESTARTS_MANY ? group->each[kind] : group->at_once[kind];
}

static void decide(struct weighing *weighing)
{
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
		if (holder->released == 0 && kinds > 0 && holder->chance <= LEVEL)
			holder->word = ENDED_LEAK;
		else if (is_late(weighing, i))
			holder->word = ENDED_LATE;
	}
}

/* ---- what went with them ---- */

static int by_target(const void *a, const void *b)
{
	const struct past *left = a, *right = b;
	return (left->hold->luid > right->hold->luid) - (left->hold->luid < right->hold->luid);
}

static int by_id(const void *a, const void *b)
{
	const struct hold *left = *(const struct hold *const *)a,
	                  *right = *(const struct hold *const *)b;
	return (left->session_id > right->session_id) - (left->session_id < right->session_id);
}

static int weight(const struct ended_holder *holder)
{
	static const int weights[] = {[ENDED_LATE] = 0, [ENDED_UNDECIDED] = 1, [ENDED_LEAK] = 2};
	return weights[holder->word];
}

/* The holders that count for what went, among those that held it to the end: of those that leak all, else of the others all but late ones. */
struct takers {
	struct ended_holder *items[8];
	size_t count;
	bool any, ended; /* somebody took it along; and surely did */
};

/* Of those that may have ended only the last that held it count; ends that are known stay so. */
static bool is_taker(const struct hold *hold, bool kept, size_t then)
{
	return kept &&
	       (hold->state == HOLD_ENDED || (hold->state == HOLD_OPEN && hold->sample == then));
}

static void consider(struct takers *takers, struct ended_holder *holder, const struct hold *hold)
{
	takers->any = true;
	takers->ended |= hold->state == HOLD_ENDED;
	if (holder->pid == NUMBER_UNKNOWN)
		holder->pid = hold->pid;
	if (holder->word == ENDED_LATE ||
	    (takers->count > 0 && weight(takers->items[0]) > weight(holder)))
		return;
	if (takers->count > 0 && weight(takers->items[0]) < weight(holder))
		takers->count = 0;
	for (size_t i = 0; i < takers->count; i++) {
		if (takers->items[i] == holder)
			return;
	}
	if (takers->count < sizeof takers->items / sizeof takers->items[0])
		takers->items[takers->count++] = holder;
}

static struct ended_holder *holder_of(const struct weighing *weighing, const struct hold *hold)
{
	for (size_t i = 0; i < weighing->group_count; i++) {
		if (is_of_group(&weighing->groups[i], hold))
			return &weighing->holders[i];
	}
	return NULL;
}

/* True if it counts: what only late holders took along does not. */
static bool count_taken(struct taken_along *out, const struct takers *takers, bool is_logon)
{
	if (takers->count == 0)
		return false;
	out->leaks += takers->items[0]->word == ENDED_LEAK;
	out->unknown += !takers->ended;
	for (size_t i = 0; i < takers->count; i++) {
		takers->items[i]->open |= !takers->ended;
		takers->items[i]->logon_sessions += is_logon;
		takers->items[i]->session_ids += !is_logon;
	}
	return true;
}

static void count_logons(struct weighing *weighing, struct taken_along *out)
{
	struct leak *leak = weighing->leak;
	if (weighing->count)
		qsort(weighing->past, weighing->count, sizeof *weighing->past, by_target);
	for (size_t i = 0, at = 0; i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		struct takers takers = {0};
		if (!left->gone || !left->watched || left->older || left->then == 0)
			continue;
		while (at < weighing->count && weighing->past[at].hold->luid < left->luid)
			at++;
		for (size_t j = at;
		     j < weighing->count && weighing->past[j].hold->luid == left->luid; j++) {
			if (is_taker(weighing->past[j].hold, weighing->past[j].hold->kept_logon,
			        left->then))
				consider(&takers, &weighing->holders[weighing->past[j].group],
				    weighing->past[j].hold);
		}
		left->taken_along = takers.count > 0;
		if (count_taken(out, &takers, true)) {
			out->logon_sessions++;
		} else if (!takers.any && left->holder_unknown) {
			out->logon_sessions++;
			out->unknown++;
		}
	}
}

/* Whether an orphan that went so stands for the ID. */
static bool is_of_taken(const struct weighing *weighing, int64_t id)
{
	const struct leak *leak = weighing->leak;
	for (size_t i = 0; i < weighing->count; i++) {
		const struct hold *hold = weighing->past[i].hold;
		const struct left_logon *left =
		    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
		if (left && left->session_id == id && left->gone && left->watched && !left->older &&
		    is_taker(hold, hold->kept_logon, left->then))
			return true;
	}
	return false;
}

/* Whoever refers to an ID holds it, by a token of whatever logon session. */
static bool count_ids(struct weighing *weighing, struct taken_along *out)
{
	struct leak *leak = weighing->leak;
	const struct hold_list *over = &leak->holds.over;
	const struct hold **sorted = malloc((over->count + 1) * sizeof *sorted);
	if (!sorted)
		return false;
	for (size_t i = 0; i < over->count; i++)
		sorted[i] = &over->items[i];
	if (over->count)
		qsort(sorted, over->count, sizeof *sorted, by_id);
	for (size_t i = 0, at = 0; i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		struct takers takers = {0};
		while (at < over->count && sorted[at]->session_id < left->id)
			at++;
		if (!left->gone || left->then == 0 || !is_watched_id(leak, left))
			continue;
		for (size_t j = at; j < over->count && sorted[j]->session_id == left->id; j++) {
			if (is_taker(sorted[j], sorted[j]->kept_id, left->then))
				consider(&takers, holder_of(weighing, sorted[j]), sorted[j]);
		}
		if (takers.count == 0 || (left->logons > 0 && !takers.ended) ||
		    is_of_taken(weighing, left->id) || !count_taken(out, &takers, false))
			continue;
		left->taken_along = true;
		out->session_ids++;
	}
	free(sorted);
	return true;
}

static int surest_first(const void *a, const void *b)
{
	const struct ended_holder *left = a, *right = b;
	if (weight(left) != weight(right))
		return weight(right) - weight(left);
	const size_t one = left->logon_sessions + left->session_ids,
	             other = right->logon_sessions + right->session_ids;
	return (one < other) - (one > other);
}

bool leak_taken_along(struct leak *leak, struct taken_along *out)
{
	struct weighing weighing = {.leak = leak};
	*out = (struct taken_along){0};
	bool good = list_past(&weighing);
	if (good) {
		note_released(&weighing);
		note_ended(&weighing);
		decide(&weighing);
		count_logons(&weighing, out);
		good = count_ids(&weighing, out);
	}
	out->items = weighing.holders;
	for (size_t i = 0; good && i < weighing.group_count; i++) {
		const struct ended_holder *holder = &weighing.holders[i];
		if (holder->logon_sessions + holder->session_ids > 0)
			out->items[out->count++] = *holder;
	}
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, surest_first);
	free(weighing.past);
	free(weighing.groups);
	free(weighing.released);
	free(weighing.released_by);
	if (!good)
		taken_along_deinit(out);
	return good;
}

void taken_along_deinit(struct taken_along *taken)
{
	free(taken->items);
	*taken = (struct taken_along){0};
}
