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

/* What the sample says of the cycle: its row counts before one that may be its. */
static enum presence look_up(const struct snapshot *snapshot, const struct cycle *cycle)
{
	enum presence found =
	    snapshot_whole(snapshot, SECTION_SESSIONS) ? PRESENCE_MISSED : PRESENCE_UNKNOWN;
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const enum presence one = compare(&snapshot->sessions[i], cycle);
		if (one == PRESENCE_LISTED)
			return one;
		if (one == PRESENCE_UNKNOWN)
			found = one;
	}
	return found;
}

void presences_note(
    struct presences *presences, const struct snapshot *snapshot, int64_t from, int64_t until)
{
	const struct cycle_index *index = presences->index;
	if (!snapshot_has(snapshot, SECTION_SESSIONS))
		return;
	for (size_t i = cycle_index_since(index, until + MARGIN - presences->longest);
	     i < index->count; i++) {
		const struct cycle *cycle = index->by_logon[i];
		enum presence *presence = &presences->items[cycle - presences->cycles->items];
		if (cycle_logon(cycle) > from - MARGIN)
			break;
		if (*presence == PRESENCE_LISTED || !is_certain(presences, cycle) ||
		    held_until(cycle) < until + MARGIN)
			continue;
		const enum presence found = look_up(snapshot, cycle);
		*presence = found != PRESENCE_UNKNOWN ? found : *presence;
	}
}

void presences_see(struct presences *presences, const struct cycle *cycle, int64_t session_id)
{
	enum presence *presence = &presences->items[cycle - presences->cycles->items];
	if (*presence == PRESENCE_MISSED && session_id > 0 &&
	    (cycle->session_id == NUMBER_UNKNOWN || cycle->session_id == session_id))
		*presence = PRESENCE_LISTED;
}
