/* The words of each expectation, and what in the verdict they are about. */
#include "judge/expectation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "judge/culprits.h"
#include "judge/rate.h"

#define SEEN_TEXT 160

struct kind {
	const char *key;
	const char *const *words; /* ends with NULL; NULL: any text, or a rate */
	const char *wanted;       /* for messages */
	enum met (*check)(
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
	snprintf(seen, SEEN_TEXT, "%s", word);
	if (strcmp(expected, word) == 0)
		return MET;
	return verdict->word == VERDICT_INCONCLUSIVE ? NOT_DECIDABLE : NOT_MET;
}

static enum met check_culprit(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->culprits_known)
		return unknown(seen, "no handles were seen");
	const struct culprit *first = verdict->culprits;
	if (verdict->culprit_count == 0 || first->follower) {
		snprintf(seen, SEEN_TEXT, "none");
		return met(strcasecmp(expected, "none") == 0);
	}
	const char *image = first->image ? first->image : "a process without a name";
	snprintf(seen, SEEN_TEXT, "%.80s, with %lld of %lld", image,
	    (long long)first->logon_sessions, (long long)verdict->orphan_logon_sessions);
	return met(image_same(expected, image));
}

static enum met check_rate(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	double rate;
	if (!verdict->orphans_known || verdict->n == 0)
		return unknown(seen, "no logon sessions were seen");
	snprintf(seen, SEEN_TEXT, "%.3g (95 %% interval %.3g to %.3g)", verdict->rate,
	    verdict->lower, verdict->upper);
	return met(rate_parse(expected, &rate) && rate >= verdict->lower && rate <= verdict->upper);
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
		return unknown(seen, "there is no snapshot \"after\" with logon sessions");
	return check_amount(expected, verdict->after_k, verdict->n, seen);
}

static enum met check_unattributed(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->culprits_known)
		return unknown(seen, "no handles were seen");
	return check_amount(expected, verdict->unattributed, verdict->orphan_logon_sessions, seen);
}

static enum met check_sessions_left(
    const struct verdict *verdict, const char *expected, char seen[SEEN_TEXT])
{
	if (!verdict->sessions_left_known)
		return unknown(seen, "no sessions were seen");
	return check_amount(expected, verdict->sessions_left, verdict->n, seen);
}

static const char *const verdict_choices[] = {"CLEAN", "LEAK", "INCONCLUSIVE", NULL};
static const char *const id_choices[] = {"reused", "rising", NULL};
static const char *const some_none[] = {"some", "none", NULL};
static const char *const all_some_none[] = {"all", "some", "none", NULL};

static const struct kind kinds[] = {
    {"expect.verdict", verdict_choices, "CLEAN, LEAK or INCONCLUSIVE", check_verdict},
    {"expect.culprit", NULL, "an image name, or none", check_culprit},
    {"expect.rate", NULL, "a number from 0 to 1", check_rate},
    {"expect.session_ids", id_choices, "reused or rising", check_session_ids},
    {"expect.orphans_after", some_none, "some or none", check_orphans_after},
    {"expect.unattributed", all_some_none, "all, some or none", check_unattributed},
    {"expect.sessions_left", all_some_none, "all, some or none", check_sessions_left},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static bool value_is_valid(const struct kind *kind, const char *value)
{
	if (kind->check == check_rate) {
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
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kinds[i].key, key) != 0)
			continue;
		if (value_is_valid(&kinds[i], value))
			return true;
		return error_set(
		    error, EXIT_USAGE, "%s: \"%s\" should be %s", key, value, kinds[i].wanted);
	}
	char known[512] = "";
	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i].key);
	}
	return error_set(error, EXIT_USAGE, "%s: no such expectation; there are %s", key, known);
}

static bool add_expectation(
    struct verdict *verdict, const struct kind *kind, char *expected, struct error *error)
{
	char seen[SEEN_TEXT];
	struct expectation *larger =
	    realloc(verdict->expectations, (verdict->expectation_count + 1) * sizeof *larger);
	if (!larger) {
		free(expected);
		return error_set(error, EXIT_TARGET, "out of memory");
	}
	verdict->expectations = larger;
	struct expectation *expectation = &larger[verdict->expectation_count++];
	expectation->key = kind->key;
	expectation->expected = expected;
	expectation->met = kind->check(verdict, expected, seen);
	expectation->seen = strdup(seen);
	return expectation->seen || error_set(error, EXIT_TARGET, "out of memory");
}

bool expectations_check(struct verdict *verdict, struct runfile *runfile, struct error *error)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		char *expected = runfile_get(runfile, kinds[i].key);
		if (!expected)
			continue;
		if (!expectation_valid(kinds[i].key, expected, error)) {
			free(expected);
			return false;
		}
		if (!add_expectation(verdict, &kinds[i], expected, error))
			return false;
	}
	return true;
}
