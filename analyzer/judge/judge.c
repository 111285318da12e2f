/* The order in which evidence becomes a verdict. */
#include "judge/judge.h"

#include <stdlib.h>
#include <string.h>

#include "judge/evidence.h"
#include "judge/expectation.h"
#include "judge/growth.h"
#include "judge/limits.h"
#include "judge/orphans.h"
#include "judge/verdict.h"
#include "judge/weigh.h"
#include "judge/words.h"
#include "runfile/part.h"
#include "statistics/interval.h"

static void count_cycles(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	verdict->commands.are_all = evidence->watched.count > 0;
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle->kind != CYCLE_LOAD)
			continue;
		verdict->cycles[cycle->result]++;
		verdict->played_again += cycle->result == CYCLE_LOST && cycle->code &&
		                         strcmp(cycle->code, RUNFILE_DRIVER_LOST) == 0;
		verdict->n += cycle_counts(evidence, cycle);
		verdict->unshown += cycle_is_unshown(evidence, cycle);
		verdict->rejoined += cycle_rejoined(evidence, cycle);
	}
	for (size_t i = 0; i < evidence->reconnects.count; i++) {
		const struct cycle *cycle =
		    cycles_find(&evidence->cycles, evidence->reconnects.items[i].cycle);
		verdict->reconnects += cycle_counts(evidence, cycle);
	}
	for (size_t i = 0; i < evidence->elsewhere.count; i++) {
		const struct cycle *cycle = &evidence->elsewhere.items[i];
		verdict->cycles[cycle->result] += cycle->kind == CYCLE_LOAD;
	}
	verdict->elsewhere = evidence->elsewhere.ended;
	verdict->shards_missing = limits->shards_missing;
	verdict->cycles_missing = limits->cycles_missing;
	verdict->unordered = limits->unordered;
	verdict->target_failed = limits->environment_failed;
	verdict->cut_short = limits->cut_short && !limits->allow_partial;
	verdict->nobody_logged_on = verdict->n + verdict->unshown + verdict->elsewhere == 0 &&
	                            verdict->cycles[CYCLE_FAILED] > 0;
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

static bool weigh_settled(struct verdict *verdict, const struct evidence *evidence,
    const struct limits *limits, struct orphans *orphans)
{
	const struct snapshot *settled = evidence_last(evidence)->snapshot;
	if (!settled || !snapshot_has(settled, SECTION_LOGON_SESSIONS))
		return true;
	if (!orphans_find(orphans, evidence, evidence->leak) ||
	    !pinned_find(verdict, evidence, limits))
		return false;
	if (!course_find(verdict, evidence, orphans))
		return false;
	verdict->k = orphans->k;
	verdict->orphan_logon_sessions = orphans->orphans;
	verdict->network_leaks = orphans->network;
	if (verdict->commands.are_all && !commands_weigh(verdict, evidence, orphans))
		return false;
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
	verdict->k_most = (verdict->commands.are_all ? verdict->commands.cycles_most : verdict->k) +
	                  orphans->unmatched_pairs + orphans->young_cycles +
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
	return !snapshot_has(settled, SECTION_HANDLES) || holders_weigh(verdict, evidence);
}

/* Everything that can be counted; the word and its reasons come after. */
static bool weigh(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	struct orphans orphans = {0};
	count_cycles(verdict, evidence, limits);
	verdict->release_time = leak_release_time(evidence->leak);
	verdict->quiet_time = leak_quiet_time(evidence->leak);
	if (!witness_find(verdict, evidence, limits))
		return false;
	bool good = weigh_after(verdict, evidence, limits) &&
	            weigh_settled(verdict, evidence, limits, &orphans) &&
	            session_ids_find(&verdict->ids, &evidence->cycles, &evidence->reconnects,
	                verdict->orphans_known ? &orphans : NULL);
	if (good && evidence->unordered)
		session_ids_forget_order(&verdict->ids);
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
	return findings_tell(reasons, verdict, evidence, limits) &&
	       changes_tell(&verdict->changes, verdict);
}

static struct verdict *judge(
    struct runfile *runfile, const struct judge_terms *terms, bool is_control, struct error *error);

/* A control is judged by itself. */
static bool judge_control(
    void *data, const char *name, const char *rate, struct runfile *run, struct error *error)
{
	struct verdict *judged = judge(run, NULL, true, error);
	const bool good = judged ? controls_add(data, name, rate, judged, error)
	                         : error_prefix(error, "control %s", name);
	verdict_destroy(judged);
	return good;
}

/* One part shows what it shows, and whether anything leaks only all do. */
static bool refuse_part(struct runfile *runfile, struct error *error)
{
	struct run_part part;
	char what[PART_WORD];
	if (!part_read(runfile, &part, error))
		return false;
	return part.kind == PART_WHOLE ||
	       error_set(error, EXIT_USAGE,
	           "this is one part of a run that several injectors play: %s. leaklab merge makes the run of all parts, which is judged",
	           part_format(&part, what));
}

static struct verdict *judge(
    struct runfile *runfile, const struct judge_terms *terms, bool is_control, struct error *error)
{
	struct limits limits;
	struct evidence evidence;
	struct verdict *verdict = NULL;
	if (!refuse_part(runfile, error))
		return NULL;
	if (!limits_read(&limits, runfile, error))
		return NULL;
	if (terms && terms->release_time != NUMBER_UNKNOWN)
		limits.release_time = terms->release_time;
	limits.allow_partial |= terms && terms->allow_partial;
	if (!evidence_load(&evidence, &limits, runfile, error)) {
		limits_deinit(&limits);
		return NULL;
	}
	verdict = calloc(1, sizeof *verdict);
	bool good = verdict || error_memory(error);
	if (good &&
	    !conditions_read(&verdict->conditions, runfile, evidence_last(&evidence)->snapshot))
		good = error_memory(error);
	good = good && (is_control || runfile_controls(runfile, judge_control, verdict, error));
	if (good && !weigh(verdict, &evidence, &limits))
		good = error_memory(error);
	good = good && growth_find(verdict, &evidence, &limits, runfile, error);
	good = good && (growth_rank(verdict) || error_memory(error));
	if (good && !decide(verdict, &evidence, &limits))
		good = error_memory(error);
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

struct verdict *judge_run(
    struct runfile *runfile, const struct judge_terms *terms, struct error *error)
{
	return judge(runfile, terms, false, error);
}

bool judging_valid(const char *key, const char *value, struct error *error)
{
	return strncmp(key, "judge.", strlen("judge.")) == 0 ? limit_valid(key, value, error)
	                                                     : expectation_valid(key, value, error);
}

double judging_limit(const char *key, const char *text)
{
	return limit_value(key, text);
}
