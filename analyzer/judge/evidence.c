/* Which captures of a run the verdict is made from, and which cycles. */
#include "judge/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "judge/logons.h"
#include "evidence/identity.h"

/* A cycle of the load that came to its end. */
static bool is_whole_load(const struct cycle *cycle)
{
	return cycle->kind == CYCLE_LOAD &&
	       (cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	           cycle->result == CYCLE_DISCONNECTED);
}

bool cycle_counts(const struct evidence *evidence, const struct cycle *cycle)
{
	return is_whole_load(cycle) && evidence->shown[cycle - evidence->cycles.items];
}

bool cycle_is_unshown(const struct evidence *evidence, const struct cycle *cycle)
{
	return is_whole_load(cycle) && !evidence->shown[cycle - evidence->cycles.items];
}

const struct session *find_session(
    const struct snapshot *snapshot, int64_t id, const char *user, const char *domain)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (session->id == id && account_same(session->user, session->domain, user, domain))
			return session;
	}
	return NULL;
}

/* The capture that stands for the mark's first or last round with a snapshot. NULL: there is none. */
static const struct capture *find_round(const struct captures *captures, enum mark mark, bool last)
{
	const struct capture *found = NULL;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark != mark || capture->problem)
			continue;
		if (!found ||
		    (last ? capture->round > found->round : capture->round < found->round))
			found = capture;
	}
	return found;
}

static bool load_capture(struct moment *moment, struct runfile *runfile,
    const struct captures *captures, const struct capture *capture, struct error *error)
{
	const enum mark mark = capture->mark;
	moment->snapshot = runfile_snapshot(runfile, mark, capture->round, true, error);
	if (!moment->snapshot)
		return error_prefix(
		    error, "snapshot \"%s\" %lld", mark_names[mark], (long long)capture->round);
	moment->round = capture->round;
	moment->clock = clock_at(captures, mark, capture->round);
	return true;
}

static bool load_moment(struct moment *moment, struct runfile *runfile,
    const struct captures *captures, enum mark mark, bool last, struct error *error)
{
	const struct capture *capture = find_round(captures, mark, last);
	return !capture || load_capture(moment, runfile, captures, capture, error);
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
	return !last || load_capture(&evidence->last, runfile, &evidence->captures, last, error);
}

const struct moment *evidence_last(const struct evidence *evidence)
{
	return evidence->settled.snapshot ? &evidence->settled : &evidence->last;
}

static bool index_cycles(struct evidence *evidence, struct error *error)
{
	evidence->shown = calloc(evidence->cycles.count + 1, sizeof *evidence->shown);
	return (evidence->shown && cycle_index_init(&evidence->index, &evidence->cycles)) ||
	       error_set(error, EXIT_TARGET, "out of memory");
}

