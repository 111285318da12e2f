/* Who held what, from sample to sample: since when, and whether it released it by itself, or it went when the holder ended. */
#include <stdlib.h>
#include <string.h>

#include "leak/holds.h"

/* Whether it was in some sample before. */
static bool held_left(const struct leak *leak, const struct hold *hold)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	const struct left_id *id = hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
	return hold->first != TIMESTAMP_UNKNOWN ||
	       (left && (left->fate != FATE_ALIVE || left->was_left)) || (id && id->sample > 0);
}

static bool has_gone(const struct leak *leak, const struct hold *hold)
{
	const struct left_logon *left =
	    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
	const struct left_id *id = hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
	return (left || id) && (!left || left->gone) && (!id || id->gone);
}

/* Who runs on has released it by himself; of the others only a whole list tells that they have ended. */
static enum hold_state state_of(const struct running *running, const struct hold *hold)
{
	if (running_has(running, hold))
		return HOLD_RELEASED;
	return running->whole ? HOLD_ENDED : HOLD_OPEN;
}

static bool finish(struct leak *leak, struct hold *hold, const struct running *running)
{
	hold->state = state_of(running, hold);
	return !held_left(leak, hold) || hold_list_push(&leak->holds.over, hold);
}

/* What is left stays so, also where a sample does not tell, as another session has its ID by then. */
static void show_again(struct leak *leak, struct hold *then, const struct hold *now)
{
	then->of_left = now->of_left;
	if (now->is_alive)
		then->first = TIMESTAMP_UNKNOWN;
	else if (now->is_left && then->first == TIMESTAMP_UNKNOWN)
		then->first = leak->time;
	if (then->first != TIMESTAMP_UNKNOWN)
		then->last = leak->time;
	then->sample = now->sample;
	then->seen = now->seen;
	then->shown = leak->time;
	if (then->start_time == TIMESTAMP_UNKNOWN)
		then->start_time = now->start_time;
	memcpy(then->extents, now->extents, sizeof then->extents);
}

/* The sections that tell of holds. */
static const char *const sections[] = {SECTION_HANDLES, SECTION_SESSIONS, SECTION_LOGON_SESSIONS};

/* Whether the sample shows less than the one that showed the hold: what it does not show then is not released. */
static bool shows_less(const struct snapshot *sample, const struct hold *hold)
{
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (snapshot_extent(sample, sections[i]) < (enum extent)hold->extents[i])
			return true;
	}
	return false;
}

static bool is_over(const struct leak *leak, const struct running *running, const struct hold *hold)
{
	return has_gone(leak, hold) || (running->whole && !running_has(running, hold));
}

/* The holds of the last sample that showed them go over into those of this one. */
static bool go_on(struct leak *leak, const struct snapshot *sample, struct hold_list *now,
    const struct running *running)
{
	struct hold_list *then = &leak->holds.held, unshown = {0};
	bool *known = calloc(now->count + 1, sizeof *known), good = known;
	for (size_t i = 0; i < now->count; i++) {
		for (size_t j = 0; j < sizeof sections / sizeof sections[0]; j++)
			now->items[i].extents[j] =
			    (unsigned char)snapshot_extent(sample, sections[j]);
	}
	for (size_t i = 0, next = 0; good && i < then->count; i++) {
		struct hold hold = then->items[i], *again;
		if (!hold_list_find(now, &hold, &next, &again)) {
			good = false;
		} else if (again && running_has(running, &hold)) {
			show_again(leak, &hold, again);
			*again = hold;
			known[again - now->items] = true;
		} else if (again || !shows_less(sample, &hold) || is_over(leak, running, &hold)) {
			/* Its process ID may be another's by now. */
			good = finish(leak, &hold, running);
		} else {
			good = hold_list_push(&unshown, &hold);
		}
	}
	for (size_t i = 0; good && i < now->count; i++) {
		if (!known[i])
			show_again(leak, &now->items[i], &now->items[i]);
	}
	for (size_t i = 0; good && i < unshown.count; i++)
		good = hold_list_push(now, &unshown.items[i]);
	free(known);
	hold_list_free(&unshown);
	hold_list_free(then);
	*then = *now;
	*now = (struct hold_list){0};
	return good;
}

