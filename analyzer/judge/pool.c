#include "judge/pool.h"

#include <stdlib.h>

#include <jansson.h>

#include "common/json_text.h"
#include "judge/rate.h"
#include "judge/verdict.h"

/* Runs are one only if they are alike. */
static bool tell_difference(struct pool *pool, bool *alike)
{
	*alike = true;
	for (size_t i = 1; i < pool->count; i++) {
		char *difference = conditions_difference(&pool->verdicts[i]->conditions,
		    &pool->verdicts[0]->conditions, pool->paths[i], pool->paths[0]);
		if (!difference)
			continue;
		*alike = false;
		const bool good = sentences_add(
		    &pool->reasons, "%s: runs that differ are not judged together", difference);
		free(difference);
		return good;
	}
	return true;
}

static void add_up(struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		const struct verdict *verdict = pool->verdicts[i];
		if (!verdict->orphans_known || verdict->n == 0)
			continue;
		pool->k += verdict->leaked_k;
		pool->n += verdict->n;
		pool->effective += verdict->effective;
		pool->missing += verdict->cycles_missing;
	}
	if (pool->n == 0)
		return;
	/* Those that are missing may all have leaked, or none of them. */
	const double all = (double)(pool->n + pool->missing);
	const double effective = pool->effective * all / (double)pool->n;
	pool->interval.lower = interval_exact((double)pool->k / all * effective, effective).lower;
	pool->interval.upper =
	    interval_exact((double)(pool->k + pool->missing) / all * effective, effective).upper;
}

static bool tell_missing(struct pool *pool)
{
	const double all = (double)(pool->n + pool->missing);
	char least[PERCENT_TEXT], most[PERCENT_TEXT];

	return pool->missing == 0 || pool->n == 0 ||
	       sentences_add(&pool->reasons,
	           "%lld cycles of shards that did not come back are missing: the rate of all is %s %% to %s %%",
	           (long long)pool->missing, percent_format((double)pool->k / all, least),
	           percent_format((double)(pool->k + pool->missing) / all, most));
}

static bool tell_rate(struct pool *pool)
{
	char rate[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT];

	return pool->n == 0 ||
	       sentences_add(&pool->reasons,
	           "%lld of %lld cycles in %zu runs leaked (rate %s %%, 95 %% interval %s %% to %s %%)",
	           (long long)pool->k, (long long)pool->n, pool->count,
	           percent_format((double)pool->k / (double)pool->n, rate),
	           percent_format(pool->interval.lower, lower),
	           percent_format(pool->interval.upper, upper));
}

/* One leak is enough; what stands against CLEAN in one run stands against it in all, except for too few cycles. */
static bool decide(struct pool *pool)
{
	struct sentences *out = &pool->reasons;
	double smallest = 1;
	bool leaks = false;

	pool->word = VERDICT_INCONCLUSIVE;
	for (size_t i = 0; i < pool->count; i++) {
		const struct verdict *verdict = pool->verdicts[i];
		leaks |= verdict->word == VERDICT_LEAK;
		if (verdict->smallest_rate < smallest)
			smallest = verdict->smallest_rate;
		if (verdict->word == VERDICT_INCONCLUSIVE && !verdict->too_few_alone &&
		    !sentences_add(out, "%s is INCONCLUSIVE: %s", pool->paths[i],
		        verdict->reasons.count ? verdict->reasons.items[0] : "no reason"))
			return false;
	}
	if (leaks)
		pool->word = VERDICT_LEAK;
	if (leaks || out->count > 0)
		return true;
	const int64_t needed = interval_tries_for(smallest);
	char rate[PERCENT_TEXT];
	if (pool->n >= needed)
		pool->word = VERDICT_CLEAN;
	else
		return sentences_add(out,
		    "to exclude %s %% (judge.smallest_rate) run %lld more cycles",
		    percent_format(smallest, rate), (long long)(needed - pool->n));
	return true;
}

struct pool *pool_create(
    const struct verdict *const *verdicts, const char *const *paths, size_t count)
{
	struct pool *pool = calloc(1, sizeof *pool);
	bool alike;

	if (!pool)
		return NULL;
	*pool = (struct pool){
	    .verdicts = verdicts, .paths = paths, .count = count, .word = VERDICT_INCONCLUSIVE};
	add_up(pool);
	if (tell_difference(pool, &alike) &&
	    (!alike || (decide(pool) && tell_rate(pool) && tell_missing(pool))))
		return pool;
	pool_destroy(pool);
	return NULL;
}

void pool_destroy(struct pool *pool)
{
	if (!pool)
		return;
	sentences_deinit(&pool->reasons);
	free(pool);
}

int pool_exit_code(const struct pool *pool)
{
	if (pool->word == VERDICT_INCONCLUSIVE)
		return EXIT_INCONCLUSIVE;
	return pool->word == VERDICT_LEAK ? EXIT_LEAK : EXIT_CLEAN;
}

const struct culprit *pool_culprit(const struct verdict *verdict)
{
	const bool leads = verdict->word == VERDICT_LEAK && verdict->culprit_count > 0 &&
	                   verdict->culprits_tied == 1 &&
	                   !image_follows(verdict->culprits[0].image);

	return leads ? &verdict->culprits[0] : NULL;
}

bool pool_print_json(const struct pool *pool, FILE *out, struct error *error)
{
	json_t *reasons = json_array(), *runs = json_array();

	for (size_t i = 0; i < pool->reasons.count; i++)
		json_array_append_new(reasons, json_of_text(pool->reasons.items[i]));
	for (size_t i = 0; i < pool->count; i++) {
		const struct verdict *verdict = pool->verdicts[i];
		const struct culprit *culprit = pool_culprit(verdict);
		json_array_append_new(
		    runs, json_pack("{s:o,s:s,s:I,s:I,s:o}", "run", json_of_text(pool->paths[i]),
		              "verdict", verdict_words[verdict->word], "k",
		              (json_int_t)verdict->leaked_k, "n", (json_int_t)verdict->n, "culprit",
		              json_of_text(culprit ? culprit->image : NULL)));
	}
	json_t *root = json_pack("{s:s,s:s,s:o,s:I,s:I,s:I,s:f,s:[f,f],s:o}", "schema", POOL_SCHEMA,
	    "verdict", verdict_words[pool->word], "reasons", reasons, "k", (json_int_t)pool->k, "n",
	    (json_int_t)pool->n, "cycles_missing", (json_int_t)pool->missing, "effective_n",
	    pool->effective, "ci95", pool->interval.lower, pool->interval.upper, "runs", runs);
	const bool written = json_write(root, JSON_ON_ONE_LINE, out);
	json_decref(root);
	if (!written)
		return error_set(error, EXIT_TARGET, "writing the verdict as JSON failed");
	return true;
}
