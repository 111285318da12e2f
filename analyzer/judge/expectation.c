/* The words of each expectation, and what in the verdict they are about. */
#include "judge/expectation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"
#include "common/duration.h"
#include "common/suggest.h"
#include "common/text.h"
#include "judge/latencies.h"
#include "judge/rate.h"

#define SEEN_TEXT 160

struct kind {
	const char *key;
	const char *const *words; /* ends with NULL; NULL: any text, or a rate */
	const char *wanted;       /* for messages */
	enum met (*compare)(
	    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT]);
};

static enum met met(bool condition)
{
	return condition ? MET : NOT_MET;
}

static enum met unknown(char seen[SEEN_TEXT], const char *why)
{
	snprintf(seen, SEEN_TEXT, "unknown: %s", why);
	return NOT_DECIDABLE;
}

static enum met check_verdict(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	const char *word = verdict_words[verdict->word];
	snprintf(seen, SEEN_TEXT, "%s%s", word, verdict->bounded ? ", bounded" : "");
	if (strcmp(expected, word) == 0)
		return MET;
	if (verdict->bounded && verdict->bounded_allowed)
		return met(strcmp(expected, verdict_words[VERDICT_CLEAN]) == 0);
	return verdict->word == VERDICT_INCONCLUSIVE ? NOT_DECIDABLE : NOT_MET;
}

static enum met check_bounded(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	snprintf(seen, SEEN_TEXT, "%s%s", verdict_words[verdict->word],
	    verdict->bounded ? ", bounded" : "");
	if (verdict->word == VERDICT_INCONCLUSIVE)
		return NOT_DECIDABLE;
	return met(
	    verdict->word == VERDICT_LEAK ? verdict->bounded : strcmp(expected, "allow") == 0);
}

/* Whether another program explains as much as the first, and one of those is expected. */
static bool is_ambiguous(
    const struct verdict *verdict, const struct suspect *first, const char *expected)
{
	bool other = false, named = image_same(expected, first->image);
	for (size_t i = 0; i < verdict->suspect_count; i++) {
		const struct suspect *suspect = &verdict->suspects[i];
		if (!suspect_explains(suspect, verdict_unseen(verdict)) ||
		    image_same(suspect->image, first->image))
			continue;
		other = true;
		named |= image_same(expected, suspect->image);
	}
	return other && named;
}

static enum met check_culprit(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->culprits_known)
		return unknown(seen, "not observed: handles");
	const struct culprit *first = verdict->culprits;
	const bool followed = verdict->culprit_count == 0 || image_follows(first->image);
	const struct suspect *suspect = followed ? verdict_suspect(verdict) : NULL;
	/* What nobody is seen to hold but System and lsass, those may hold who could not be looked into. */
	if (suspect) {
		snprintf(seen, SEEN_TEXT,
		    "%.60s, suspected, with %lld token handles that could not be looked into and %lld exited processes",
		    suspect->image ? suspect->image : "a process without a name",
		    (long long)suspect->hidden, (long long)suspect->exited);
		if (is_ambiguous(verdict, suspect, expected))
			return NOT_DECIDABLE;
		return met(image_same(expected, suspect->image));
	}
	if (verdict->culprit_count == 0 || first->follower) {
		snprintf(seen, SEEN_TEXT, "none");
		return met(strcasecmp(expected, "none") == 0);
	}
	snprintf(seen, SEEN_TEXT, "%.80s, with %lld of %lld",
	    first->image ? first->image : "a process without a name",
	    (long long)(first->logon_sessions + first->session_ids),
	    (long long)(verdict->orphan_logon_sessions + verdict->pinned_ids +
	                verdict->referred_ids + verdict->harmless_ids));
	return met(image_same(expected, first->image));
}

static void show_rate(char seen[SEEN_TEXT], double rate, double lower, double upper)
{
	char is[PERCENT_TEXT], from[PERCENT_TEXT], to[PERCENT_TEXT];
	snprintf(seen, SEEN_TEXT, "%s (95 %% interval %s to %s)", rate_format(rate, is),
	    rate_format(lower, from), rate_format(upper, to));
}

static enum met check_rate(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	double rate;
	if (!verdict->orphans_known || verdict->n == 0)
		return unknown(seen, "not observed: logon sessions");
	if (verdict->bounded)
		return unknown(seen, "a bounded leak has no rate");
	if (verdict->shards_missing > 0)
		return unknown(seen, "a range: shards of the load did not come back");
	show_rate(seen, verdict->rate, verdict->lower, verdict->upper);
	return met(rate_parse(expected, &rate) && rate >= verdict->lower && rate <= verdict->upper);
}

static enum met check_pinned(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	double rate;
	if (!verdict->orphans_known || verdict->n == 0)
		return unknown(seen, "not observed: logon sessions");
	if (verdict->shards_missing > 0)
		return unknown(seen, "a range: shards of the load did not come back");
	show_rate(seen, (double)verdict->pinned_k / (double)verdict->n, verdict->pinned_lower,
	    verdict->pinned_upper);
	return met(rate_parse(expected, &rate) && rate >= verdict->pinned_lower &&
	           rate <= verdict->pinned_upper);
}

