/* Looking up cycles by account and time, without walking through all of them. */
#include "judge/cycle_index.h"

#include <stdlib.h>

#include "evidence/identity.h"
#include "leak/leak.h"

static int cycle_order(const void *a, const void *b)
{
	const struct cycle *left = *(const struct cycle *const *)a,
	                   *right = *(const struct cycle *const *)b;
	int by_user = account_user_order(left->user, right->user);
	return by_user ? by_user
	               : (left->started > right->started) - (left->started < right->started);
}

int64_t cycle_logon(const struct cycle *cycle)
{
	return cycle->logged_on != TIMESTAMP_UNKNOWN ? cycle->logged_on : cycle->started;
}

static int logon_order(const void *a, const void *b)
{
	const struct cycle *left = *(const struct cycle *const *)a,
	                   *right = *(const struct cycle *const *)b;
	return (cycle_logon(left) > cycle_logon(right)) - (cycle_logon(left) < cycle_logon(right));
}

static int by_start(const void *a, const void *b)
{
	const struct given_id *left = a, *right = b;
	return (left->started > right->started) - (left->started < right->started);
}

struct given_id *cycles_given(const struct cycles *cycles, size_t *count)
{
	struct given_id *given = malloc((cycles->count + 1) * sizeof *given);
	*count = 0;
	for (size_t i = 0; given && i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle->session_id != NUMBER_UNKNOWN && cycle->started != TIMESTAMP_UNKNOWN)
			given[(*count)++] = (struct given_id){cycle->session_id, cycle->started,
			    cycle->result == CYCLE_LOGGED_OFF ? cycle->ended : TIMESTAMP_UNKNOWN,
			    cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN
			        ? cycle->ended
			        : TIMESTAMP_UNKNOWN};
	}
	if (*count)
		qsort(given, *count, sizeof *given, by_start);
	return given;
}

bool cycle_may_be_of(const struct cycle *cycle, const char *user, const char *domain)
{
	return cycle->user ? account_same(cycle->user, cycle->domain, user, domain) : user != NULL;
}

bool cycle_index_is_of_commands(const struct cycle_index *index)
{
	return index->watched && index->watched->count > 0;
}

/* Clocks are a second or two apart, and what a command logged on goes a moment later than the command. */
#define COMMAND_TOLERANCE INT64_C(2000000)

/* Whether all before a cycle with this start had ended by then. */
static bool are_over(const struct cycle_index *index, const struct cycle *cycle, int64_t time)
{
	return index->longest < time - COMMAND_TOLERANCE - cycle->started;
}

enum yes_no cycle_index_runs(const struct cycle_index *index, int64_t logon_time, int64_t time)
{
	const int64_t last = logon_time == TIMESTAMP_UNKNOWN ? time : logon_time;
	enum yes_no runs = NO;
	/* From the end: what ran at a time began shortly before it, but for commands that hang. */
	for (size_t i = cycle_index_since(index, last + COMMAND_TOLERANCE + 1); i-- > 0;) {
		const struct cycle *cycle = index->by_logon[i];
		const int64_t end = cycle->ended + COMMAND_TOLERANCE;
		if (cycle->started <= time && cycle->ended == TIMESTAMP_UNKNOWN)
			runs = YES_NO_UNKNOWN;
		else if (cycle->started <= time && end >= time && end >= last)
			return YES;
		if (are_over(index, cycle, last))
			break;
	}
	return runs;
}

bool cycle_index_made(const struct cycle_index *index, int64_t logon_time)
{
	for (size_t i = cycle_index_since(index, logon_time + COMMAND_TOLERANCE + 1); i-- > 0;) {
		const struct cycle *cycle = index->by_logon[i];
		if (cycle->ended == TIMESTAMP_UNKNOWN ||
		    cycle->ended + COMMAND_TOLERANCE >= logon_time)
			return true;
		if (are_over(index, cycle, logon_time))
			break;
	}
	return false;
}

/* How long a command took at most. */
static int64_t longest_of(const struct cycles *cycles)
{
	int64_t longest = 0;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		const int64_t took =
		    cycle->ended != TIMESTAMP_UNKNOWN ? cycle->ended - cycle->started : INT64_MAX;
		longest = took > longest ? took : longest;
	}
	return longest;
}

bool cycle_index_init(struct cycle_index *index, const struct cycles *cycles,
    const struct watched *watched, int64_t until)
{
	index->count = 0;
	index->watched = watched;
	index->longest = longest_of(cycles);
	index->items = malloc((cycles->count + 1) * 2 * sizeof *index->items);
	if (!index->items)
		return false;
	index->by_logon = index->items + cycles->count + 1;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle->kind == CYCLE_VERIFICATION && cycle->started > until)
			continue;
		index->items[index->count] = index->by_logon[index->count] = cycle;
		index->count++;
	}
	qsort(index->items, index->count, sizeof *index->items, cycle_order);
	qsort(index->by_logon, index->count, sizeof *index->by_logon, logon_order);
	return true;
}

