/* Knows when a difference between runs is more than chance: runs, not cycles, are what is compared, as cycles of one run share its
 * conditions. */
#include "judge/validation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/json_text.h"
#include "common/text.h"
#include "judge/rate.h"
#include "judge/verdict.h"
#include "judge/words.h"
#include "statistics/few_runs.h"
#include "statistics/interval.h"
#include "statistics/permutation.h"
#include "statistics/student.h"

#define TAIL 0.025 /* of 95 % intervals */

static const char *const logon_sessions = "logon sessions leaked", *const runs =
                                                                       "runs leak handles";

const char *const validation_words[5] = {
    [VALIDATION_FIXED] = "fixed",
    [VALIDATION_IMPROVED] = "improved",
    [VALIDATION_NOT_FIXED] = "not fixed",
    [VALIDATION_WORSE] = "worse",
    [VALIDATION_CANNOT_TELL] = "cannot tell",
};

/* Cycles that are missing may all have leaked, or none of them. */
static bool can_be_judged(const struct verdict *verdict)
{
	return verdict->word != VERDICT_INCONCLUSIVE && verdict->n > 0 &&
	       verdict->shards_missing == 0 &&
	       (verdict->orphans_known || verdict->witness.leaks > 0);
}

static bool any_orphan(const struct verdict *const *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (can_be_judged(verdicts[i]) && verdicts[i]->leaked_k > 0)
			return true;
	return false;
}

/* The exact interval of all cycles would do if runs were alike. Student's of the runs' rates would do if these were not
 * bounded. Each may be too narrow: what either holds is in. */
static void find_interval(struct validation_side *side, bool by_run)
{
	double mean = 0, squares = 0;

	const struct interval exact = interval_exact((double)side->k, (double)side->n);
	side->lower = exact.lower;
	side->upper = exact.upper;
	if (by_run || side->count < 2)
		return;
	for (size_t i = 0; i < side->count; i++)
		mean += side->rates[i] / (double)side->count;
	for (size_t i = 0; i < side->count; i++)
		squares += pow(side->rates[i] - mean, 2);
	const double freedom = (double)side->count - 1,
	             reach = student_quantile(TAIL, freedom) *
	                     sqrt(squares / freedom / (double)side->count);
	side->lower = fmax(0, fmin(side->lower, mean - reach));
	side->upper = fmin(1, fmax(side->upper, mean + reach));
}

static bool side_init(struct validation_side *side, const struct verdict *const *verdicts,
    size_t count, const char *what)
{
	*side = (struct validation_side){.rates = calloc(count + 1, sizeof *side->rates)};
	if (!side->rates)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct verdict *verdict = verdicts[i];
		const bool leak = verdict->word == VERDICT_LEAK, by_run = what == runs;
		if (!can_be_judged(verdict)) {
			side->undecided++;
			continue;
		}
		const double rate = by_run ? leak : (double)verdict->leaked_k / (double)verdict->n;
		side->lowest = side->count == 0 || rate < side->lowest ? rate : side->lowest;
		side->highest = rate > side->highest ? rate : side->highest;
		side->rates[side->count++] = rate;
		side->leaks += leak;
		side->leaks_of_handles += leak && verdict->leaked_k == 0;
		side->dependent |= verdict->dependence.kind == DEPENDENCE_TIME;
		side->k += by_run ? leak : verdict->leaked_k;
		side->n += by_run ? 1 : verdict->n;
	}
	if (side->n > 0)
		find_interval(side, what == runs);
	return true;
}

/* R. G. Newcombe, Statist. Med. 17 (1998), 873: the two intervals put together. */
static void find_effect(struct validation *validation)
{
	const struct validation_side *now = &validation->now, *before = &validation->before;
	const double rate_now = (double)now->k / (double)now->n,
	             rate_before = (double)before->k / (double)before->n;

	validation->effect = rate_before - rate_now;
	validation->effect_lower =
	    validation->effect - hypot(rate_before - before->lower, now->upper - rate_now);
	validation->effect_upper =
	    validation->effect + hypot(before->upper - rate_before, rate_now - now->lower);
}

static bool tell_side(
    struct sentences *out, const char *name, const struct validation_side *side, const char *what)
{
	char rate[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT], lowest[PERCENT_TEXT],
	    highest[PERCENT_TEXT], range[2 * PERCENT_TEXT + 32] = "";
	const char *many = text_plural((int64_t)side->count);

