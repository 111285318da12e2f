/* What went when the processes that held it ended: that is not a release. Each thing counts once, for whoever held it last. */
#include <stdlib.h>
#include <strings.h>

#include "leak/ended.h"

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
	return &weighing->holders[weighing_group_of(weighing, hold)];
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
		if (!left->gone || left->then == 0 || !weighing_watches(leak, left))
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
	if (one != other)
		return one < other ? 1 : -1;
	const int by_name =
	    strcasecmp(left->image ? left->image : "", right->image ? right->image : "");
	return by_name ? by_name : (left->pid > right->pid) - (left->pid < right->pid);
}

bool leak_taken_along(struct leak *leak, const struct logon_span *logons, size_t count,
    double smallest_rate, struct taken_along *out)
{
	struct weighing weighing = {
	    .leak = leak, .logons = logons, .logon_count = count, .rate = smallest_rate};
	*out = (struct taken_along){0};
	bool good = ended_weigh(&weighing);
	if (good) {
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
	weighing_deinit(&weighing);
	if (!good)
		taken_along_deinit(out);
	return good;
}

void taken_along_deinit(struct taken_along *taken)
{
	free(taken->items);
	*taken = (struct taken_along){0};
}