static bool is_watched(const void *data, const struct logon_session *logon, int64_t logon_time)
{
	return cycle_index_watches(data, logon, logon_time);
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

/* How far apart samples are that show all logon sessions. */
static void note_gap(
    struct evidence *evidence, const struct snapshot *snapshot, const struct capture *capture)
{
	if (!snapshot_whole(snapshot, SECTION_LOGON_SESSIONS))
		return;
	if (evidence->last_whole != TIMESTAMP_UNKNOWN &&
	    capture->started - evidence->last_whole > evidence->widest_gap)
		evidence->widest_gap = capture->started - evidence->last_whole;
	evidence->last_whole = capture->started;
}

/* The last sample with handles, or the last at all. */
struct earlier {
	const struct capture *capture;
	struct snapshot *snapshot; /* NULL: there is none */
	bool own;                  /* else it is kept by the evidence, with its handles */
	bool full;                 /* with its handles */
};

static void drop(struct earlier *earlier)
{
	if (earlier->own)
		snapshot_destroy(earlier->snapshot);
	*earlier = (struct earlier){0};
}

/* What may have gone along with a process that has ended since; who held what is read only if one has. */
static bool note_ends(struct evidence *evidence, struct runfile *runfile,
    const struct earlier *earlier, const struct snapshot *now, struct error *error)
{
	if (!earlier->snapshot || leak_process_ended(earlier->snapshot, now) != YES)
		return true;
	struct snapshot *then = earlier->full ? earlier->snapshot
	                                      : runfile_snapshot(runfile, earlier->capture->mark,
	                                            earlier->capture->round, true, error);
	if (!then)
		return false;
	const bool good = leak_note_ends(evidence->leak, then, now) ||
	                  error_set(error, EXIT_TARGET, "out of memory");
	if (!earlier->full)
		snapshot_destroy(then);
	return good;
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

/* When the moment's last capture was complete: those of one moment are started together. */
static int64_t complete_at(const struct evidence *evidence, const struct capture *of)
{
	int64_t until = of->ended;
	for (size_t i = 0; i < evidence->captures.count; i++) {
		const struct capture *capture = &evidence->captures.items[i];
		if (capture->mark == of->mark && capture->round == of->round &&
		    capture->ended > until)
			until = capture->ended;
	}
	return until;
}

/* The sample of the capture, added to what is left. */
static bool add_sample(struct evidence *evidence, struct runfile *runfile, struct earlier *earlier,
    const struct capture *capture, struct error *error)
{
	const struct moment *kept = kept_moment(evidence, capture);
	const struct snapshot *before = evidence->before.snapshot;
	const bool full = kept || evidence->all_handles || is_middle(evidence, capture);
	struct snapshot *snapshot =
	    kept ? kept->snapshot
	         : runfile_snapshot(runfile, capture->mark, capture->round, full, error);
	if (!snapshot)
		return false;
	const struct clock clock =
	    kept ? kept->clock : clock_at(&evidence->captures, capture->mark, capture->round);
	bool good = leak_take(evidence->leak, before == snapshot ? NULL : before, snapshot,
	                capture->started, complete_at(evidence, capture), clock.offset) ||
	            error_set(error, EXIT_TARGET, "out of memory");
	note_gap(evidence, snapshot, capture);
	good = good && note_ends(evidence, runfile, earlier, snapshot, error);
	struct earlier now = {capture, snapshot, !kept, full};
	struct earlier *less =
	    earlier->capture && earlier->capture->shows_handles && !capture->shows_handles
	        ? &now
	        : earlier;
	drop(less);
	if (less == earlier)
		*earlier = now;
	return good;
}

/* Of a run with more rows of handles than that, half a second's work, only samples that decide are read with theirs: those that the
 * verdict is made from, one of the load's, and those before a process ended. */
#define HANDLES_READ 500000

/* Captures are in the order of their start; those of one moment are started together. */
static bool add_samples(struct evidence *evidence, struct runfile *runfile, struct error *error)
{
	struct earlier earlier = {0};
	const struct capture *last = NULL;
	const int64_t rows = runfile_handle_rows(runfile, error);
	bool good = rows >= 0;
	evidence->all_handles = rows <= HANDLES_READ;
	evidence->last_whole = TIMESTAMP_UNKNOWN;
	for (size_t i = 0; good && i < evidence->captures.count; i++) {
		const struct capture *capture = &evidence->captures.items[i];
		if (capture->problem ||
		    (last && last->mark == capture->mark && last->round == capture->round))
			continue;
		good = add_sample(evidence, runfile, &earlier, capture, error);
		last = capture;
	}
	drop(&earlier);
	return good;
}

bool evidence_load(struct evidence *evidence, const struct limits *limits, struct runfile *runfile,
    struct error *error)
{
	const struct leak_terms terms = {.release_time = limits->release_time,
	    .after_logoff = NUMBER_UNKNOWN,
	    .is_watched = is_watched,
	    .data = &evidence->index};
	memset(evidence, 0, sizeof *evidence);
	evidence->leak = leak_create(&terms);
	if (!evidence->leak)
		return error_set(error, EXIT_TARGET, "out of memory");
	if (runfile_cycles(runfile, &evidence->cycles, error) &&
	    runfile_captures(runfile, &evidence->captures, error) &&
	    index_cycles(evidence, error) &&
	    load_moment(
	        &evidence->before, runfile, &evidence->captures, MARK_BEFORE, true, error) &&
	    load_moment(&evidence->after, runfile, &evidence->captures, MARK_AFTER, false, error) &&
	    load_moment(
	        &evidence->settled, runfile, &evidence->captures, MARK_SETTLED, true, error) &&
	    load_last(evidence, runfile, error) && add_samples(evidence, runfile, error) &&
	    logons_find(evidence, runfile, error))
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
	cycle_index_deinit(&evidence->index);
	free(evidence->shown);
	captures_deinit(&evidence->captures);
	cycles_deinit(&evidence->cycles);
	memset(evidence, 0, sizeof *evidence);
}