	if (side->undecided > 0 &&
	    !sentences_add(out,
	        "%zu run%s %s %s INCONCLUSIVE and left out: judge %s alone to see why",
	        side->undecided, text_plural((int64_t)side->undecided), name,
	        side->undecided == 1 ? "is" : "are", side->undecided == 1 ? "it" : "them"))
		return false;
	if (side->n == 0)
		return true;
	if (what == runs)
		return sentences_add(out, "%s: %lld of %lld run%s leak%s handles", name,
		    (long long)side->k, (long long)side->n, many, side->k == 1 ? "s" : "");
	percent_format((double)side->k / (double)side->n, rate);
	percent_format(side->lower, lower);
	percent_format(side->upper, upper);
	percent_format(side->lowest, lowest);
	percent_format(side->highest, highest);
	if (strcmp(lowest, highest) != 0)
		snprintf(range, sizeof range, "; by run from %s %% to %s %%", lowest, highest);
	return sentences_add(out,
	           "%s: %lld of %lld logon sessions leaked in %zu run%s (%s %%, 95 %% interval %s %% to "
	           "%s %%%s)",
	           name, (long long)side->k, (long long)side->n, side->count, many, rate, lower,
	           upper, range) &&
	       (side->leaks_of_handles == 0 ||
	           sentences_add(out, "%s: %zu of %zu run%s leak%s handles, but no logon session",
	               name, side->leaks_of_handles, side->count, many,
	               side->leaks_of_handles == 1 ? "s" : ""));
}

/* Below zero with its sign. */
static char *points_format(double share, char out[PERCENT_TEXT])
{
	out[0] = '-';
	percent_format(fabs(share), share < 0 ? out + 1 : out);
	return out;
}

static bool is_few(const struct validation *validation)
{
	return validation->what != runs && (validation->now.count < FEW_RUNS_ENOUGH ||
	                                       validation->before.count < FEW_RUNS_ENOUGH);
}

static bool tell_effect(struct validation *validation)
{
	const char *what = validation->what == runs ? "share of runs that leak" : "rate";
	const bool rose = validation->effect < 0;
	const double lower = rose ? -validation->effect_upper : validation->effect_lower,
	             upper = rose ? -validation->effect_lower : validation->effect_upper;
	char points[PERCENT_TEXT], from[PERCENT_TEXT + 1], to[PERCENT_TEXT + 1],
	    chance[PERCENT_TEXT], by_luck[PERCENT_TEXT + 100] = "";

	if (fabs(validation->effect) < 0.0005)
		return sentences_add(&validation->reasons, "the %s stayed the same", what);
	percent_format(validation->chance, chance);
	if (!is_few(validation))
		snprintf(by_luck, sizeof by_luck,
		    "; chance alone gives as large a difference in %s %% of all divisions of the runs, which decides",
		    chance);
	if (!sentences_add(&validation->reasons,
	        "the %s %s by %s points (95 %% interval %s to %s)%s", what, rose ? "rose" : "fell",
	        percent_format(fabs(validation->effect), points), points_format(lower, from),
	        points_format(upper, to), by_luck))
		return false;
	if (!is_few(validation))
		return true;
	return sentences_add(&validation->reasons,
	           "so few runs do not show how much runs differ by chance: a spread of %.0f between runs (of the logit) is "
	           "assumed, and then chance gives as large a difference in %s %%%s",
	           FEW_RUNS_SPREAD, chance,
	           validation->chance <= FEW_RUNS_LEVEL ? ""
	                                                : ", so that nothing follows from it") &&
	       (isnan(validation->spread) ||
	           sentences_add(&validation->reasons, "a spread of %.1f would overturn this",
	               validation->spread));
}

/* The smallest number of runs a side that can be told from chance. */
static bool tell_too_few(struct validation *validation)
{
	if (!is_few(validation))
		return sentences_add(&validation->reasons,
		    "the runs of a side differ too much among themselves to tell the difference from chance: play more of each");
	return sentences_add(&validation->reasons,
	    "play more cycles in each run, or %d runs of each, so that their own spread decides",
	    FEW_RUNS_ENOUGH);
}

/* How likely such a difference is by chance alone, in the direction that it has. */
static void find_chance(struct validation *validation)
{
	const struct validation_side *now = &validation->now, *before = &validation->before;
	const bool rose = validation->effect < 0;

	validation->spread = NAN;
	if (!is_few(validation)) {
		const struct validation_side *high = rose ? now : before,
		                             *low = rose ? before : now;
		validation->chance =
		    permutation_chance(low->rates, low->count, high->rates, high->count);
		return;
	}
	const struct few_runs few_now = {now->k, now->n, now->count},
	                      few_before = {before->k, before->n, before->count};

	validation->chance = few_runs_chance(&few_now, &few_before);
	if (validation->chance <= FEW_RUNS_LEVEL)
		validation->spread = few_runs_overturning(&few_now, &few_before);
}

