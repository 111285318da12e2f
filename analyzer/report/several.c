/* What is said of several runs at once, as a report like that of one: whether they leak together, and whether a fix works. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/version.h"
#include "judge/rate.h"
#include "report/fields.h"
#include "report/tables.h"

static const char *const sides[] = {"with the fix", "without"};

static void add_share(struct table *table, bool known, double rate)
{
	char text[PERCENT_TEXT];
	if (known)
		table_add(table, "%s %%", percent_format(rate, text));
	else
		table_add_text(table, NULL);
}

static const struct column run_columns[] = {{"run", COLUMN_NAME}, {"which", COLUMN_WORD},
    {"verdict", COLUMN_WORD}, {"leaked", COLUMN_NUMBER}, {"cycles", COLUMN_NUMBER},
    {"culprit", COLUMN_TEXT}, {"scenario", COLUMN_TEXT, .not_in_text = true},
    {"started", COLUMN_TIME, .not_in_text = true}};

static void add_run(struct table *table, const struct report *run, const char *side)
{
	const struct culprit *culprit = pool_culprit(run->verdict);
	char process[PROCESS_WORDS];
	table_add_text(table, run->path);
	table_add_text(table, side);
	table_add_text(table, verdict_words[run->verdict->word]);
	table_add_number(
	    table, run->verdict->orphans_known ? run->verdict->leaked_k : NUMBER_UNKNOWN);
	table_add_number(table, run->verdict->n);
	table_add_text(table,
	    culprit ? process_words(culprit->image, culprit->pid, culprit->services, process) : "");
	table_add_text(table, run->scenario_name);
	table_add_text(table, fact_of(run, "started"));
}

static void fill_runs(struct table *table, const struct report *report)
{
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < report->run_counts[side]; i++)
			add_run(
			    table, report->runs[side][i], report->validation ? sides[side] : "");
	}
}

static const struct column side_columns[] = {{"", COLUMN_NAME}, {"runs", COLUMN_NUMBER},
    {"left out", COLUMN_NUMBER}, {"leaked", COLUMN_NUMBER}, {"of", COLUMN_NUMBER},
    {"rate", COLUMN_NUMBER}, {"at least", COLUMN_NUMBER}, {"at most", COLUMN_NUMBER}};

static void fill_sides(struct table *table, const struct report *report)
{
	const struct validation *validation = report->validation;
	const struct validation_side *of[] = {&validation->now, &validation->before};
	for (size_t i = 0; i < 2; i++) {
		const bool known = of[i]->n > 0;
		table_add_text(table, sides[i]);
		table_add_number(table, (int64_t)of[i]->count);
		table_add_number(table, (int64_t)of[i]->undecided);
		table_add_number(table, known ? of[i]->k : NUMBER_UNKNOWN);
		table_add_number(table, known ? of[i]->n : NUMBER_UNKNOWN);
		add_share(table, known, known ? (double)of[i]->k / (double)of[i]->n : 0);
		add_share(table, known, of[i]->lower);
		add_share(table, known, of[i]->upper);
	}
	CAPTION(table, "How many %s; left out are runs that are INCONCLUSIVE", validation->what);
}

static const struct column fact_columns[] = {{"", COLUMN_NAME}, {"", COLUMN_TEXT}};

static void fill_environment(struct table *table, const struct report *report)
{
	for (size_t i = 0; i < report->fact_count; i++) {
		table_add_text(table, report->facts[i].name);
		table_add_text(table, report->facts[i].value);
	}
	table_add_text(table, "judged by leaklab");
	table_add_text(table, LEAKLAB_VERSION);
}

#define RUNS                                                                                       \
	{                                                                                          \
		{"runs", "Runs", COLUMNS(run_columns), IN_ALL,                                     \
		    "Each run by itself; leaked are cycles that left something behind"},           \
		    fill_runs                                                                      \
	}
#define ENVIRONMENT                                                                                \
	{                                                                                          \
		{"environment", "Environment", COLUMNS(fact_columns), IN_MARKDOWN | IN_HTML,       \
		    "What the runs were made with", .pairs = true},                                \
		    fill_environment                                                               \
	}
static const struct table_kind pool_tables[] = {RUNS, ENVIRONMENT};
static const struct table_kind validation_tables[] = {
    {{"sides", "With and without the fix", COLUMNS(side_columns), IN_ALL}, fill_sides}, RUNS,
    ENVIRONMENT};

static bool has_value(const struct report *report, const char *key, const char *value)
{
	for (size_t i = 0; i < report->fact_count; i++) {
		if (strcmp(report->facts[i].key, key) == 0 &&
		    strcasecmp(report->facts[i].value, value) == 0)
			return true;
	}
	return false;
}

static bool add_facts_of(struct report *report, const struct report *run, const char *key)
{
	for (size_t i = 0; i < run->fact_count; i++) {
		const struct fact *fact = &run->facts[i];
		if (strcmp(fact->key, key) != 0 || has_value(report, key, fact->value))
			continue;
		char *value = strdup(fact->value);
		if (!value || !fact_add(report, fact->key, fact->name, value))
			return false;
	}
	return true;
}

/* What the runs were made with, each value once. */
static bool add_facts(struct report *report)
{
	static const char *const keys[] = {"scenario", "host", "target", "build", "driver_version"};
	bool good = true;
	for (size_t key = 0; key < sizeof keys / sizeof keys[0]; key++) {
		for (size_t i = 0; i < report->run_counts[0]; i++)
			good = good && add_facts_of(report, report->runs[0][i], keys[key]);
		for (size_t i = 0; i < report->run_counts[1]; i++)
			good = good && add_facts_of(report, report->runs[1][i], keys[key]);
	}
	return good;
}