/* A sample that shows less of holders: what has gone is held no more, and who has ended holds no more. */
static bool go_on_unseen(struct leak *leak, const struct running *running)
{
	struct hold_list *held = &leak->holds.held;
	size_t left = 0;
	bool good = true;
	for (size_t i = 0; i < held->count; i++) {
		struct hold *hold = &held->items[i];
		if (is_over(leak, running, hold))
			good = finish(leak, hold, running) && good;
		else
			held->items[left++] = *hold;
	}
	held->count = left;
	return good;
}

/* Of whom it was not known whether they ended. */
static void look_again(struct leak *leak, const struct running *running)
{
	for (size_t i = 0; i < leak->holds.over.count; i++) {
		struct hold *hold = &leak->holds.over.items[i];
		if (hold->state == HOLD_OPEN)
			hold->state = state_of(running, hold);
	}
}

/* ---- the samples ---- */

/* As well as the last sample that did; what two in a row show is what is to be seen from then on. By handles alone nothing is known to be
 * left of a session. */
static bool shows_holders(struct leak *leak, const struct snapshot *sample, bool *less)
{
	if (!snapshot_has(sample, SECTION_SESSIONS) &&
	    !snapshot_has(sample, SECTION_LOGON_SESSIONS)) {
		*less = true;
		return false;
	}
	*less = false;
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		*less |= leak->holds.sample > 0 &&
		         snapshot_extent(sample, sections[i]) < leak->holds.extents[i];
	leak->holds.lower = *less ? leak->holds.lower + 1 : 0;
	return !*less || (leak->holds.lower > 1 && snapshot_has(sample, SECTION_HANDLES));
}

static bool went_now(const struct leak *leak, bool gone, size_t went)
{
	return gone && went == leak->samples;
}

/* Those that held what went now to the end: followers apart, that are seen a moment longer. */
static void note_kept(const struct leak *leak, struct hold_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct hold *hold = &list->items[i];
		const struct left_logon *left =
		    hold->luid == LUID_UNKNOWN ? NULL : leak_logon(leak, hold->luid);
		const struct left_id *id =
		    hold->session_id > 0 ? ids_find(leak, hold->session_id) : NULL;
		hold->kept_logon |= left && went_now(leak, left->gone, left->went) &&
		                    hold->sample == left->held_by &&
		                    (left->fate != FATE_ALIVE || left->was_left);
		hold->kept_id |=
		    id && went_now(leak, id->gone, id->went) && hold->sample == id->held_by;
	}
}

/* Whether that sample shows who holds it. */
static bool is_seen(const struct left_logon *left, size_t then)
{
	return left->looked == then || left->held_by == then ||
	       (left->held_by > 0 && left->held == then);
}

/* Either of twins is held by whoever holds the other. */
static bool is_twin_seen(const struct left_logon *a, const struct left_logon *b, size_t then)
{
	const struct logon_session first = left_record(a), second = left_record(b);
	return (is_seen(a, then) || is_seen(b, then)) && logons_are_twins(&first, &second);
}

/* The logon session of a connection, in no RDS session, goes by itself a moment later. */
static bool is_passing(const struct left_logon *left)
{
	return left->session_id <= 0 && left->left_first == left->shown;
}

/* What went, and in which sample its holders were shown last. */
static void note_went(struct leak *leak, enum yes_no ended)
{
	const size_t then = leak->holds.sample;
	bool any = false;
	for (size_t i = 0; i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		if (!went_now(leak, left->gone, left->went) ||
		    (left->fate == FATE_ALIVE && !left->was_left))
			continue;
		any = true;
		left->then = left->held_by > 0 ? left->held_by : then;
		left->holder_unknown =
		    ended != NO && !is_seen(left, then) && !is_passing(left) &&
		    !(i > 0 && is_twin_seen(&leak->logons[i - 1], left, then)) &&
		    !(i + 1 < leak->logon_count && is_twin_seen(left, &leak->logons[i + 1], then));
	}
	for (size_t i = 0; i < leak->id_count; i++) {
		if (!went_now(leak, leak->ids[i].gone, leak->ids[i].went))
			continue;
		any = true;
		leak->ids[i].then = leak->ids[i].held_by > 0 ? leak->ids[i].held_by : then;
	}
	if (any) {
		note_kept(leak, &leak->holds.held);
		note_kept(leak, &leak->holds.over);
	}
}

