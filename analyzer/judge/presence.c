/* Knows when a session must be in a list of sessions, and whether it is. */
#include "judge/presence.h"

#include <stdlib.h>
#include <strings.h>

#include "evidence/identity.h"
#include "judge/elsewhere.h"

/* The logon signal and the list of sessions need not be of one instant, nor the end of a shell and that of its session. All times are
 * the driver's. */
#define MARGIN INT64_C(1000000)

static int64_t held_until(const struct cycle *cycle)
{
	return cycle->logged_on + cycle->phase_us[PHASE_HOLD];
}

/* That it is known since when the session was there and how long it was held. The clock of another injector is another clock; and without
 * a session ID, or a proof that a session ended, a prompt for the password may have been all there was. */
static bool is_certain(const struct presences *presences, const struct cycle *cycle)
{
	return cycle->kind == CYCLE_LOAD && (presences->any || !cycle_server(cycle)) &&
	       (cycle->result == CYCLE_LOGGED_OFF ||
	           ((cycle->result == CYCLE_UNPROVEN || cycle->result == CYCLE_DISCONNECTED) &&
	               cycle->session_id != NUMBER_UNKNOWN)) &&
	       cycle->logged_on != TIMESTAMP_UNKNOWN &&
	       cycle->phase_us[PHASE_HOLD] != NUMBER_UNKNOWN && cycle->shard == NUMBER_UNKNOWN &&
	       cycle->user && *cycle->user;
}

bool presences_init(struct presences *presences, const struct cycles *cycles,
    const struct cycle_index *index, bool any)
{
	*presences = (struct presences){.cycles = cycles,
	    .index = index,
	    .any = any,
	    .items = calloc(cycles->count + 1, sizeof *presences->items)};
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (is_certain(presences, cycle) &&
		    cycle->phase_us[PHASE_HOLD] > presences->longest)
			presences->longest = cycle->phase_us[PHASE_HOLD];
	}
	return presences->items;
}

void presences_deinit(struct presences *presences)
{
	free(presences->items);
	*presences = (struct presences){0};
}

/* The host's own two, in which nobody logs on by RDP. */
static bool is_of_host(const struct session *session)
{
	return session->id == 0 || (session->name && strcasecmp(session->name, "console") == 0);
}

/* PRESENCE_UNKNOWN: it may be the cycle's. PRESENCE_MISSED: it is another's. */
static enum presence compare(const struct session *session, const struct cycle *cycle)
{
	const bool ids = session->id != NUMBER_UNKNOWN && cycle->session_id != NUMBER_UNKNOWN;
	const bool named = session->user && *session->user;
	if (session_is_listener(session) || !account_user_may_be(session->user, cycle->user))
		return PRESENCE_MISSED;
	if (session->disputed)
		return PRESENCE_UNKNOWN;
	if (!named)
		return (ids ? session->id != cycle->session_id : is_of_host(session))
		           ? PRESENCE_MISSED
		           : PRESENCE_UNKNOWN;
	if (ids)
		return session->id == cycle->session_id ? PRESENCE_LISTED : PRESENCE_UNKNOWN;
	return account_user_order(session->user, cycle->user) == 0 ? PRESENCE_LISTED
	                                                           : PRESENCE_UNKNOWN;
}

/* A sample's sessions: those with plain names by their users, then the others, of which each may be anybody's. */
struct list {
	const struct session **items;
	size_t plain, count;
	bool whole;
};

static int by_user(const void *a, const void *b)
{
	const struct session *left = *(const struct session *const *)a,
	                     *right = *(const struct session *const *)b;
	return account_user_order(left->user, right->user);
}

static bool list_init(struct list *list, const struct snapshot *snapshot)
{
	const size_t count = snapshot->session_count;
	size_t others = count;
	*list = (struct list){.items = malloc((count + 1) * sizeof *list->items),
	    .count = count,
	    .whole = snapshot_whole(snapshot, SECTION_SESSIONS)};
	if (!list->items)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (account_user_is_plain(session->user))
			list->items[list->plain++] = session;
		else
			list->items[--others] = session;
	}
	if (list->plain > 0)
		qsort(list->items, list->plain, sizeof *list->items, by_user);
	return true;
}

/* The first of those with plain names that is not before the user. */
static size_t first_of(const struct list *list, const char *user)
{
	size_t low = 0, high = list->plain;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (account_user_order(list->items[middle]->user, user) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What the rows up to `end` say of the cycle: its row counts before one that may be its, and that before others'. */
static enum presence compare_all(const struct list *list, size_t from, size_t end,
    const struct cycle *cycle, enum presence found)
{
	for (size_t i = from; i < end && found != PRESENCE_LISTED; i++) {
		const enum presence one = compare(list->items[i], cycle);
		found = one != PRESENCE_MISSED ? one : found;
	}
	return found;
}

static enum presence look_up(const struct list *list, const struct cycle *cycle)
{
	const enum presence none = list->whole ? PRESENCE_MISSED : PRESENCE_UNKNOWN;
	size_t from = 0, end = list->plain;
	if (account_user_is_plain(cycle->user)) {
		from = end = first_of(list, cycle->user);
		while (end < list->plain &&
		       account_user_order(list->items[end]->user, cycle->user) == 0)
			end++;
	}
	return compare_all(
	    list, list->plain, list->count, cycle, compare_all(list, from, end, cycle, none));
}

static void note_cycles(
    struct presences *presences, const struct list *list, int64_t from, int64_t until)
{
	const struct cycle_index *index = presences->index;
	for (size_t i = cycle_index_since(index, until + MARGIN - presences->longest);
	     i < index->count && cycle_logon(index->by_logon[i]) <= from - MARGIN; i++) {
		const struct cycle *cycle = index->by_logon[i];
		enum presence *presence = &presences->items[cycle - presences->cycles->items];
		if (*presence == PRESENCE_LISTED || !is_certain(presences, cycle) ||
		    held_until(cycle) < until + MARGIN)
			continue;
		const enum presence found = look_up(list, cycle);
		*presence = found != PRESENCE_UNKNOWN ? found : *presence;
	}
}

bool presences_note(
    struct presences *presences, const struct snapshot *snapshot, int64_t from, int64_t until)
{
	struct list list;
	if (presences->longest == 0 || !snapshot_has(snapshot, SECTION_SESSIONS))
		return true;
	if (!list_init(&list, snapshot))
		return false;
	note_cycles(presences, &list, from, until);
	free(list.items);
	return true;
}

void presences_see(struct presences *presences, const struct cycle *cycle, int64_t session_id)
{
	enum presence *presence = &presences->items[cycle - presences->cycles->items];
	if (*presence == PRESENCE_MISSED && session_id > 0 &&
	    (cycle->session_id == NUMBER_UNKNOWN || cycle->session_id == session_id))
		*presence = PRESENCE_LISTED;
}