static void add_up(struct report *report)
{
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < report->run_counts[side]; i++) {
			const struct report *run = report->runs[side][i];
			if (run->started != TIMESTAMP_UNKNOWN &&
			    (report->started == TIMESTAMP_UNKNOWN ||
			        run->started < report->started))
				report->started = run->started;
			if (run->duration != NUMBER_UNKNOWN)
				report->duration =
				    run->duration +
				    (report->duration == NUMBER_UNKNOWN ? 0 : report->duration);
		}
	}
}

/* As CI servers list it: "ms16-111-fixed against ms16-111". */
static bool name_scenario(struct report *report)
{
	const char *now = report->runs[0][0]->scenario_name,
	           *before = report->run_counts[1] ? report->runs[1][0]->scenario_name : NULL;
	if (!now || (report->run_counts[1] && !before))
		return true;
	return asprintf(&report->scenario_name, "%s%s%s", now, before ? " against " : "",
	           before ? before : "") >= 0;
}

/* Goes on where the report has its first words and its runs. */
static struct report *finish(
    struct report *report, bool good, const struct table_kind *kinds, size_t count)
{
	report->started = TIMESTAMP_UNKNOWN;
	report->duration = NUMBER_UNKNOWN;
	add_up(report);
	good = good && add_facts(report) && name_scenario(report) &&
	       tables_make_of(report, kinds, count);
	memset(report->runs, 0, sizeof report->runs);
	memset(report->run_counts, 0, sizeof report->run_counts);
	if (good)
		return report;
	report_destroy(report);
	return NULL;
}

static bool print_pool(const struct report *report, FILE *out, struct error *error)
{
	return pool_print_json(report->pool, out, error);
}

struct report *report_of_pool(const struct pool *pool, struct report *const *runs)
{
	struct report *report = calloc(1, sizeof *report);
	if (!report)
		return NULL;
	*report = (struct report){.pool = pool,
	    .word = verdict_words[pool->word],
	    .tone = pool->word,
	    .reasons = &pool->reasons,
	    .print_json = print_pool,
	    .runs = {runs},
	    .run_counts = {pool->count}};
	snprintf(report->subject, sizeof report->subject, "verdict of %zu runs", pool->count);
	const bool named = asprintf(&report->name, "%zu runs together", pool->count) >= 0;
	return finish(report, named, pool_tables, sizeof pool_tables / sizeof pool_tables[0]);
}

static bool print_validation(const struct report *report, FILE *out, struct error *error)
{
	return validation_print_json(report->validation, out, error);
}

/* Whether that is good, bad, or neither. */
static enum verdict_word tone_of(enum validation_word word)
{
	if (word == VALIDATION_CANNOT_TELL)
		return VERDICT_INCONCLUSIVE;
	return word == VALIDATION_FIXED ? VERDICT_CLEAN : VERDICT_LEAK;
}

struct report *report_of_validation(const struct validation *validation, struct report *const *now,
    size_t now_count, struct report *const *before, size_t before_count)
{
	struct report *report = calloc(1, sizeof *report);
	if (!report)
		return NULL;
	*report = (struct report){.validation = validation,
	    .subject = "the fix",
	    .word = validation_words[validation->word],
	    .tone = tone_of(validation->word),
	    .reasons = &validation->reasons,
	    .print_json = print_validation,
	    .runs = {now, before},
	    .run_counts = {now_count, before_count}};
	const bool named = asprintf(&report->name, "%zu run%s with the fix against %zu without",
	                       now_count, text_plural((int64_t)now_count), before_count) >= 0;
	return finish(report, named, validation_tables,
	    sizeof validation_tables / sizeof validation_tables[0]);
}