static bool decide(struct validation *validation)
{
	const struct validation_side *now = &validation->now, *before = &validation->before;
	struct sentences *out = &validation->reasons;

	validation->word = VALIDATION_CANNOT_TELL;
	if (!tell_side(out, "without the fix", before, validation->what) ||
	    !tell_side(out, "with the fix", now, validation->what))
		return false;
	if (now->count == 0 || before->count == 0)
		return sentences_add(out, "there is no run %s that could be judged",
		    now->count == 0 ? "with the fix" : "without it");
	find_effect(validation);
	find_chance(validation);
	const bool told =
	    validation->chance <= FEW_RUNS_LEVEL && fabs(validation->effect) >= 0.0005;
	if (is_few(validation) && (now->dependent || before->dependent))
		return sentences_add(out,
		    "%s leaks are not spread evenly, so the cycles of so few runs tell nothing about another run: play %d "
		    "runs of each",
		    before->dependent ? "without the fix" : "with the fix", FEW_RUNS_ENOUGH);
	if (told && validation->effect < 0)
		validation->word = VALIDATION_WORSE;
	else if (before->leaks == 0)
		return sentences_add(out,
		    "the runs without the fix do not leak, so they cannot show that anything was fixed");
	else if (told && now->leaks > 0)
		validation->word = VALIDATION_IMPROVED;
	else if (told && validation->what != runs &&
	         (double)before->k < FEW_RUNS_LEAST_SHARE * (double)before->n)
		return sentences_add(out,
		    "without the fix fewer than %.0f %% of the logons leak: that none leaks with it may be chance; play more "
		    "cycles in each run",
		    100 * FEW_RUNS_LEAST_SHARE);
	else if (told)
		validation->word = VALIDATION_FIXED;
	else if (now->leaks > 0)
		validation->word = VALIDATION_NOT_FIXED;
	return tell_effect(validation) &&
	       (validation->word != VALIDATION_CANNOT_TELL || tell_too_few(validation));
}

/* Runs say something of a fix only if they are alike in all but that. False: they are not, or memory is out. */
static bool are_alike(struct validation *validation, const struct verdict *now,
    const struct verdict *before, bool *good)
{
	const struct culprit *leaker =
	    before->word == VERDICT_LEAK && before->culprit_count > 0 ? before->culprits : NULL;
	char *difference =
	    conditions_difference(&now->conditions, &before->conditions, "with the fix", "without");

	if (difference)
		*good = sentences_add(
		    &validation->reasons, "%s: that does not show what the fix does", difference);
	else if (leaker && leaker->image && conditions_runs(&now->conditions, leaker->image) == NO)
		*good = sentences_add(&validation->reasons,
		    "%s, which leaked without the fix, does not run with it, so nothing shows that it no longer leaks",
		    leaker->image);
	else
		return true;
	free(difference);
	return false;
}

static bool all_alike(struct validation *validation, const struct verdict *const *now,
    size_t now_count, const struct verdict *const *before, size_t before_count, bool *good)
{
	for (size_t i = 0; i < now_count; i++) {
		for (size_t j = 0; j < before_count; j++) {
			if (!are_alike(validation, now[i], before[j], good))
				return false;
		}
	}
	return true;
}

struct validation *validation_create(const struct verdict *const *now, size_t now_count,
    const struct verdict *const *before, size_t before_count)
{
	struct validation *validation = calloc(1, sizeof *validation);

	if (!validation)
		return NULL;
	validation->what =
	    any_orphan(now, now_count) || any_orphan(before, before_count) ? logon_sessions : runs;
	bool good = side_init(&validation->now, now, now_count, validation->what) &&
	            side_init(&validation->before, before, before_count, validation->what);
	validation->word = VALIDATION_CANNOT_TELL;
	if (good && all_alike(validation, now, now_count, before, before_count, &good))
		good = decide(validation);
	if (good)
		return validation;
	validation_destroy(validation);
	return NULL;
}

void validation_destroy(struct validation *validation)
{
	if (!validation)
		return;
	free(validation->now.rates);
	free(validation->before.rates);
	sentences_deinit(&validation->reasons);
	free(validation);
}

int validation_exit_code(const struct validation *validation)
{
	if (validation->word == VALIDATION_CANNOT_TELL)
		return EXIT_INCONCLUSIVE;
	return validation->word == VALIDATION_FIXED ? EXIT_CLEAN : EXIT_LEAK;
}

static json_t *side_json(const struct validation_side *side)
{
	json_t *rates = json_array();

	for (size_t i = 0; i < side->count; i++)
		json_array_append_new(rates, json_real(side->rates[i]));
	return json_pack("{s:o,s:I,s:I,s:I,s:[f,f],s:[f,f]}", "rates", rates, "inconclusive",
	    (json_int_t)side->undecided, "k", (json_int_t)side->k, "n", (json_int_t)side->n, "ci95",
	    side->lower, side->upper, "range", side->lowest, side->highest);
}

bool validation_print_json(const struct validation *validation, FILE *out, struct error *error)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < validation->reasons.count; i++)
		json_array_append_new(reasons, json_of_text(validation->reasons.items[i]));
	json_t *root = json_pack("{s:s,s:s,s:o,s:s,s:o,s:o}", "schema", VALIDATION_SCHEMA,
	    "validation", validation_words[validation->word], "reasons", reasons, "counted",
	    validation->what, "with_fix", side_json(&validation->now), "without_fix",
	    side_json(&validation->before));
	const bool known =
	    validation->now.count > 0 && validation->before.count > 0 && validation->chance > 0;
	json_object_set_new(root, "effect",
	    known ? json_pack("{s:f,s:[f,f],s:f}", "rate", validation->effect, "ci95",
	                validation->effect_lower, validation->effect_upper, "p", validation->chance)
	          : json_null());
	const bool written = json_write(root, JSON_ON_ONE_LINE, out);
	json_decref(root);
	if (!written)
		return error_set(error, EXIT_TARGET, "writing the validation as JSON failed");
	return true;
}
