/* Where cycles are shorter than the clocks are sure, a logon session may fit several cycles; and session IDs do not tell
 * where hosts give them again at once or where they are unknown. But each cycle logged on once, and in time order: so
 * the logon sessions of one account and logon type are given to its cycles one to one, as many as possible, and then
 * as near in time as possible. */
#include "judge/orphans.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "evidence/identity.h"
#include "leak/leak.h"

/* An administrator's logon makes two logon sessions at once, the filtered and the elevated one. */
#define LINKED 50000 /* microseconds */

/* Penalties in microseconds, above usual distances in a cycle; a million of them can be added up. */
#define OTHER_CYCLE                                                                                \
	(INT64_C(1) << 40) /* than one that a logon session of another type has shown to leak */
#define ID_UNKNOWN (INT64_C(1) << 36)
/* No distance weighs more: a cycle that did not end may be any time away. */
#define FARTHEST (INT64_C(1) << 40)

/* How well the logons up to one and the cycles up to one are matched. */
struct score {
	size_t pairs;
	int64_t cost;
};

enum step { STEP_SKIP_CYCLE, STEP_SKIP_LOGON, STEP_PAIR };

/* Logons of one account and type (each the first of its linked ones), and what cycles they may belong to. */
struct group {
	const struct cycle_index *index;
	const struct clock *clock;
	struct survivor *const *logons;
	size_t count;
	size_t begin, end; /* the user's cycles in the index */
	size_t *first,
	    *last; /* for each logon, which of these may fit: first..last, exclusive, from 0 */
	size_t *steps_at;     /* for each logon, where its steps begin */
	unsigned char *steps; /* enum step for each logon and cycle of its range */
	bool *taken;          /* by place in the index: a logon was given the cycle */
};

static int type_rank(const char *type)
{
	return type && strcasecmp(type, "RemoteInteractive") == 0 ? 0 : 1;
}

static int type_order(const char *a, const char *b)
{
	int by_rank = type_rank(a) - type_rank(b);
	return by_rank ? by_rank : strcasecmp(a ? a : "", b ? b : "");
}

/* By account and type, those of the session's logon itself first; then by time. */
static int survivor_order(const void *a, const void *b)
{
	const struct logon_session *left = &((const struct survivor *)a)->logon,
	                           *right = &((const struct survivor *)b)->logon;
	int order = account_user_order(left->user, right->user);
	if (!order)
		order = type_order(left->logon_type, right->logon_type);
	if (!order)
		order =
		    (left->logon_time > right->logon_time) - (left->logon_time < right->logon_time);
	return order ? order : logon_session_order(left, right);
}

static bool same_group(const struct logon_session *a, const struct logon_session *b)
{
	return account_user_order(a->user, b->user) == 0 &&
	       type_order(a->logon_type, b->logon_type) == 0;
}

static bool linked(const struct logon_session *a, const struct logon_session *b)
{
	return a->logon_time != TIMESTAMP_UNKNOWN && same_group(a, b) &&
	       a->session_id == b->session_id && b->logon_time - a->logon_time <= LINKED;
}

/* -1: the cycle cannot have made the logon session. */
static int64_t pair_cost(const struct group *group, size_t logon, size_t j)
{
	size_t at = group->begin + j;
	const struct logon_session *made = &group->logons[logon]->logon;
	const struct cycle *cycle = group->index->items[at];
	int64_t distance = cycle_index_distance(
	    group->index, at, made->logon_time - group->clock->offset, group->clock->tolerance);
	if (distance < 0 || !cycle_may_be_of(cycle, made->user, made->domain))
		return -1;
	/* Logon sessions over the network are in session 0 whatever their user's session is. */
	bool known = cycle->session_id != NUMBER_UNKNOWN && made->session_id != NUMBER_UNKNOWN &&
	             made->session_id != 0;
	if (known && cycle->session_id != made->session_id)
		return -1;
	if (distance > FARTHEST)
		distance = FARTHEST;
	return distance + (known ? 0 : ID_UNKNOWN) + (group->taken[at] ? 0 : OTHER_CYCLE);
}

static bool may_begin_by(const struct group *group, size_t at, int64_t time)
{
	int64_t started = group->index->items[at]->started;
	return started == TIMESTAMP_UNKNOWN || started - group->clock->tolerance <= time;
}

