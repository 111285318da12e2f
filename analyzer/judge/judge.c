/* The order in which evidence becomes a verdict. */
#include "judge/judge.h"

#include <stdlib.h>
#include <string.h>

#include "judge/bounded.h"
#include "judge/changes.h"
#include "judge/controls.h"
#include "judge/course.h"
#include "judge/evidence.h"
#include "judge/expectation.h"
#include "judge/growth.h"
#include "judge/limits.h"
#include "judge/orphans.h"
#include "judge/rates.h"
#include "judge/reasons.h"
#include "judge/session_ids.h"
#include "judge/verdict.h"
#include "judge/witness.h"
#include "statistics/interval.h"

static bool out_of_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
}

static void count_cycles(struct verdict *verdict, const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle->kind != CYCLE_LOAD)
			continue;
		verdict->cycles[cycle->result]++;
		verdict->played_again += cycle->result == CYCLE_LOST && cycle->code &&
		                         strcmp(cycle->code, RUNFILE_DRIVER_LOST) == 0;
		verdict->n += cycle_counts(evidence, cycle);
		verdict->unshown += cycle_is_unshown(evidence, cycle);
	}
	if (verdict->n > 0)
		verdict->smallest_visible_rate = interval_smallest_visible(verdict->n);
}

static bool both_have(const struct moment *a, const struct moment *b, const char *what)
{
	return a->snapshot && b->snapshot && snapshot_has(a->snapshot, what) &&
	       snapshot_has(b->snapshot, what);
}

static bool weigh_after(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	if (!both_have(&evidence->before, &evidence->after, SECTION_LOGON_SESSIONS))
		return true;
	verdict->after_known = true;
	return orphans_count_after(&verdict->after_k, evidence, limits);
}

/* The orphans are in the order of their cycles. */
static bool note_orphaned(struct verdict *verdict, const struct orphans *orphans)
{
	const struct cycle *last = NULL;
	size_t count = 0;
	verdict->orphaned = calloc((size_t)orphans->k + 1, sizeof *verdict->orphaned);
	if (!verdict->orphaned)
		return false;
	for (size_t i = 0; i < orphans->count; i++) {
		const struct survivor *survivor = &orphans->items[i];
		if (!survivor->is_leak || !survivor->counts || survivor->cycle == last)
			continue;
		last = survivor->cycle;
		verdict->orphaned[count++] = last->number;
	}
	return true;
}

/* The number of the last cycle that had the session ID, if that cycle counts; else 0. */
static int64_t counted_with(const struct evidence *evidence, int64_t id)
{
	const struct cycle *last = NULL;
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle->session_id == id && (!last || cycle->started > last->started))
			last = cycle;
	}
	return last && cycle_counts(evidence, last) ? last->number : 0;
}

static int by_number(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* Whether an orphan stands for the ID, so that both count once: it counts itself, or nothing but orphans refers to the ID. */
static bool is_of_orphan(const struct leak *leak, const struct left_id *id)
{
	size_t count;
	const struct left_logon *logons = leak_logons(leak, &count);
	for (size_t i = 0; id->own > 0 && id->logons > 0 && i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left->session_id == id->id && left_is_orphan(left) && !left->older &&
		    (left->watched || leak_is_old(leak, left->ended, left->shown, 0)))
			return true;
	}
	return id->logons > 0 && id->own == 0;
}

static struct logon_span *counted_logons(const struct evidence *evidence, size_t *count)
{
	struct logon_span *logons = malloc((evidence->cycles.count + 1) * sizeof *logons);
	*count = 0;
	for (size_t i = 0; logons && i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle_counts(evidence, cycle) && cycle->started != TIMESTAMP_UNKNOWN &&
		    cycle->ended != TIMESTAMP_UNKNOWN)
			logons[(*count)++] = (struct logon_span){cycle->started, cycle->ended};
	}
	return logons;
}

/* The verdict outlives the leak. */
static bool keep_taken(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	size_t count;
	struct logon_span *logons = counted_logons(evidence, &count);
	bool good = logons && leak_taken_along(evidence->leak, logons, count, limits->smallest_rate,
	                          &verdict->taken);
	free(logons);
	for (size_t i = 0; i < verdict->taken.count; i++) {
		const char *image = verdict->taken.items[i].image;
		verdict->taken.items[i].image = image ? strdup(image) : NULL;
		good = good && (!image || verdict->taken.items[i].image);
	}
	return good;
}

