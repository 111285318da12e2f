/* A text may have several lists of sessions: if they are of one moment, those of qwinsta have every session of the others.
 * Session 0 is on every host, so that a list without it is not whole: rows were left out, or only one was asked for. */
#include "readers/session_lists.h"

#include <stdlib.h>
#include <string.h>

#include "readers/words.h"

#define SESSIONS_MOST 5000 /* more than a host can have */

static bool has(const struct session *sessions, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (sessions[i].id == id)
			return true;
	}
	return false;
}

/* A session that is in the list and not in the other one, which has all; or NULL. */
static const struct session *find_missing(
    const struct session *whole, size_t whole_count, const struct session *list, size_t list_count)
{
	for (size_t i = 0; i < list_count; i++) {
		if (!session_is_listener(&list[i]) && !has(whole, whole_count, list[i].id))
			return &list[i];
	}
	return NULL;
}

/* Compares the last list with the one before it. */
static bool check(struct reading *reading)
{
	const struct session *all = reading->snapshot->sessions, *missing = NULL;
	const struct session_list *earlier = &reading->sessions->earlier,
	                          *last = &reading->sessions->list;
	size_t earlier_count = last->first - earlier->first,
	       last_count = reading->snapshot->session_count - last->first;
	if (!earlier_count || !last_count || earlier_count > SESSIONS_MOST ||
	    last_count > SESSIONS_MOST)
		return true;
	const struct session *then = all + earlier->first, *now = all + last->first;
	if (earlier->all && has(then, earlier_count, 0))
		missing = find_missing(then, earlier_count, now, last_count);
	if (!missing && last->all && has(now, last_count, 0))
		missing = find_missing(now, last_count, then, earlier_count);
	return !missing ||
	       snapshot_add_contradiction(reading->snapshot,
	           "session %lld is in one list of sessions and not in another: they are of two "
	           "moments",
	           (long long)missing->id);
}

void session_lists_begin(struct reading *reading, const struct session_columns *columns)
{
	struct session_lists *lists = reading->sessions;
	lists->failed |= !check(reading);
	if (reading->snapshot->session_count > lists->list.first)
		lists->earlier = lists->list;
	lists->list = (struct session_list){
	    .all = !columns->user_first, .first = reading->snapshot->session_count};
	lists->columns = *columns;
	lists->listener_last = false;
	lists->behind = (struct flaw){0};
}

static bool create(struct reading *reading)
{
	reading->sessions = calloc(1, sizeof *reading->sessions);
	return reading->sessions;
}

static void destroy(struct reading *reading)
{
	free(reading->sessions);
}

static bool has_number(struct span line)
{
	struct words words;
	words_split(&words, line);
	for (size_t i = 0; i < words.count; i++) {
		if (span_is_digits(words.items[i].span))
			return true;
	}
	return false;
}

bool session_lists_may_be_row(const struct reading *reading, struct span line)
{
	const char *quote = reading->sessions->columns.quote;
	return reading->current && reading->current->section == &section_sessions && *quote &&
	       span_starts(span_trim(line), quote) && has_number(line);
}

/* Behind the last row, if it is a listener's, which are listed last, nothing is missing that has no number. */
static void unread(struct reading *reading, struct span line)
{
	struct session_lists *lists = reading->sessions;
	if (!lists->listener_last || lists->row_line > reading->line || has_number(line))
		flaw_note_line(&lists->flaw, reading, line);
	else
		flaw_note_line(&lists->behind, reading, line);
}

void session_lists_row(struct reading *reading, const struct session *session)
{
	struct session_lists *lists = reading->sessions;
	if (!lists->flaw.line)
		lists->flaw = lists->behind;
	lists->listener_last = session_is_listener(session);
	lists->row_line = reading->line;
}

/* True if the last row is a session without all of its state. A word in a language that we do not know is whole if
 * another row has it. */
static bool cuts(struct reading *reading, bool held)
{
	struct snapshot *snapshot = reading->snapshot;
	if (held)
		return true;
	if (snapshot->session_count <= reading->sessions->list.first)
		return false;
	struct session *last = &snapshot->sessions[snapshot->session_count - 1];
	for (size_t i = 0; last->state && i + 1 < snapshot->session_count; i++) {
		if (snapshot->sessions[i].state == last->state)
			return false;
	}
	if (last->state && state_in_english(span_of(last->state)))
		return false;
	last->state = NULL; /* it may lack letters */
	return true;
}

static bool see(struct reading *reading)
{
	const struct session_lists *lists = reading->sessions;
	const struct snapshot *snapshot = reading->snapshot;
	if (!lists->any)
		return reading_see(reading, SECTION_SESSIONS, EXTENT_ABSENT,
		    lists->none ? lists->none : "no rows of qwinsta or quser are in the evidence",
		    NULL);
	if (lists->flaw.line)
		return reading_see(reading, SECTION_SESSIONS, EXTENT_CUT_OFF, NULL, &lists->flaw);
	if (!lists->all)
		return reading_see(reading, SECTION_SESSIONS, EXTENT_PARTIAL,
		    "quser lists only the sessions that have users", NULL);
	if (!has(snapshot->sessions, snapshot->session_count, 0))
		return reading_see(reading, SECTION_SESSIONS, EXTENT_CUT_OFF,
		    "session 0 is not listed, which every host has", NULL);
	if (lists->none)
		return reading_see(reading, SECTION_SESSIONS, EXTENT_CUT_OFF, lists->none, NULL);
	return reading_see(reading, SECTION_SESSIONS, EXTENT_WHOLE, NULL, NULL);
}

static bool finish(struct reading *reading, bool ends)
{
	(void)ends;
	return check(reading) && !reading->sessions->failed && see(reading) &&
	       snapshot_unify(reading->snapshot, SECTION_SESSIONS);
}

const struct section_reader section_sessions = {
    .create = create,
    .destroy = destroy,
    .unread = unread,
    .cuts = cuts,
    .finish = finish,
};
