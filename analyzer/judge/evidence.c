/* Which captures of a run the verdict is made from, and which cycles. */
#include "judge/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

/* A cycle of the load that came to its end. */
static bool is_whole_load(const struct cycle *cycle)
{
	return cycle->kind == CYCLE_LOAD &&
	       (cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	           cycle->result == CYCLE_DISCONNECTED || cycle->result == CYCLE_RAN);
}

/* One that another host served, as the list of sessions shows, is none of the observed host's. */
static bool is_shown_here(const struct evidence *evidence, const struct cycle *cycle)
{
	const ptrdiff_t at = cycle - evidence->cycles.items;
	return is_whole_load(cycle) && evidence->shown[at] &&
	       evidence->presences.items[at] != PRESENCE_MISSED;
}

bool cycle_counts(const struct evidence *evidence, const struct cycle *cycle)
{
	return is_shown_here(evidence, cycle) &&
	       !evidence->rejoined[cycle - evidence->cycles.items];
}

bool cycle_rejoined(const struct evidence *evidence, const struct cycle *cycle)
{
	return is_shown_here(evidence, cycle) && evidence->rejoined[cycle - evidence->cycles.items];
}

bool cycle_is_unshown(const struct evidence *evidence, const struct cycle *cycle)
{
	return is_whole_load(cycle) && !evidence->shown[cycle - evidence->cycles.items];
}

/* The capture that stands for the mark's last round with a snapshot. NULL: there is none. */
static const struct capture *find_round(const struct captures *captures, enum mark mark)
{
	const struct capture *found = NULL;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark != mark || capture->problem)
			continue;
		if (!found || capture->round > found->round)
			found = capture;
	}
	return found;
}

static bool load_capture(struct moment *moment, struct runfile *runfile,
    const struct clocks *clocks, const struct capture *capture, struct error *error)
{
	const enum mark mark = capture->mark;
	moment->snapshot = runfile_snapshot(runfile, mark, capture->round, true, error);
	if (!moment->snapshot)
		return error_prefix(
		    error, "sample \"%s\" %lld", mark_names[mark], (long long)capture->round);
	moment->round = capture->round;
	moment->clock = clock_at(clocks, mark, capture->round);
	return true;
}

/* A logon may be of any cycle of its account and session ID then. */
#define UNORDERED_TOLERANCE (INT64_C(31) * 24 * 3600 * 1000000)

static void forget_order(struct evidence *evidence)
{
	struct moment *const moments[] = {
	    &evidence->before, &evidence->after, &evidence->settled, &evidence->last};
	for (size_t i = 0; evidence->unordered && i < sizeof moments / sizeof moments[0]; i++)
		moments[i]->clock.tolerance = UNORDERED_TOLERANCE;
}

static bool load_moment(struct moment *moment, struct runfile *runfile, const struct clocks *clocks,
    enum mark mark, struct error *error)
{
	const struct capture *capture = find_round(clocks->captures, mark);
	return !capture || load_capture(moment, runfile, clocks, capture, error);
}

/* What a run that was cut short shows last. */
static bool load_last(struct evidence *evidence, struct runfile *runfile, struct error *error)
{
	const struct capture *last = NULL;
	for (size_t i = 0; !evidence->settled.snapshot && i < evidence->captures.count; i++) {
		const struct capture *capture = &evidence->captures.items[i];
		if (!capture->problem && capture->mark != MARK_BEFORE)
			last = capture;
	}
	evidence->last_mark = last ? last->mark : MARK_SETTLED;
	return !last || load_capture(&evidence->last, runfile, &evidence->clocks, last, error);
}

const struct moment *evidence_last(const struct evidence *evidence)
{
	return evidence->settled.snapshot ? &evidence->settled : &evidence->last;
}

static void find_load_end(struct evidence *evidence)
{
	evidence->load_end = INT64_MIN;
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		const int64_t end = cycle->ended != TIMESTAMP_UNKNOWN ? cycle->ended : INT64_MAX;
		if (cycle->kind == CYCLE_LOAD && end > evidence->load_end)
			evidence->load_end = end;
	}
}