/* Of which logon sessions the sample shows all handles. */
static void note_looked(struct leak *leak, const struct snapshot *sample)
{
	const struct sight *sight = snapshot_sight_of(sample, SECTION_HANDLES);
	bool all = snapshot_whole(sample, SECTION_HANDLES);
	for (size_t i = 0; all && i < sample->handle_count; i++)
		all = !handle_is_hidden(&sample->handles[i]);
	for (size_t i = 0; all && i < leak->logon_count; i++) {
		if (leak->logons[i].listed && leak->logons[i].sample == leak->samples)
			leak->logons[i].looked = leak->samples;
	}
	for (size_t i = 0; sight && i < sight->searched_count; i++) {
		struct left_logon *left = leak_logon(leak, sight->searched[i].luid);
		if (left && left->listed && left->sample == leak->samples)
			left->looked = leak->samples;
	}
}

/* What went with its holder was not released late; of those whose holder may have ended nobody knows. */
static bool may_be_taken(const struct leak *leak, const struct left_logon *left)
{
	for (size_t i = 0; i < leak->holds.over.count; i++) {
		const struct hold *hold = &leak->holds.over.items[i];
		if (hold->luid == left->luid && hold->kept_logon && hold->state != HOLD_RELEASED)
			return true;
	}
	return left->holder_unknown;
}

/* The same, or its twin was. */
static bool either_may_be_taken(const struct leak *leak, size_t at)
{
	for (size_t i = at > 0 ? at - 1 : at; i <= at + 1 && i < leak->logon_count; i++) {
		const struct left_logon *lower = &leak->logons[i < at ? i : at],
		                        *higher = &leak->logons[i < at ? at : i];
		const struct logon_session a = left_record(lower), b = left_record(higher);
		if ((i == at || logons_are_twins(&a, &b)) && may_be_taken(leak, &leak->logons[i]))
			return true;
	}
	return false;
}

static void count_late(struct leak *leak)
{
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (!went_now(leak, left->gone, left->went) || left->fate != FATE_ORPHAN ||
		    !left->watched)
			continue;
		const int64_t age = leak_age(leak, left->ended, left->shown);
		if (age == NUMBER_UNKNOWN || age <= leak_release_time(leak) ||
		    either_may_be_taken(leak, i))
			continue;
		leak->late_releases++;
		leak->late_excess += (double)(age - leak_release_time(leak));
	}
}

bool holds_add(struct leak *leak, const struct snapshot *sample)
{
	bool less;
	struct running running;
	struct hold_list now = {0};
	enum yes_no ended = YES_NO_UNKNOWN;
	bool good = running_init(&running, leak, sample) &&
	            running_note(leak, sample, &running, &ended) &&
	            lives_add(leak, sample, &running);
	if (good) {
		note_went(leak, ended);
		look_again(leak, &running);
	}
	if (good && shows_holders(leak, sample, &less)) {
		good = hold_list_make(&now, leak, sample, &running) &&
		       go_on(leak, sample, &now, &running);
		note_looked(leak, sample);
		leak->holds.sample = leak->samples;
		for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
			leak->holds.extents[i] = snapshot_extent(sample, sections[i]);
	} else if (good) {
		good = go_on_unseen(leak, &running);
	}
	if (good)
		count_late(leak);
	hold_list_free(&now);
	free(running.items);
	return good;
}

void holds_free(struct leak *leak)
{
	hold_list_free(&leak->holds.held);
	hold_list_free(&leak->holds.over);
	free(leak->holds.lives.items);
	free(leak->holds.past_lives.items);
	free(leak->holds.ran);
}