static bool weigh_ids(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	const struct leak *leak = evidence->leak;
	const int64_t quiet = leak_quiet_time(leak);
	size_t count, left_count;
	struct given_id *given = cycles_given(&evidence->cycles, &count);
	bool good = given && leak_prove_id_ends(evidence->leak, given, count);
	if (good)
		leak_pin(evidence->leak, given, count);
	good = good && leak_skipped_ids(leak, given, count, evidence_last(evidence)->snapshot,
	                   &verdict->skipped);
	free(given);
	good = good && keep_taken(verdict, evidence, limits);
	const struct left_id *ids = leak_ids(leak, &left_count);
	verdict->referred = malloc((left_count + 1) * sizeof *verdict->referred);
	verdict->pinned = malloc((left_count + 1) * sizeof *verdict->pinned);
	if (!good || !verdict->referred || !verdict->pinned)
		return false;
	for (size_t i = 0; i < left_count; i++) {
		const struct left_id *left = &ids[i];
		const bool is_pinned =
		    left->pinned && leak_is_old(leak, left->ended, left->shown, quiet);
		if (left->gone || left->older)
			continue;
		const int64_t number = is_pinned ? counted_with(evidence, left->id) : 0;
		if (number > 0)
			verdict->pinned[verdict->pinned_k++] = number;
		if (is_of_orphan(leak, left))
			continue;
		if (is_pinned)
			verdict->pinned_ids++;
		else if (left->watched && left_id_is_harmless(leak, left))
			verdict->harmless_ids++;
		else if (left->watched)
			verdict->referred[verdict->referred_ids++] = left->id;
	}
	if (verdict->pinned_k)
		qsort(
		    verdict->pinned, (size_t)verdict->pinned_k, sizeof *verdict->pinned, by_number);
	return true;
}

/* Who may hold what nobody is seen to hold: what nobody could look into, and rose during the run. */
static bool weigh_suspects(struct verdict *verdict, const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot;
	struct suspects found;
	if (!suspects_find(&found, before && snapshot_has(before, SECTION_HANDLES) ? before : NULL,
	        evidence_last(evidence)->snapshot))
		return false;
	verdict->suspects = found.items;
	verdict->suspects_compared = found.compared;
	for (size_t i = 0; i < found.count; i++) {
		const char *image = found.items[i].image;
		found.items[i].image = image ? strdup(image) : NULL;
		verdict->suspect_count++;
		if (image && !found.items[i].image)
			return false;
	}
	return true;
}

static int64_t held_by(const struct culprit *culprit)
{
	return culprit->logon_sessions + culprit->session_ids;
}

/* A leaker that ended is among the first if it held as much as they do; those that ended come by what they held. */
static bool add_ended(struct verdict *verdict)
{
	size_t at = 0;
	for (size_t i = 0; i < verdict->taken.count; i++) {
		const struct ended_holder *holder = &verdict->taken.items[i];
		if (holder->word != ENDED_LEAK)
			continue;
		struct culprit *larger =
		    reallocarray(verdict->culprits, verdict->culprit_count + 1, sizeof *larger);
		if (!larger)
			return false;
		verdict->culprits = larger;
		struct culprit added = {.image = holder->image ? strdup(holder->image) : NULL,
		    .pid = holder->pid,
		    .logon_sessions = (int64_t)holder->logon_sessions,
		    .session_ids = (int64_t)holder->session_ids,
		    .sure = true,
		    .alone = (int64_t)(holder->logon_sessions + holder->session_ids),
		    .ended = true};
		while (at < verdict->culprit_count && !image_follows(larger[at].image) &&
		       held_by(&larger[at]) >= added.alone)
			at++;
		memmove(
		    &larger[at + 1], &larger[at], (verdict->culprit_count - at) * sizeof *larger);
		larger[at] = added;
		verdict->culprit_count++;
		if (holder->image && !added.image)
			return false;
		if (at == 0)
			verdict->culprits_tied = 1;
		else if (at == verdict->culprits_tied && held_by(&larger[0]) == added.alone &&
		         !image_same(larger[0].image, added.image))
			verdict->culprits_tied++;
	}
	return true;
}

