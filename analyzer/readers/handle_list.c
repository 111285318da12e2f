/* Which handles of the host a text shows: all of them, those of some processes, or those that were searched for. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "readers/handle_row.h"
#include "readers/listings.h"

static bool create(struct reading *reading)
{
	reading->handles = calloc(1, sizeof *reading->handles);
	if (!reading->handles)
		return false;
	reading->handles->pid = reading->handles->asked_pid = NUMBER_UNKNOWN;
	reading->handles->process = SIZE_MAX;
	return true;
}

static void destroy(struct reading *reading)
{
	if (reading->handles)
		free(reading->handles->untabbed);
	free(reading->handles);
}

static void unread(struct reading *reading, struct span line)
{
	flaw_note_line(&reading->handles->flaw, reading, line);
}

/* A search for a LUID shows what is named after it; without the command line its results tell the LUID. */
static bool note_searched(struct reading *reading)
{
	const struct handle_list *list = reading->handles;
	const struct snapshot *snapshot = reading->snapshot;
	int64_t low;
	if (!list->searches || list->narrowed || reading->uncertain || list->flaw.line ||
	    snapshot->handle_count == 0)
		return true;
	const uint64_t luid = snapshot->handles[0].luid;
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		if (snapshot->handles[i].luid == LUID_UNKNOWN || snapshot->handles[i].luid != luid)
			return true;
	}
	if (list->term.length && !span_hex(list->term, &low))
		return true;
	struct sight *sight = snapshot_sight(reading->snapshot, SECTION_HANDLES);
	return sight && sight_add_searched(sight, luid);
}

/* Process 4 is in every listing of all processes, with handles if handle had all rights. */
static bool lists_system(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		if (snapshot->processes[i].pid == 4)
			return snapshot->processes[i].handles_listed > 0;
	}
	return false;
}

/* Why these are not all of the host's; NULL: they are. */
static const char *why_partial(const struct reading *reading)
{
	const struct handle_list *list = reading->handles;
	if (reading->uncertain)
		return reading->uncertain;
	if (list->none)
		return list->none;
	if (list->searches)
		return "it has the results of a search: run handle -a, elevated and without a name";
	if (list->narrowed || !(list->listed_processes > 1 || list->csv_columns >= 7))
		return "it has the handles of some processes only: run handle -a, elevated and without -p";
	if (!lists_system(reading->snapshot))
		return "System's handles are not listed, which an elevated handle -a lists";
	return NULL;
}

/* Beside it, what else there is in the text. */
static const char *tell_more(const struct reading *reading, const char *why)
{
	struct handle_list *list = reading->handles;
	char closed[80] = "", earlier[80] = "";
	if (list->closed)
		snprintf(closed, sizeof closed, "handle -c closed %zu handle%s in this text%s",
		    list->closed, list->closed == 1 ? "" : "s", why ? "; " : "");
	if (reading->earlier)
		snprintf(earlier, sizeof earlier, "%sit is the last of %zu moments in this text",
		    why || list->closed ? "; " : "", reading->earlier + 1);
	if (!list->closed && (!reading->earlier || !why))
		return why; /* the last of several whole listings is whole */
	snprintf(list->why, sizeof list->why, "%s%s%s", closed, why ? why : "", earlier);
	return list->why;
}

static bool see(struct reading *reading)
{
	const struct handle_list *list = reading->handles;
	if (!(list->any && list->all_types))
		return reading_see(reading, SECTION_HANDLES, EXTENT_ABSENT,
		    list->none  ? list->none
		    : list->any ? "handle ran without -a, and so lists no tokens"
		                : "no rows of handle are in the evidence",
		    NULL);
	if (list->flaw.line && reading->uncertain)
		snprintf(
		    reading->handles->flaw.why, sizeof list->flaw.why, "%s", reading->uncertain);
	if (list->flaw.line)
		return reading_see(reading, SECTION_HANDLES, EXTENT_CUT_OFF, NULL, &list->flaw);
	const char *why = tell_more(reading, why_partial(reading));
	return reading_see(
	    reading, SECTION_HANDLES, why ? EXTENT_PARTIAL : EXTENT_WHOLE, why, NULL);
}

/* Processes that may not be opened are protected ones: what they hold is a fact of its own. */
static bool note_closed(struct reading *reading)
{
	char why[96];
	const long long closed = (long long)reading->handles->closed_processes;
	if (!closed)
		return true;
	snprintf(why, sizeof why, "handle could not open %lld process%s", closed,
	    closed == 1 ? "" : "es");
	return reading_see(reading, "handles.processes", EXTENT_ABSENT, why, NULL);
}

/* Which RDS sessions tokens are of cannot be told by handle's rows, even of all. */
static bool note_no_session_ids(struct reading *reading)
{
	return !snapshot_has(reading->snapshot, SECTION_HANDLES) ||
	       reading_see(reading, FACT_TOKEN_SESSIONS, EXTENT_ABSENT,
	           "handle does not print the session IDs of tokens", NULL);
}

static bool finish(struct reading *reading, bool ends)
{
	/* Of the number of a process that the text ends with, digits may be missing. */
	if (!ends && reading->handles->named_line == reading->line)
		reading->snapshot->process_count--;
	if (!ends && reading->current && reading->current->section == &section_handles)
		flaw_note(
		    &reading->handles->flaw, reading, "the text ends in the middle of a line");
	return see(reading) && note_searched(reading) && note_closed(reading) &&
	       note_no_session_ids(reading) &&
	       ((reading->handles->outputs < 2 && reading->handles->commands < 2 &&
	            !reading->part && !(reading->listings && reading->listings->count > 1)) ||
	           snapshot_unify(reading->snapshot, SECTION_HANDLES));
}

const struct section_reader section_handles = {
    .create = create,
    .destroy = destroy,
    .unread = unread,
    .finish = finish,
};