bool is_after_load(const struct evidence *evidence, const struct capture *capture)
{
	return capture->mark != MARK_BEFORE && capture->mark != MARK_DURING &&
	       capture->started >= evidence->load_end;
}

static bool index_cycles(struct evidence *evidence, struct error *error)
{
	int64_t last = INT64_MIN;
	evidence->shown = calloc(evidence->cycles.count + 1, sizeof *evidence->shown);
	evidence->rejoined = calloc(evidence->cycles.count + 1, sizeof *evidence->rejoined);
	evidence->temporary = calloc(evidence->cycles.count + 1, sizeof *evidence->temporary);
	for (size_t i = 0; evidence->temporary && i < evidence->cycles.count; i++)
		evidence->temporary[i] = YES_NO_UNKNOWN;
	for (size_t i = 0; i < evidence->captures.count; i++) {
		if (evidence->captures.items[i].started > last)
			last = evidence->captures.items[i].started;
	}
	if (!evidence->shown || !evidence->rejoined || !evidence->temporary ||
	    !cycle_index_init(&evidence->index, &evidence->cycles, &evidence->watched, last) ||
	    !presences_init(&evidence->presences, &evidence->cycles, &evidence->index,
	        evidence->elsewhere.alias) ||
	    !clocks_init(&evidence->clocks, &evidence->captures, &evidence->cycles))
		return error_memory(error);
	return true;
}

/* The kept moment that the capture is of; NULL: none. Those are what the verdict is made from. */
static const struct moment *kept_moment(
    const struct evidence *evidence, const struct capture *capture)
{
	const struct {
		enum mark mark;
		const struct moment *moment;
	} kept[] = {{MARK_BEFORE, &evidence->before}, {MARK_AFTER, &evidence->after},
	    {MARK_SETTLED, &evidence->settled}, {evidence->last_mark, &evidence->last}};
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (capture->mark == kept[i].mark && kept[i].moment->snapshot &&
		    capture->round == kept[i].moment->round)
			return kept[i].moment;
	}
	return NULL;
}

static bool any_cycle_within(const struct evidence *evidence, int64_t from, int64_t to)
{
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle->started < to &&
		    (cycle->ended == TIMESTAMP_UNKNOWN || cycle->ended > from))
			return true;
	}
	return false;
}

/* Something of the run is left as far as was seen. */
static bool any_left(const struct evidence *evidence)
{
	size_t count;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);

	for (size_t i = 0; i < count; i++) {
		if (!logons[i].gone && logons[i].watched && !logons[i].older)
			return true;
	}
	const struct left_id *ids = leak_ids(evidence->leak, &count);
	for (size_t i = 0; i < count; i++) {
		if (!ids[i].gone && ids[i].sample > 0 && !ids[i].older)
			return true;
	}
	return false;
}

/* How far apart samples are that show all logon sessions, where something could leak meanwhile: nothing is left and nobody logs on where a
 * run that is resumed had ended. Before the sample is added. */
static void note_gap(
    struct evidence *evidence, const struct snapshot *snapshot, const struct capture *capture)
{
	if (!snapshot_whole(snapshot, SECTION_LOGON_SESSIONS))
		return;
	if (evidence->last_whole != TIMESTAMP_UNKNOWN &&
	    capture->started - evidence->last_whole > evidence->widest_gap &&
	    (any_left(evidence) ||
	        any_cycle_within(evidence, evidence->last_whole, capture->started)))
		evidence->widest_gap = capture->started - evidence->last_whole;
	evidence->last_whole = capture->started;
}

/* One of the load's, about its middle, is read with its handles: what tokens refer to then may be given again later. */
static bool is_middle(const struct evidence *evidence, const struct capture *capture)
{
	const int64_t middle = (int64_t)evidence->cycles.count / 2;
	const struct capture *best = NULL;
	for (size_t i = 0; i < evidence->captures.count; i++) {
		const struct capture *other = &evidence->captures.items[i];
		if (other->mark == MARK_DURING && !other->problem && other->shows_handles &&
		    (!best || llabs(other->cycle - middle) < llabs(best->cycle - middle)))
			best = other;
	}
	return best == capture;
}