/* Both bounds only grow with the time of the logon. */
static bool find_ranges(struct group *group)
{
	size_t from = group->begin, to = group->begin, steps = 0;
	int64_t tolerance = group->clock->tolerance;
	group->first = malloc((group->count + 1) * 3 * sizeof *group->first);
	if (!group->first)
		return false;
	group->last = group->first + group->count;
	group->steps_at = group->last + group->count;
	for (size_t i = 0; i < group->count; i++) {
		int64_t time = group->logons[i]->logon.logon_time - group->clock->offset;
		while (from < group->end && time - tolerance > cycle_index_end(group->index, from))
			from++;
		while (to < group->end && may_begin_by(group, to, time))
			to++;
		group->first[i] = from - group->begin;
		group->last[i] = (to > from ? to : from) - group->begin;
		group->steps_at[i] = steps;
		steps += group->last[i] - group->first[i];
	}
	group->steps = malloc(steps + 1);
	return group->steps;
}

static bool better(struct score a, struct score b)
{
	return a.pairs != b.pairs ? a.pairs > b.pairs : a.cost < b.cost;
}

/* scores[j]: the best with the logons so far and the cycles before j. One row that is worked over for each logon. */
static void score_logon(struct group *group, size_t logon, struct score *scores)
{
	unsigned char *steps = group->steps + group->steps_at[logon];
	size_t first = group->first[logon], last = group->last[logon];
	struct score diagonal = scores[first];
	for (size_t j = first; j < last; j++) {
		int64_t cost = pair_cost(group, logon, j);
		struct score best = scores[j + 1], pair = diagonal;
		enum step step = STEP_SKIP_LOGON;
		if (better(scores[j], best)) {
			best = scores[j];
			step = STEP_SKIP_CYCLE;
		}
		pair.pairs++;
		pair.cost += cost;
		if (cost >= 0 && better(pair, best)) {
			best = pair;
			step = STEP_PAIR;
		}
		diagonal = scores[j + 1];
		scores[j + 1] = best;
		steps[j - first] = (unsigned char)step;
	}
}

/* Walks back through the steps that led to the best score. */
static void give_cycles(const struct group *group)
{
	size_t j = SIZE_MAX;
	for (size_t i = group->count; i-- > 0;) {
		const unsigned char *steps = group->steps + group->steps_at[i];
		if (j > group->last[i])
			j = group->last[i];
		if (j < group->first[i])
			continue;
		while (j > group->first[i] && steps[j - 1 - group->first[i]] == STEP_SKIP_CYCLE)
			j--;
		if (j == group->first[i] || steps[j - 1 - group->first[i]] != STEP_PAIR)
			continue;
		size_t at = group->begin + --j;
		group->logons[i]->cycle = group->index->items[at];
		group->taken[at] = true;
	}
}

static bool match_group(struct group *group)
{
	size_t known = 0; /* the scores up to here are those of the logons so far */
	group->begin = cycle_index_find(group->index, group->logons[0]->logon.user, &group->end);
	struct score *scores = calloc(group->end - group->begin + 1, sizeof *scores);
	bool good = scores && find_ranges(group);
	for (size_t i = 0; good && i < group->count; i++) {
		for (; known < group->last[i]; known++)
			scores[known + 1] = scores[known];
		score_logon(group, i, scores);
	}
	if (good)
		give_cycles(group);
	free(scores);
	free(group->first);
	free(group->steps);
	return good;
}

/* A second logon session of its type in one cycle (runas, another share): the nearest cycle, shared. */
static const struct cycle *nearest(
    const struct survivor *survivor, const struct cycle_index *index, const struct clock *clock)
{
	const struct logon_session *logon = &survivor->logon;
	const struct cycle *best = NULL;
	int64_t best_distance = 0, time = logon->logon_time - clock->offset;
	bool best_same_id = false;
	size_t end;
	for (size_t i = cycle_index_find(index, logon->user, &end); i < end; i++) {
		const struct cycle *cycle = index->items[i];
		int64_t distance = cycle_index_distance(index, i, time, clock->tolerance);
		if (distance < 0 || !cycle_may_be_of(cycle, logon->user, logon->domain))
			continue;
		bool same_id =
		    cycle->session_id != NUMBER_UNKNOWN && cycle->session_id == logon->session_id;
		if (!best || same_id > best_same_id ||
		    (same_id == best_same_id && distance < best_distance)) {
			best = cycle;
			best_distance = distance;
			best_same_id = same_id;
		}
	}
	return best;
}

/* ---- without logon times ---- */

static int pair_order(const void *a, const void *b)
{
	const struct survivor *left = *(struct survivor *const *)a,
	                      *right = *(struct survivor *const *)b;
	int order = account_user_order(left->logon.user, right->logon.user);
	if (!order)
		order = (left->logon.session_id > right->logon.session_id) -
		        (left->logon.session_id < right->logon.session_id);
	if (!order)
		order = type_order(left->logon.logon_type, right->logon.logon_type);
	return order ? order : logon_session_order(&left->logon, &right->logon);
}