static enum met check_session_ids(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	const struct session_ids *ids = &verdict->ids;
	if (!ids->has_growth)
		return unknown(seen, "fewer than two cycles have a session ID");
	static const char *const words[] = {
	    [IDS_UNKNOWN] = "not shown", [IDS_REUSED] = "reused", [IDS_RISING] = "rising"};
	snprintf(seen, SEEN_TEXT,
	    "%s: growth %.2f a cycle, %lld distinct in %lld, %lld pinned, %lld reused while "
	    "orphaned",
	    words[ids->word], ids->growth_per_cycle, (long long)ids->distinct,
	    (long long)ids->cycles, (long long)ids->pinned, (long long)ids->reused_while_orphaned);
	if (ids->word == IDS_UNKNOWN)
		return NOT_DECIDABLE;
	return met(strcmp(expected, words[ids->word]) == 0);
}

/* "some" or "none" of, or "all" of `all`. */
static enum met check_amount(const char *expected, int64_t count, int64_t all, char seen[SEEN_TEXT])
{
	snprintf(seen, SEEN_TEXT, "%lld of %lld", (long long)count, (long long)all);
	if (strcmp(expected, "none") == 0)
		return met(count == 0);
	if (strcmp(expected, "all") == 0)
		return met(count > 0 && count >= all);
	return met(count > 0);
}

static enum met check_orphans_after(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->after_known)
		return unknown(seen, "there is no sample \"after\" with logon sessions");
	return check_amount(expected, verdict->after_k, verdict->n, seen);
}

static enum met check_unattributed(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->culprits_known)
		return unknown(seen, "not observed: handles");
	return check_amount(expected, verdict->unattributed, verdict->orphan_logon_sessions, seen);
}

static enum met check_sessions_left(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->sessions_left_known)
		return unknown(seen, "not observed: sessions");
	return check_amount(expected, verdict->sessions_left, verdict->n, seen);
}

static enum met check_failed(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	const int64_t bad = verdict_failures(verdict);
	int64_t all = -verdict->played_again;
	double most;

	for (int i = 0; i < CYCLE_RESULT_COUNT; i++)
		all += i == CYCLE_RUNNING ? 0 : verdict->cycles[i];
	if (all == 0)
		return unknown(seen, "no cycle came to an end");
	char share[PERCENT_TEXT];
	snprintf(seen, SEEN_TEXT, "%s (%lld of %lld)",
	    rate_format((double)bad / (double)all, share), (long long)bad, (long long)all);
	return met(rate_parse(expected, &most) && (double)bad <= most * (double)all);
}

static const char *const verdict_choices[] = {"CLEAN", "LEAK", "INCONCLUSIVE", NULL};
static const char *const id_choices[] = {"reused", "rising", NULL};
static const char *const bounded_choices[] = {"allow", "only", NULL};
static const char *const some_none[] = {"some", "none", NULL};
static const char *const all_some_none[] = {"all", "some", "none", NULL};