static bool weigh_culprits(struct verdict *verdict, const struct evidence *evidence)
{
	const struct snapshot *settled = evidence_last(evidence)->snapshot;
	struct culprits found = {0};
	size_t held_count = 0, id_count = 0, count;
	const bool proven = verdict_leaks(verdict) > 0;
	const int64_t quiet = leak_quiet_time(evidence->leak);
	const struct left_logon *logons = leak_logons(evidence->leak, &count);
	struct held_logon *held = malloc((count + 1) * sizeof *held);
	for (size_t i = 0; held && i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left_is_orphan(left) && !left->older &&
		    (!proven || leak_is_old(evidence->leak, left->ended, left->shown, quiet)))
			held[held_count++] = held_logon_of(evidence->leak, left);
	}
	const struct left_id *ids = leak_ids(evidence->leak, &count);
	int64_t *numbers = malloc((count + 1) * sizeof *numbers);
	for (size_t i = 0; numbers && i < count; i++) {
		if (!ids[i].gone && !ids[i].older && !is_of_orphan(evidence->leak, &ids[i]) &&
		    (proven ? ids[i].pinned &&
		                  leak_is_old(evidence->leak, ids[i].ended, ids[i].shown, quiet)
		            : ids[i].pinned || ids[i].watched))
			numbers[id_count++] = ids[i].id;
	}
	bool good =
	    held && numbers && culprits_find(&found, settled, held, held_count, numbers, id_count);
	free(held);
	free(numbers);
	verdict->culprits_known = true;
	verdict->unattributed = found.unheld;
	verdict->followers_only = found.followers_only;
	verdict->culprits_tied = culprits_tied(&found);
	verdict->handles_whole = snapshot_whole(settled, SECTION_HANDLES);
	for (size_t i = 0; good && i < found.count; i++) {
		const char *image = found.items[i].image, *services = found.items[i].services;
		found.items[i].image = image ? strdup(image) : NULL;
		found.items[i].services = services ? strdup(services) : NULL;
		good = (!image || found.items[i].image) && (!services || found.items[i].services);
		verdict->culprit_count = i + 1;
	}
	verdict->culprits = found.items;
	return good && add_ended(verdict) && weigh_suspects(verdict, evidence);
}

static bool weigh_settled(struct verdict *verdict, const struct evidence *evidence,
    const struct limits *limits, struct orphans *orphans)
{
	const struct snapshot *settled = evidence_last(evidence)->snapshot;
	if (!settled || !snapshot_has(settled, SECTION_LOGON_SESSIONS))
		return true;
	if (!orphans_find(orphans, evidence, evidence->leak) ||
	    !weigh_ids(verdict, evidence, limits))
		return false;
	if (!course_find(verdict, evidence, orphans))
		return false;
	verdict->k = orphans->k;
	verdict->orphan_logon_sessions = orphans->orphans;
	verdict->unmatched = orphans->unmatched;
	verdict->unmatched_leaks = orphans->unmatched_leaks;
	verdict->uncounted = orphans->uncounted;
	verdict->failed_leaks = orphans->failed;
	verdict->young = orphans->young;
	verdict->in_use = orphans->unsure;
	verdict->in_use_why = orphans->unsure_why;
	verdict->strangers = orphans->strangers;
	verdict->young_strangers = orphans->young_strangers;
	verdict->older = orphans->older;
	const struct taken_along *taken = &verdict->taken;
	verdict->young_cycles = orphans->young_cycles;
	verdict->k_most = verdict->k + orphans->unmatched_pairs + orphans->young_cycles +
	                  (int64_t)(taken->logon_sessions + taken->session_ids);
	/* A sample that is missing revokes no leak that the others prove, and lets nothing be known that they do not. */
	verdict->orphans_known =
	    both_have(&evidence->before, &evidence->settled, SECTION_LOGON_SESSIONS) ||
	    verdict_leaks(verdict) > verdict->witness.leaks;
	if (!verdict->orphans_known)
		return true;
	if (verdict->k_most > verdict->n)
		verdict->k_most = verdict->n > verdict->k ? verdict->n : verdict->k;
	if (!note_orphaned(verdict, orphans) || !rates_find(verdict, evidence))
		return false;
	bounded_find(verdict, evidence);
	return !snapshot_has(settled, SECTION_HANDLES) || weigh_culprits(verdict, evidence);
}