void cycle_index_deinit(struct cycle_index *index)
{
	free(index->items);
	*index = (struct cycle_index){0};
}

/* The first cycle whose user comes after `user`, or is it where `or_same`. */
static size_t bound(const struct cycle_index *index, const char *user, bool or_same)
{
	size_t low = 0, high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int by_user = account_user_order(index->items[middle]->user, user);
		if (by_user < 0 || (by_user == 0 && !or_same))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t cycle_index_find(const struct cycle_index *index, const char *user, size_t *end)
{
	if (cycle_index_is_of_commands(index)) {
		*end = index->count;
		return 0;
	}
	*end = bound(index, user, false);
	return bound(index, user, true);
}

bool cycle_index_has(const struct cycle_index *index, const char *user, const char *domain)
{
	for (size_t i = 0; cycle_index_is_of_commands(index) && i < index->watched->count; i++) {
		const struct watched_account *account = &index->watched->items[i];
		if (account_same(account->user, account->domain, user, domain))
			return true;
	}
	for (size_t i = bound(index, user, true);
	     user && i < index->count && account_user_order(index->items[i]->user, user) == 0;
	     i++) {
		if (account_same(index->items[i]->user, index->items[i]->domain, user, domain))
			return true;
	}
	return false;
}

int64_t cycle_index_end(const struct cycle_index *index, size_t at)
{
	const struct cycle *cycle = index->items[at];
	if (cycle->ended != TIMESTAMP_UNKNOWN)
		return cycle->ended;
	if (!cycle->user)
		return INT64_MAX; /* another command may run beside it */
	for (size_t i = at + 1;
	     i < index->count && account_user_order(index->items[i]->user, cycle->user) == 0; i++) {
		const struct cycle *next = index->items[i];
		if (account_same(next->user, next->domain, cycle->user, cycle->domain))
			return next->started;
	}
	return INT64_MAX;
}

int64_t cycle_index_distance(
    const struct cycle_index *index, size_t at, int64_t time, int64_t tolerance)
{
	const struct cycle *cycle = index->items[at];
	if (cycle->started == TIMESTAMP_UNKNOWN || time < cycle->started - tolerance ||
	    time - tolerance > cycle_index_end(index, at))
		return -1;
	return llabs(time - cycle_logon(cycle));
}

size_t cycle_index_since(const struct cycle_index *index, int64_t time)
{
	size_t low = 0, high = index->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (cycle_logon(index->by_logon[middle]) < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* From a desktop's logon session to the logon in its session. Clocks are a second or two apart, so that the logon may seem to be
 * the earlier one; but of two that may be it, the next one is it rather than the last. */
#define DESKTOP_LEAD INT64_C(60000000)
#define DESKTOP_TOLERANCE INT64_C(2000000)
#define DESKTOP_EARLIER_COSTS 4

const struct cycle *cycle_index_desktop(
    const struct cycle_index *index, int64_t session_id, int64_t logon_time)
{
	const struct cycle *found = NULL;
	int64_t least = INT64_MAX;
	if (session_id <= 0 || logon_time == TIMESTAMP_UNKNOWN)
		return NULL;
	for (size_t i = cycle_index_since(index, logon_time - DESKTOP_TOLERANCE);
	     i < index->count && cycle_logon(index->by_logon[i]) <= logon_time + DESKTOP_LEAD;
	     i++) {
		const struct cycle *cycle = index->by_logon[i];
		const int64_t lead = cycle_logon(cycle) - logon_time;
		const int64_t cost = lead < 0 ? -lead * DESKTOP_EARLIER_COSTS : lead;
		if (cycle->session_id == session_id && cost < least) {
			found = cycle;
			least = cost;
		}
	}
	return found;
}

bool cycle_index_watches(
    const struct cycle_index *index, const struct logon_session *logon, int64_t logon_time)
{
	if (logon_is_of_desktop(logon))
		return cycle_index_desktop(index, logon->session_id, logon_time);
	return logon->user && cycle_index_has(index, logon->user, logon->domain);
}

static bool is_watched(const void *data, const struct logon_session *logon, int64_t logon_time)
{
	return cycle_index_watches(data, logon, logon_time);
}

static enum yes_no is_in_use(const void *data, int64_t logon_time, int64_t time)
{
	return cycle_index_runs(data, logon_time, time);
}

void cycle_index_answers(
    const struct cycle_index *index, const struct watched *watched, struct leak_terms *terms)
{
	terms->data = index;
	terms->is_watched = is_watched;
	terms->without_sessions = watched->count > 0;
	terms->is_in_use = terms->without_sessions ? is_in_use : NULL;
}