/* A sample on its way through. */
struct passing {
	const struct capture *capture; /* NULL: there is none */
	struct snapshot *snapshot;
	bool own;  /* else it is kept by the evidence */
	bool full; /* with its handles */
};

static void drop(struct passing *passing)
{
	if (passing->own)
		snapshot_destroy(passing->snapshot);
	*passing = (struct passing){0};
}

static bool load_passing(struct passing *out, const struct evidence *evidence,
    struct runfile *runfile, const struct capture *capture, bool full, struct error *error)
{
	const struct moment *kept = kept_moment(evidence, capture);
	*out = (struct passing){capture, kept ? kept->snapshot : NULL, !kept, full || kept};
	if (!kept)
		out->snapshot =
		    runfile_snapshot(runfile, capture->mark, capture->round, full, error);
	return out->snapshot;
}

static bool process_ended(const struct passing *then, const struct passing *now)
{
	return then->snapshot && now->snapshot &&
	       leak_process_ended(then->snapshot, now->snapshot) == YES;
}

static void least(size_t *out, size_t value)
{
	if (value < *out)
		*out = value;
}

/* What leaks is there in each sample after the load, what comes and goes is not. */
static void note_unseen(struct evidence *evidence, const struct passing *now)
{
	if (!is_after_load(evidence, now->capture) || !now->full ||
	    !snapshot_whole(now->snapshot, SECTION_HANDLES))
		return;
	const struct unseen unseen = leak_unseen(now->snapshot);
	least(&evidence->least_unseen.tokens, unseen.tokens);
	least(&evidence->least_unseen.exited, unseen.exited);
}

static bool add_sample(struct evidence *evidence, const struct passing *now)
{
	const struct moment *kept = kept_moment(evidence, now->capture);
	const struct snapshot *before = evidence->before.snapshot;
	const struct clock clock =
	    kept ? kept->clock
	         : clock_at(&evidence->clocks, now->capture->mark, now->capture->round);
	const int64_t started = now->capture->started,
	              until = clock_complete_at(
	                  &evidence->captures, now->capture->mark, now->capture->round);
	note_gap(evidence, now->snapshot, now->capture);
	note_unseen(evidence, now);
	if (!evidence->unordered)
		profiles_note(evidence, now->snapshot, started, until);
	return logon_events_note(evidence, now->snapshot, clock.offset) &&
	       (evidence->unordered ||
	           presences_note(&evidence->presences, now->snapshot, started, until)) &&
	       leak_take(evidence->leak, before == now->snapshot ? NULL : before, now->snapshot,
	           started, until, clock.offset);
}

/* The captures that the moments' samples are asked for by, in their order; those of one moment are started together. */
static const struct capture **list_moments(const struct evidence *evidence, size_t *count)
{
	const struct capture **moments = malloc((evidence->captures.count + 1) * sizeof *moments);
	*count = 0;
	for (size_t i = 0; moments && i < evidence->captures.count; i++) {
		const struct capture *capture = &evidence->captures.items[i],
		                     *last = *count ? moments[*count - 1] : NULL;
		if (!capture->problem &&
		    (!last || last->mark != capture->mark || last->round != capture->round))
			moments[(*count)++] = capture;
	}
	return moments;
}

/* Of a run with more rows of handles than that, half a second's work, only samples that decide are read with theirs: those that the
 * verdict is made from, one of the load's, and those between which a process ended. */
#define HANDLES_READ 500000

/* The samples one after the other, and the next one beside them. */
static bool pass(struct evidence *evidence, struct runfile *runfile,
    const struct capture *const *moments, size_t count, bool all, struct error *error)
{
	struct passing last = {0}, now = {0}, next = {0};
	bool good = true;
	for (size_t i = 0; good && i <= count; i++) {
		if (i < count && !load_passing(&next, evidence, runfile, moments[i],
		                     all || is_middle(evidence, moments[i]), error))
			good = false;
		if (good && now.snapshot && !now.full &&
		    (process_ended(&last, &now) || process_ended(&now, &next))) {
			const struct capture *capture = now.capture;
			drop(&now);
			good = load_passing(&now, evidence, runfile, capture, true, error);
		}
		if (good && now.snapshot && !add_sample(evidence, &now))
			good = error_memory(error);
		if (now.snapshot) {
			drop(&last);
			last = now;
		}
		now = next;
		next = (struct passing){0};
	}
	drop(&last);
	drop(&now);
	drop(&next);
	return good;
}

