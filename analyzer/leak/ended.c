/* Holders that ended. What one held went with it: that is not a release, but a leaker that is restarted within the release time looks like a
 * late holder. What it did before tells the two apart: a healthy holder releases most by itself. */
#include "leak/ended.h"

#include "leak/late.h"

#define OTHERS_LEAST 10 /* releases of other holders, for a curve */

static bool same_process(const struct hold *a, const struct hold *b)
{
	return a->pid == b->pid && a->start_time == b->start_time;
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
	if (!weighing_list(weighing))
		return false;
	join(weighing);
	note_released(weighing);
	note_ended(weighing);
	return decide(weighing);
}
