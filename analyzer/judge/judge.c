/* The order in which evidence becomes a verdict. */
#include "judge/judge.h"

#include <stdlib.h>
#include <string.h>

#include "judge/binomial.h"
#include "judge/culprits.h"
#include "judge/evidence.h"
#include "judge/expectation.h"
#include "judge/orphans.h"
#include "judge/reasons.h"
#include "judge/session_ids.h"
#include "judge/verdict.h"

static bool out_of_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
}

static bool read_rate(struct runfile *runfile, const char *key, double *out, struct error *error)
{
	char *text = runfile_get(runfile, key);
	bool good = !text || rate_parse(text, out);
	if (!good)
		error_set(
		    error, EXIT_USAGE, "%s: \"%s\" should be a number from 0 to 1", key, text);
	free(text);
	return good;
}

static bool setting_is(struct runfile *runfile, const char *key, const char *value)
{
	char *text = runfile_get(runfile, key);
	bool equal = text && strcmp(text, value) == 0;
	free(text);
	return equal;
}

static bool setting_is_true(struct runfile *runfile, const char *key)
{
	char *text = runfile_get(runfile, key);
	bool yes = text && *text && strcmp(text, "false") != 0 && strcmp(text, "no") != 0 &&
	           strcmp(text, "0") != 0;
	free(text);
	return yes;
}

/* Seconds, or NUMBER_UNKNOWN. */
static int64_t read_seconds(struct runfile *runfile, const char *key)
{
	char *text = runfile_get(runfile, key);
	char *end;
	int64_t seconds = text ? strtoll(text, &end, 10) : 0;
	if (!text || end == text)
		seconds = NUMBER_UNKNOWN;
	free(text);
	return seconds;
}

static bool read_limits(struct runfile *runfile, struct limits *limits, struct error *error)
{
	*limits = (struct limits){.smallest_rate = 0.1, .max_failed = 0.2};
	if (!read_rate(runfile, "judge.smallest_rate", &limits->smallest_rate, error) ||
	    !read_rate(runfile, "judge.max_failed", &limits->max_failed, error))
		return false;
	if (limits->smallest_rate <= 0 || limits->smallest_rate >= 1)
		return error_set(error, EXIT_USAGE,
		    "judge.smallest_rate: should lie between 0 and 1; no number of cycles excludes "
		    "a rate of 0");
	limits->interrupted = setting_is_true(runfile, "interrupted");
	limits->settled = setting_is(runfile, "settled", "quiet");
	limits->timed_out = setting_is(runfile, "settled", "timeout");
	limits->settled_for = read_seconds(runfile, "settle.at_least");
	limits->environment_failed = setting_is(runfile, "ended-early.code", "4");
	limits->ended_early = runfile_get(runfile, "ended-early");
	return true;
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
	if (verdict->orphans_known && verdict->k == 0 &&
	    !reasons_doubt(reasons, verdict, evidence, limits))
		return false;
	if (reasons->count > 0)
		verdict->word = VERDICT_INCONCLUSIVE;
	else
		verdict->word = verdict->k > 0 ? VERDICT_LEAK : VERDICT_CLEAN;
	return reasons_tell(reasons, verdict, evidence, limits);
}

struct verdict *judge_run(struct runfile *runfile, struct error *error)
{
	struct limits limits;
	struct evidence evidence;
	struct verdict *verdict = NULL;
	if (!read_limits(runfile, &limits, error))
		return NULL;
	if (!evidence_load(&evidence, runfile, error)) {
		free(limits.ended_early);
		return NULL;
	}
	verdict = calloc(1, sizeof *verdict);
	bool good = verdict && weigh(verdict, &evidence) && decide(verdict, &evidence, &limits);
	if (!good)
		out_of_memory(error);
	else
		good = expectations_check(verdict, runfile, error);
	evidence_deinit(&evidence);
	free(limits.ended_early);
	if (!good) {
		verdict_destroy(verdict);
		return NULL;
	}
	return verdict;
}
