/* Taking evidence away never makes a verdict better. Each row, section and line of a comparison's evidence is removed alone. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "compare/compare.h"
#include "readers/reader.h"
#include "tests/unit/conformance/hosts.h"

#define HOSTS 12

/* What is removed, for messages and for the table. */
enum taken {
	TAKEN_ROW,
	TAKEN_SECTION,
	TAKEN_SIGHT,
	TAKEN_LINE,
	TAKEN_REST,
	TAKEN_FILE,
	TAKEN_COUNT
};
static const char *const taken_names[] = {
    "a row", "a section", "a sight", "a line", "all from a line on", "the text of a tool"};
static size_t verdicts[TAKEN_COUNT][EXIT_INCONCLUSIVE + 1];
static size_t leaks, cleans; /* of the whole evidence */

/* A comparison's outcome. */
struct outcome {
	enum exit_code verdict;
	char image[64]; /* of the first culprit; empty: none, or System or lsass */
};

static struct outcome outcome_of(
    struct snapshot *const *moments, size_t count, int64_t after_logoff)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = after_logoff};
	struct comparison *comparison = compare_snapshots(moments, count, &terms, NULL);
	assert_non_null(comparison);
	struct outcome outcome = {.verdict = comparison->verdict};
	if (comparison->culprits.count && !image_follows(comparison->culprits.items[0].image))
		snprintf(
		    outcome.image, sizeof outcome.image, "%s", comparison->culprits.items[0].image);
	comparison_destroy(comparison);
	return outcome;
}

/* As if handles were seen whole, without which text is never clean at all. */
static void see_handles(struct snapshot *snapshot)
{
	snapshot_sight(snapshot, SECTION_HANDLES)->extent = EXTENT_WHOLE;
	snapshot_sight(snapshot, FACT_TOKEN_SESSIONS)->section = "nothing";
	for (size_t i = 0; i < snapshot->handle_count; i++)
		snapshot->handles[i].session_id = 0;
}

/* The evidence of a host at the last moments, of which one text at a time is replaced. */
struct texts {
	size_t moments, tools;
	char *of[HOST_MOMENTS][TOOL_COUNT];
	int64_t after_logoff;
};

static struct outcome outcome_with(
    const struct texts *texts, size_t moment, size_t tool, const char *instead)
{
	struct snapshot *all[HOST_MOMENTS] = {NULL};
	struct outcome outcome = {.verdict = EXIT_USAGE};
	bool good = true;
	for (size_t i = 0; good && i < texts->moments; i++) {
		for (size_t j = 0; good && j < texts->tools; j++) {
			const bool here = i == moment && j == tool;
			const char *text = here ? instead : texts->of[i][j];
			if (!text)
				continue;
			struct snapshot *one = evidence_read(text, strlen(text), "any", NULL, NULL);
			if (!one) {
				good = false; /* refused, and said so */
			} else if (!all[i]) {
				all[i] = one;
			} else {
				assert_true(snapshot_merge(all[i], one, true, NULL));
				snapshot_destroy(one);
			}
		}
	}
	for (size_t i = 0; good && texts->tools > 1 && i < texts->moments; i++)
		see_handles(all[i]);
	if (good)
		outcome = outcome_of(all, texts->moments, texts->after_logoff);
	for (size_t i = 0; i < texts->moments; i++)
		snapshot_destroy(all[i]);
	return outcome;
}

static void texts_deinit(struct texts *texts)
{
	for (size_t i = 0; i < texts->moments; i++) {
		for (size_t j = 0; j < texts->tools; j++)
			free(texts->of[i][j]);
	}
}

static struct texts texts_of(uint64_t seed, bool json)
{
	struct texts texts = {.tools = json ? 1 : 3,
	    .after_logoff = json ? NUMBER_UNKNOWN : INT64_C(25) * 60 * 1000000};
	struct host host;
	host_start(&host, seed);
	host_next(&host);
	while (host_next(&host)) {
		/* Text has no time, so that its ages are given by hand. */
		if (!json && texts.moments == 1 && host.moment == HOST_MOMENTS - 1)
			continue;
		for (size_t j = 0; j < texts.tools; j++)
			texts.of[texts.moments][j] =
			    host_shown(&host, json ? TOOL_SNAPSHOT : (enum host_tool)(1 + j));
		texts.moments++;
	}
	host_end(&host);
	return texts;
}

/* ---- snapshots: their rows are counted, so that whatever lacks one says so ---- */

static void check(uint64_t seed, enum taken taken, const struct outcome *whole,
    const struct outcome *less, const char *what, size_t place)
{
	const bool better = less->verdict == EXIT_CLEAN && whole->verdict != EXIT_CLEAN;
	const bool other = taken <= TAKEN_SIGHT && less->verdict == EXIT_LEAK &&
	                   (whole->verdict != EXIT_LEAK ||
	                       (*less->image && strcmp(less->image, whole->image) != 0));
	verdicts[taken][less->verdict]++;
	if (!better && !other)
		return;
	print_error("host %" PRIu64 ": without %s (%s, %zu) it is %d of %s, with it %d of %s\n",
	    seed, taken_names[taken], what, place, less->verdict, less->image, whole->verdict,
	    whole->image);
	fail();
}