/* Everything that can be counted; the word and its reasons come after. */
static bool weigh(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	struct orphans orphans = {0};
	count_cycles(verdict, evidence);
	verdict->release_time = leak_release_time(evidence->leak);
	verdict->quiet_time = leak_quiet_time(evidence->leak);
	if (!witness_find(verdict, evidence, limits))
		return false;
	bool good = weigh_after(verdict, evidence, limits) &&
	            weigh_settled(verdict, evidence, limits, &orphans) &&
	            session_ids_find(
	                &verdict->ids, &evidence->cycles, verdict->orphans_known ? &orphans : NULL);
	if (good && both_have(&evidence->before, &evidence->settled, SECTION_SESSIONS)) {
		verdict->sessions_left_known = true;
		verdict->sessions_left =
		    sessions_left(evidence, verdict->orphans_known ? &orphans : NULL);
	}
	if (good && evidence->before.snapshot)
		verdict->sessions_before = sessions_before(evidence);
	orphans_deinit(&orphans);
	return good;
}

/* What makes the evidence void comes first; a proven leak stands against every other doubt; what rises stands against those that do
 * not concern a rise. */
static bool decide(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	struct sentences *reasons = &verdict->reasons;
	const bool proven = verdict_is_proven(verdict);
	if (!reasons_void(reasons, verdict, evidence))
		return false;
	if (!proven && !reasons_block(reasons, verdict, evidence, limits))
		return false;
	if (!proven && !witness_doubt(reasons, verdict))
		return false;
	if (!proven && verdict->orphans_known && !reasons_doubt(reasons, verdict, evidence, limits))
		return false;
	verdict->smallest_rate = limits->smallest_rate;
	verdict->too_few_alone =
	    reasons->count == 1 && verdict->orphans_known && reasons_too_few(verdict, limits);
	if (reasons->count > 0)
		verdict->word = VERDICT_INCONCLUSIVE;
	else
		verdict->word = proven || growth_is_leak(verdict) ? VERDICT_LEAK : VERDICT_CLEAN;
	return reasons_tell(reasons, verdict, evidence, limits) &&
	       changes_tell(&verdict->changes, verdict);
}

static struct verdict *judge(
    struct runfile *runfile, int64_t release_time, bool with_controls, struct error *error)
{
	struct limits limits;
	struct evidence evidence;
	struct verdict *verdict = NULL;
	if (!limits_read(&limits, runfile, error))
		return NULL;
	if (release_time != NUMBER_UNKNOWN)
		limits.release_time = release_time;
	if (!evidence_load(&evidence, &limits, runfile, error)) {
		limits_deinit(&limits);
		return NULL;
	}
	verdict = calloc(1, sizeof *verdict);
	bool good = verdict || out_of_memory(error);
	if (good && !setup_read(&verdict->setup, runfile, evidence_last(&evidence)->snapshot))
		good = out_of_memory(error);
	good = good && (!with_controls || controls_judge(verdict, runfile, error));
	if (good && !weigh(verdict, &evidence, &limits))
		good = out_of_memory(error);
	good = good && growth_find(verdict, &evidence, &limits, runfile, error);
	if (good && !decide(verdict, &evidence, &limits))
		good = out_of_memory(error);
	if (good)
		good = expectations_check(verdict, runfile, error);
	evidence_deinit(&evidence);
	limits_deinit(&limits);
	if (!good) {
		verdict_destroy(verdict);
		return NULL;
	}
	return verdict;
}

struct verdict *judge_run(struct runfile *runfile, int64_t release_time, struct error *error)
{
	return judge(runfile, release_time, true, error);
}

struct verdict *judge_control(struct runfile *runfile, struct error *error)
{
	return judge(runfile, NUMBER_UNKNOWN, false, error);
}

bool judging_valid(const char *key, const char *value, struct error *error)
{
	return strncmp(key, "judge.", strlen("judge.")) == 0 ? limit_valid(key, value, error)
	                                                     : expectation_valid(key, value, error);
}