static const struct kind kinds[] = {
    {"expect.verdict", verdict_choices, "CLEAN, LEAK or INCONCLUSIVE", check_verdict},
    {"expect.bounded", bounded_choices, "allow or only", check_bounded},
    {"expect.culprit", NULL, "an image name, or none", check_culprit},
    {"expect.rate", NULL, "a number from 0 to 1", check_rate},
    {"expect.failed", NULL, "the largest share of failed cycles, a number from 0 to 1",
        check_failed},
    {"expect.session_ids", id_choices, "reused or rising", check_session_ids},
    {"expect.pinned", NULL, "a number from 0 to 1", check_pinned},
    {"expect.orphans_after", some_none, "some or none", check_orphans_after},
    {"expect.unattributed", all_some_none, "all, some or none", check_unattributed},
    {"expect.sessions_left", all_some_none, "all, some or none", check_sessions_left},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

#define EXPECTED_LATENCIES (LATENCY_TO_LOGON + 1)

/* Percentiles that the latencies must keep below. */
static const struct percentile_key {
	double percent;
	const char *keys[EXPECTED_LATENCIES];
} percentiles[] = {
#define KEYS(name)                                                                                 \
	{                                                                                          \
		"expect." name ".tcp", "expect." name ".tls", "expect." name ".nla",               \
		    "expect." name ".activated", "expect." name ".logon", "expect." name ".hold",  \
		    "expect." name ".logoff", "expect." name ".to_logon"                           \
	}
    {50, KEYS("p50")},
    {90, KEYS("p90")},
    {95, KEYS("p95")},
    {99, KEYS("p99")},
#undef KEYS
};
#define PERCENTILE_COUNT (sizeof percentiles / sizeof percentiles[0])

static bool is_percentile(const char *key)
{
	for (size_t i = 0; i < PERCENTILE_COUNT; i++)
		for (int which = 0; which < EXPECTED_LATENCIES; which++)
			if (strcmp(percentiles[i].keys[which], key) == 0)
				return true;
	return false;
}

static enum met check_percentile(const struct latencies *latencies, double percent, int which,
    const char *expected, char seen[SEEN_TEXT])
{
	const size_t count = latencies->counts[which];
	char text[LATENCY_TEXT];
	int64_t most;

	if (count == 0)
		return unknown(seen, "not observed: no cycle shows this phase");
	const int64_t us = percentile(latencies->us[which], count, percent);
	snprintf(seen, SEEN_TEXT, "%s in %zu cycle%s", latency_format(us, text), count,
	    text_plural((int64_t)count));
	return met(duration_parse(expected, &most) && us <= most);
}

/* The word that was probably meant: " (did you mean CLEAN?)", or "". */
static const char *suggest_word(
    const struct kind *kind, const char *value, char text[SUGGESTION_TEXT])
{
	struct suggestion suggestion;

	suggest_begin(&suggestion, value);
	for (const char *const *word = kind->words; word && *word; word++)
		suggest_offer(&suggestion, *word);
	return suggest_words(&suggestion, text);
}

static bool value_is_valid(const struct kind *kind, const char *value)
{
	if (kind->compare == check_rate || kind->compare == check_failed) {
		double rate;
		return rate_parse(value, &rate);
	}
	if (!kind->words)
		return *value;
	for (const char *const *word = kind->words; *word; word++) {
		if (strcmp(value, *word) == 0)
			return true;
	}
	return false;
}

bool expectation_valid(const char *key, const char *value, struct error *error)
{
	char meant[SUGGESTION_TEXT];
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kinds[i].key, key) != 0)
			continue;
		if (value_is_valid(&kinds[i], value))
			return true;
		return error_set(error, EXIT_USAGE, "%s: \"%s\" should be %s%s", key, value,
		    kinds[i].wanted, suggest_word(&kinds[i], value, meant));
	}
	int64_t ignored;
	if (is_percentile(key))
		return duration_parse(value, &ignored) ||
		       error_set(error, EXIT_USAGE,
		           "%s: \"%s\" is not a duration; write it like 250ms, 1.5s or 2m", key,
		           value);
	char known[512] = "";
	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i].key);
	}
	return error_set(error, EXIT_USAGE,
	    "%s: no such expectation; there are %s, and expect.p50, .p90, .p95 and .p99 of a phase "
	    "(expect.p95.logon)",
	    key, known);
}

/* Takes `expected` over, on failure, too. */
static bool add_expectation(struct verdict *verdict, const char *key, char *expected, enum met met,
    const char *seen, struct error *error)
{
	if (!array_reserve(&verdict->expectations, verdict->expectation_count,
	        sizeof *verdict->expectations)) {
		free(expected);
		return error_memory(error);
	}
	struct expectation *expectation = &verdict->expectations[verdict->expectation_count++];
	*expectation = (struct expectation){key, expected, strdup(seen), met};
	return expectation->seen || error_memory(error);
}

/* What the run expects for this key, valid; NULL: nothing, or an error if *good is cleared. */
static char *read_expected(
    struct runfile *runfile, const char *key, bool *good, struct error *error)
{
	char *expected = runfile_get(runfile, key);
	if (expected && !expectation_valid(key, expected, error)) {
		*good = false;
		free(expected);
		return NULL;
	}
	return expected;
}

static bool load_latencies(
    struct latencies *latencies, struct runfile *runfile, struct error *error)
{
	struct cycles cycles;
	if (!runfile_cycles(runfile, &cycles, error))
		return false;
	const bool good = latencies_load(latencies, &cycles, runfile, error);
	cycles_deinit(&cycles);
	return good;
}

static bool check_percentiles(struct verdict *verdict, struct runfile *runfile, struct error *error)
{
	struct latencies latencies = {0};
	bool good = true, loaded = false;

	for (size_t i = 0; i < PERCENTILE_COUNT * EXPECTED_LATENCIES && good; i++) {
		const struct percentile_key *row = &percentiles[i / EXPECTED_LATENCIES];
		const int which = (int)(i % EXPECTED_LATENCIES);
		char seen[SEEN_TEXT];
		char *expected = read_expected(runfile, row->keys[which], &good, error);

		if (!expected)
			continue;
		if (!loaded && !(loaded = load_latencies(&latencies, runfile, error))) {
			free(expected);
			return false;
		}
		const enum met met =
		    check_percentile(&latencies, row->percent, which, expected, seen);
		good = add_expectation(verdict, row->keys[which], expected, met, seen, error);
	}
	latencies_deinit(&latencies);
	return good;
}

bool expectations_check(struct verdict *verdict, struct runfile *runfile, struct error *error)
{
	bool good = true;
	char *bounded = read_expected(runfile, "expect.bounded", &good, error);
	verdict->bounded_allowed = bounded && strcmp(bounded, "allow") == 0;
	free(bounded);
	for (size_t i = 0; i < KIND_COUNT && good; i++) {
		char seen[SEEN_TEXT];
		char *expected = read_expected(runfile, kinds[i].key, &good, error);
		if (!expected)
			continue;
		const enum met met = kinds[i].compare(verdict, expected, seen);
		good = add_expectation(verdict, kinds[i].key, expected, met, seen, error);
	}
	return good && check_percentiles(verdict, runfile, error);
}