static bool add_samples(struct evidence *evidence, struct runfile *runfile, struct error *error)
{
	const int64_t rows = runfile_handle_rows(runfile, error);
	size_t count;
	const struct capture **moments = list_moments(evidence, &count);
	bool good = rows >= 0 && (moments || error_memory(error));
	evidence->last_whole = TIMESTAMP_UNKNOWN;
	good = good && pass(evidence, runfile, moments, count, rows <= HANDLES_READ, error);
	free(moments);
	return good;
}

/* Cycles whose host the lists of sessions tell. */
static void count_presences(struct evidence *evidence)
{
	struct elsewhere *elsewhere = &evidence->elsewhere;
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		elsewhere->missed += evidence->presences.items[i] == PRESENCE_MISSED;
		elsewhere->listed += evidence->presences.items[i] == PRESENCE_LISTED;
	}
	elsewhere->unknown -= elsewhere->missed + elsewhere->listed;
	elsewhere->ended += elsewhere->missed;
}

bool evidence_load(struct evidence *evidence, const struct limits *limits, struct runfile *runfile,
    struct error *error)
{
	struct leak_terms terms = {
	    .release_time = limits->release_time, .after_logoff = NUMBER_UNKNOWN};
	memset(evidence, 0, sizeof *evidence);
	evidence->least_unseen = (struct unseen){SIZE_MAX, SIZE_MAX};
	evidence->unordered = limits->unordered;
	if (!runfile_watched(runfile, &evidence->watched, error))
		return false;
	cycle_index_answers(&evidence->index, &evidence->watched, &terms);
	evidence->logged_on = calloc(evidence->watched.count + 1, sizeof *evidence->logged_on);
	evidence->leak = leak_create(&terms);
	if (!evidence->leak || !evidence->logged_on) {
		leak_destroy(evidence->leak);
		free(evidence->logged_on);
		watched_deinit(&evidence->watched);
		return error_memory(error);
	}
	if (runfile_cycles(runfile, &evidence->cycles, error) &&
	    elsewhere_split(&evidence->elsewhere, &evidence->cycles, runfile, error) &&
	    runfile_reconnects(runfile, &evidence->cycles, &evidence->reconnects, error) &&
	    runfile_captures(runfile, &evidence->captures, error) &&
	    index_cycles(evidence, error) && (find_load_end(evidence), true) &&
	    load_moment(&evidence->before, runfile, &evidence->clocks, MARK_BEFORE, error) &&
	    load_moment(&evidence->after, runfile, &evidence->clocks, MARK_AFTER, error) &&
	    load_moment(&evidence->settled, runfile, &evidence->clocks, MARK_SETTLED, error) &&
	    load_last(evidence, runfile, error) && (forget_order(evidence), true) &&
	    add_samples(evidence, runfile, error) && logons_find(evidence, runfile, error) &&
	    (count_presences(evidence), true))
		return true;
	evidence_deinit(evidence);
	return false;
}

void evidence_deinit(struct evidence *evidence)
{
	leak_destroy(evidence->leak);
	snapshot_destroy(evidence->before.snapshot);
	snapshot_destroy(evidence->after.snapshot);
	snapshot_destroy(evidence->settled.snapshot);
	snapshot_destroy(evidence->last.snapshot);
	presences_deinit(&evidence->presences);
	cycle_index_deinit(&evidence->index);
	free(evidence->shown);
	free(evidence->rejoined);
	free(evidence->temporary);
	clocks_deinit(&evidence->clocks);
	captures_deinit(&evidence->captures);
	elsewhere_deinit(&evidence->elsewhere);
	free(evidence->logged_on);
	free(evidence->made);
	watched_deinit(&evidence->watched);
	free(evidence->reconnects.items);
	cycles_deinit(&evidence->cycles);
	memset(evidence, 0, sizeof *evidence);
	evidence->least_unseen = (struct unseen){SIZE_MAX, SIZE_MAX};
}
