/* The order in which evidence becomes a verdict. */
#include "judge/judge.h"

#include <stdlib.h>
#include <string.h>

#include "judge/binomial.h"
#include "judge/controls.h"
#include "judge/culprits.h"
#include "judge/evidence.h"
#include "judge/expectation.h"
#include "judge/growth.h"
#include "judge/limits.h"
#include "judge/orphans.h"
#include "judge/reasons.h"
#include "judge/session_ids.h"
#include "judge/verdict.h"

static bool out_of_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
}

static void count_cycles(struct verdict *verdict, const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		verdict->cycles[cycle->result]++;
		verdict->n += cycle_counts(evidence, cycle);
		verdict->unshown += cycle_is_unshown(evidence, cycle);
	}
	if (verdict->n > 0)
		verdict->smallest_visible_rate = binomial_smallest_visible_rate(verdict->n);
}

static bool both_have(const struct moment *a, const struct moment *b, const char *what)
{
	return a->snapshot && b->snapshot && snapshot_has(a->snapshot, what) &&
	       snapshot_has(b->snapshot, what);
}

static bool weigh_after(struct verdict *verdict, const struct evidence *evidence)
{
	struct orphans orphans;
	if (!both_have(&evidence->before, &evidence->after, "logon_sessions"))
		return true;
	if (!orphans_find(&orphans, evidence, &evidence->after))
		return false;
	verdict->after_known = true;
	verdict->after_k = orphans.k;
	orphans_deinit(&orphans);
	return true;
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
		if (!survivor_is_orphan(survivor) || survivor->cycle == last)
			continue;
		last = survivor->cycle;
		verdict->orphaned[count++] = last->number;
	}
	return true;
}

static bool weigh_settled(
    struct verdict *verdict, const struct evidence *evidence, struct orphans *orphans)
{
	const struct snapshot *settled = evidence->settled.snapshot;
	if (!both_have(&evidence->before, &evidence->settled, "logon_sessions"))
		return true;
	if (!orphans_find(orphans, evidence, &evidence->settled))
		return false;
	verdict->orphans_known = true;
	verdict->k = orphans->k;
	verdict->orphan_logon_sessions = orphans->orphans;
	verdict->unmatched = orphans->unmatched;
	verdict->uncounted = orphans->uncounted;
	verdict->in_use = orphans->in_use;
	if (verdict->n > 0) {
		verdict->rate = (double)verdict->k / (double)verdict->n;
		binomial_interval(verdict->k, verdict->n, &verdict->lower, &verdict->upper);
	}
	if (!note_orphaned(verdict, orphans))
		return false;
	return !snapshot_has(settled, "handles") || culprits_find(verdict, settled, orphans);
}

/* Everything that can be counted; the word and its reasons come after. */
static bool weigh(struct verdict *verdict, const struct evidence *evidence)
{
	struct orphans orphans = {0};
	count_cycles(verdict, evidence);
	bool good = weigh_after(verdict, evidence) && weigh_settled(verdict, evidence, &orphans) &&
	            session_ids_find(
	                &verdict->ids, &evidence->cycles, verdict->orphans_known ? &orphans : NULL);
	if (good && both_have(&evidence->before, &evidence->settled, "sessions")) {
		verdict->sessions_left_known = true;
		verdict->sessions_left =
		    sessions_left(evidence, verdict->orphans_known ? &orphans : NULL);
	}
	if (good && evidence->before.snapshot)
		verdict->sessions_before = sessions_before(evidence);
	orphans_deinit(&orphans);
	return good;
}

/* What blocks a verdict comes first in the reasons. */
static bool decide(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	struct sentences *reasons = &verdict->reasons;
	if (!reasons_block(reasons, verdict, evidence, limits))
		return false;
	const bool leak = verdict->k > 0 || growth_is_leak(verdict);
	/* An orphan is proven by identity; all else has to stand up to doubts. */
	if (verdict->orphans_known && verdict->k == 0 &&
	    !reasons_doubt(reasons, verdict, evidence, limits))
		return false;
	if (reasons->count > 0)
		verdict->word = VERDICT_INCONCLUSIVE;
	else
		verdict->word = leak ? VERDICT_LEAK : VERDICT_CLEAN;
	return reasons_tell(reasons, verdict, evidence, limits);
}

static struct verdict *judge(struct runfile *runfile, bool with_controls, struct error *error)
{
	struct limits limits;
	struct evidence evidence;
	struct verdict *verdict = NULL;
	if (!limits_read(&limits, runfile, error))
		return NULL;
	if (!evidence_load(&evidence, runfile, error)) {
		limits_deinit(&limits);
		return NULL;
	}
	verdict = calloc(1, sizeof *verdict);
	bool good = verdict || out_of_memory(error);
	good = good && (!with_controls || controls_judge(verdict, runfile, error));
	if (good && !weigh(verdict, &evidence))
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

struct verdict *judge_run(struct runfile *runfile, struct error *error)
{
	return judge(runfile, true, error);
}

struct verdict *judge_control(struct runfile *runfile, struct error *error)
{
	return judge(runfile, false, error);
}

bool judging_valid(const char *key, const char *value, struct error *error)
{
	return strncmp(key, "judge.", strlen("judge.")) == 0 ? limit_valid(key, value, error)
	                                                     : expectation_valid(key, value, error);
}