static bool same_pair(const struct survivor *a, const struct survivor *b)
{
	return account_user_order(a->logon.user, b->logon.user) == 0 &&
	       a->logon.session_id == b->logon.session_id &&
	       type_order(a->logon.logon_type, b->logon.logon_type) == 0;
}

/* The cycles of the account that had the session ID, in the order of their start. */
static size_t cycles_of(
    const struct cycle_index *index, const struct logon_session *logon, const struct cycle **out)
{
	size_t end, count = 0;
	for (size_t i = cycle_index_find(index, logon->user, &end); i < end; i++) {
		const struct cycle *cycle = index->items[i];
		if (cycle->session_id == logon->session_id &&
		    cycle_may_be_of(cycle, logon->user, logon->domain))
			out[count++] = cycle;
	}
	return count;
}

/* Tools print logon times in the host's zone and language, and in seconds, and clocks leap; so what an account left in a session ID is given to
 * its cycles there in the order of LUIDs, which rise, if there are as many of the one as of the other, or two of the one for
 * each (an administrator's logon makes two linked ones). */
static bool match_pairs(struct survivor *survivors, size_t count, const struct cycle_index *index)
{
	struct survivor **rest = malloc((count + 1) * sizeof *rest);
	const struct cycle **cycles = malloc((index->count + 1) * sizeof *cycles);
	size_t rest_count = 0, end;
	const bool good = rest && cycles;
	for (size_t i = 0; good && i < count; i++) {
		if (!survivors[i].cycle && survivors[i].logon.session_id != NUMBER_UNKNOWN)
			rest[rest_count++] = &survivors[i];
	}
	if (rest_count)
		qsort(rest, rest_count, sizeof *rest, pair_order);
	for (size_t i = 0; i < rest_count; i = end) {
		for (end = i + 1; end < rest_count && same_pair(rest[i], rest[end]);)
			end++;
		const size_t made = end - i, had = cycles_of(index, &rest[i]->logon, cycles);
		for (size_t j = i; j < end && had > 0 && (made == had || made == 2 * had); j++)
			rest[j]->cycle = cycles[(j - i) / (made / had)];
	}
	free(rest);
	free(cycles);
	return good;
}

static void match_rest(struct survivor *survivors, size_t count, const struct cycle_index *index,
    const struct clock *clock)
{
	for (size_t i = 0; i < count; i++) {
		struct survivor *survivor = &survivors[i];
		if (survivor->cycle)
			continue;
		if (survivor->logon.logon_time == TIMESTAMP_UNKNOWN)
			continue;
		if (logon_is_of_desktop(&survivor->logon))
			survivor->cycle = cycle_index_desktop(index, survivor->logon.session_id,
			    survivor->logon.logon_time - clock->offset);
		else if (i > 0 && survivors[i - 1].cycle &&
		         linked(&survivors[i - 1].logon, &survivor->logon))
			survivor->cycle = survivors[i - 1].cycle;
		else
			survivor->cycle = nearest(survivor, index, clock);
	}
}

/* The logons from `i` on that are of one account and type, except for those that follow a linked one. Returns where the next
 * group begins. */
static size_t collect(
    struct survivor **logons, size_t *found, struct survivor *survivors, size_t count, size_t i)
{
	size_t next = i;
	*found = 0;
	for (; next < count && same_group(&survivors[i].logon, &survivors[next].logon); next++) {
		struct survivor *survivor = &survivors[next];
		bool follows = next > i && linked(&survivors[next - 1].logon, &survivor->logon);
		if (!survivor->cycle && !follows && !logon_is_of_desktop(&survivor->logon) &&
		    survivor->logon.logon_time != TIMESTAMP_UNKNOWN)
			logons[(*found)++] = survivor;
	}
	return next;
}

bool match_survivors(struct survivor *survivors, size_t count, const struct cycle_index *index,
    const struct clock *clock)
{
	if (cycle_index_is_of_commands(index))
		return match_commands(survivors, count, index, clock);
	struct survivor **logons = malloc((count + 1) * sizeof *logons);
	bool *taken = calloc(index->count + 1, sizeof *taken);
	bool good = logons && taken;
	if (count)
		qsort(survivors, count, sizeof *survivors, survivor_order);
	for (size_t i = 0; good && i < count;) {
		struct group group = {
		    .index = index, .clock = clock, .logons = logons, .taken = taken};
		i = collect(logons, &group.count, survivors, count, i);
		good = group.count == 0 || match_group(&group);
	}
	if (good)
		match_rest(survivors, count, index, clock);
	good = good && match_pairs(survivors, count, index);
	free(logons);
	free(taken);
	return good;
}