static void check_json(uint64_t seed, const struct texts *texts, const struct outcome *whole,
    size_t moment, json_t *root, enum taken taken, const char *what, size_t place)
{
	char *text = json_dumps(root, 0);
	const struct outcome less = outcome_with(texts, moment, 0, text);
	free(text);
	check(seed, taken, whole, &less, what, place);
}

static void sweep_section(uint64_t seed, const struct texts *texts, const struct outcome *whole,
    size_t moment, json_t *root, const char *key)
{
	json_t *array = json_object_get(root, key);
	const enum taken taken = strcmp(key, "sight") == 0 ? TAKEN_SIGHT : TAKEN_ROW;
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *row = json_incref(json_array_get(array, i));
		json_array_remove(array, i);
		check_json(seed, texts, whole, moment, root, taken, key, i);
		json_array_insert_new(array, i, row);
	}
	json_incref(array);
	json_object_del(root, key);
	check_json(seed, texts, whole, moment, root, TAKEN_SECTION, key, moment);
	json_object_set_new(root, key, array);
}

static void nothing_of_a_snapshot_can_be_lost_unseen(void **state)
{
	static const char *const keys[] = {
	    "sessions", "logon_sessions", "handles", "processes", "sight"};
	(void)state;
	for (uint64_t seed = 0; seed < HOSTS; seed++) {
		struct texts texts = texts_of(seed, true);
		const struct outcome whole = outcome_with(&texts, HOST_MOMENTS, 0, NULL);
		leaks += whole.verdict == EXIT_LEAK;
		cleans += whole.verdict == EXIT_CLEAN;
		for (size_t moment = 0; moment < texts.moments; moment++) {
			json_t *root = json_loads(texts.of[moment][0], 0, NULL);
			for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
				sweep_section(seed, &texts, &whole, moment, root, keys[i]);
			json_decref(root);
		}
		texts_deinit(&texts);
	}
}

/* ---- text ---- */

static size_t line_length(const char *text)
{
	const size_t length = strcspn(text, "\n");
	return length + (text[length] == '\n');
}

static void check_text(uint64_t seed, const struct texts *texts, const struct outcome *whole,
    size_t moment, size_t tool, enum taken taken, const char *text, size_t place)
{
	const struct outcome less = outcome_with(texts, moment, tool, text);
	static const char *const tools[] = {"qwinsta", "logonsessions", "handle"};
	check(seed, taken, whole, &less, tools[tool], place);
}

static void sweep_text(uint64_t seed, const struct texts *texts, const struct outcome *whole,
    size_t moment, size_t tool)
{
	const char *text = texts->of[moment][tool];
	const size_t size = strlen(text) + 1;
	char *less = malloc(size);
	size_t number = 1;
	assert_non_null(less);
	for (const char *at = text; *at; at += line_length(at), number++) {
		const size_t before = (size_t)(at - text);
		memcpy(less, text, before);
		snprintf(less + before, size - before, "%s", at + line_length(at));
		check_text(seed, texts, whole, moment, tool, TAKEN_LINE, less, number);
		less[before] = '\0';
		/* A list of logon sessions that ends between two records is a list of fewer; nobody can tell. */
		if (tool != 1 || (*at != '[' && at[line_length(at)] != '['))
			check_text(seed, texts, whole, moment, tool, TAKEN_REST, less, number);
	}
	check_text(seed, texts, whole, moment, tool, TAKEN_FILE, NULL, moment);
	free(less);
}

static void nothing_of_text_that_is_lost_makes_it_clean(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < HOSTS; seed++) {
		struct texts texts = texts_of(seed, false);
		const struct outcome whole = outcome_with(&texts, HOST_MOMENTS, 0, NULL);
		leaks += whole.verdict == EXIT_LEAK;
		cleans += whole.verdict == EXIT_CLEAN;
		for (size_t moment = 0; moment < texts.moments; moment++) {
			for (size_t tool = 0; tool < texts.tools; tool++)
				sweep_text(seed, &texts, &whole, moment, tool);
		}
		texts_deinit(&texts);
	}
	assert_in_range(leaks, 8, 2 * HOSTS);
	assert_in_range(cleans, 2, 2 * HOSTS);
	print_message(
	    "# %-22s %8s %8s %12s %8s\n", "removed", "LEAK", "CLEAN", "INCONCLUSIVE", "refused");
	for (int i = 0; i < TAKEN_COUNT; i++)
		print_message("# %-22s %8zu %8zu %12zu %8zu\n", taken_names[i],
		    verdicts[i][EXIT_LEAK], verdicts[i][EXIT_CLEAN], verdicts[i][EXIT_INCONCLUSIVE],
		    verdicts[i][EXIT_USAGE]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(nothing_of_a_snapshot_can_be_lost_unseen),
	    unit_test(nothing_of_text_that_is_lost_makes_it_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
