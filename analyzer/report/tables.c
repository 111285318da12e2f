/* Knows what each table of a report shows, and in which forms. */
#include "report/tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/version.h"
#include "judge/rate.h"
#include "report/fields.h"

static const struct column holder_columns[] = {{"image", COLUMN_NAME}, {"process", COLUMN_NUMBER},
    {"handles", COLUMN_NUMBER}, {"logon sessions", COLUMN_NUMBER}, {"session IDs", COLUMN_NUMBER},
    {"note", COLUMN_TEXT}};

#define HELD_WORDS 64

static const char *held_words(const struct verdict *verdict, char out[HELD_WORDS])
{
	if (verdict->harmless_ids > 0 && verdict->word == VERDICT_CLEAN)
		return "tokens of ended sessions, which pin nothing on this host";
	if (verdict->word != VERDICT_LEAK)
		return "what may still be released: suspects, not culprits";
	if (verdict->orphan_logon_sessions == 0)
		return "what is left of sessions that are over";
	snprintf(out, HELD_WORDS, "the %" PRId64 " orphaned logon session%s",
	    verdict->orphan_logon_sessions, text_plural(verdict->orphan_logon_sessions));
	return out;
}

static void fill_holders(struct table *table, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	char held[HELD_WORDS];
	if (!verdict->culprits_known || verdict->culprit_count == 0) {
		table->empty =
		    !verdict->orphans_known ? NOT_OBSERVED
		    : verdict->k + verdict->young == 0
		        ? "No logon session of the run outlived its RDS session, so there is nothing to hold."
		    : verdict->culprits_known
		        ? "No process was seen to hold an orphaned logon session."
		        : "Not observed: the observers could not see handles.";
		return;
	}
	CAPTION(table, "Who holds %s", held_words(verdict, held));
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		table_add_text(table, culprit->image);
		table_add_number(table, culprit->pid);
		table_add_number(table, culprit->handles);
		table_add_number(table, culprit->logon_sessions);
		table_add_number(table, culprit->session_ids);
		table_add_text(table, culprit->follower ? "follows"
		                      : culprit->ended  ? "has ended"
		                                        : "");
		if (culprit->follower)
			table->note = "follows: releases by itself once the last other holder has";
	}
}

static const struct column expectation_columns[] = {{"of", COLUMN_NAME}, {"expected", COLUMN_TEXT},
    {"result", COLUMN_RESULT}, {"seen", COLUMN_WIDE}};

static void fill_expectations(struct table *table, const struct report *report)
{
	static const char *const words[] = {
	    [MET] = "met", [NOT_MET] = "NOT met", [NOT_DECIDABLE] = "not decidable"};
	const struct verdict *verdict = report->verdict;
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		table_add_text(table, expectation->key + sizeof "expect." - 1);
		table_add_text(table, expectation->expected);
		table_add_result(table, expectation->met, words[expectation->met]);
		table_add_text(table, expectation->seen);
	}
}

static const struct column control_columns[] = {{"control", COLUMN_NAME}, {"result", COLUMN_RESULT},
    {"verdict", COLUMN_WORD}, {"orphaned", COLUMN_NUMBER}, {"cycles", COLUMN_NUMBER},
    {"95 % interval", COLUMN_NUMBER}, {"why", COLUMN_WIDE, .not_in_text = true}};

static void fill_controls(struct table *table, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		char lower[PERCENT_TEXT], upper[PERCENT_TEXT];
		table_add_text(table, control->name);
		table_add_result(
		    table, control->held ? MET : NOT_MET, control->held ? "held" : "FAILED");
		table_add_text(table, verdict_words[control->word]);
		table_add_number(table, control->k);
		table_add_number(table, control->n);
		table_add(table, "%s to %s", rate_format(control->lower, lower),
		    rate_format(control->upper, upper));
		table_add_text(table, control->reason);
	}
}

static const struct column phase_columns[] = {{"phase", COLUMN_NAME}, {"cycles", COLUMN_NUMBER},
    {"p50", COLUMN_NUMBER}, {"p90", COLUMN_NUMBER}, {"p95", COLUMN_NUMBER}, {"p99", COLUMN_NUMBER},
    {"max", COLUMN_NUMBER}};

/* HTML has them as a chart. */
static void fill_phases(struct table *table, const struct report *report)
{
	const struct latencies *latencies = &report->latencies;
	char text[LATENCY_TEXT], caption[PHASES_CAPTION];
	for (int which = 0; which < LATENCY_COUNT; which++) {
		const size_t count = latencies->counts[which];
		if (count == 0)
			continue;
		table_add_text(table, latency_name(which));
		table_add_number(table, (int64_t)count);
		for (size_t i = 0; i < PERCENTILE_COUNT; i++) {
			const int64_t us =
			    percentile(latencies->us[which], count, percentiles[i].percent);
			table_add_text(table, latency_format(us, text));
		}
	}
	CAPTION(table, "%s", phases_caption(report, caption));
}

static const struct column growth_columns[] = {{"image", COLUMN_NAME}, {"process", COLUMN_NUMBER},
    {"type", COLUMN_WORD}, {"account", COLUMN_WORD}, {"a cycle", COLUMN_NUMBER},
    {"at least", COLUMN_NUMBER, .not_in_text = true},
    {"at most", COLUMN_NUMBER, .not_in_text = true}, {"what it is", COLUMN_TEXT}};
#define GROWTHS_MOST 20

static void add_slope(struct table *table, const struct growth *growth, double slope)
{
	if (growth->doubt == DOUBT_TOO_FEW)
		table_add_text(table, "");
	else
		table_add(table, "%.2f", slope);
}

/* Series that do not rise, or as parts or sums of others that do, are counted, not listed. */
static void fill_growth(struct table *table, const struct report *report)
{
	char words[GROWTH_TEXT];
	const struct verdict *verdict = report->verdict;
	size_t listed = 0, explained = 0;
	char more[64] = "";
	for (size_t i = 0; i < verdict->growth_count && listed < GROWTHS_MOST; i++) {
		const struct growth *growth = &verdict->growths[i];
		explained += growth->word == GROWTH_EXPLAINED;
		if (growth->word == GROWTH_NONE || growth->word == GROWTH_EXPLAINED)
			continue;
		listed++;
		table_add_text(table, growth->image);
		table_add_number(table, growth->pid);
		table_add_text(table, growth->totals ? "any" : growth->type);
		table_add_text(table, growth->user ? growth->user : "any");
		add_slope(table, growth, growth->slope);
		add_slope(table, growth, growth->lower);
		add_slope(table, growth, growth->upper);
		table_add_text(table, growth_describe(growth, words));
	}
	if (explained > 0)
		snprintf(more, sizeof more, "; %zu more rise as parts or sums of these", explained);
	CAPTION(table,
	    "%s of %" PRId64
	    " series (a process, a type of object, the run's accounts or one of them) over %" PRId64
	    " samples during the load%s%s",
	    listed ? "Those that rise, culprits first," : "None", verdict->growth_tested,
	    verdict->growth_samples, listed ? "" : " rises", more);
	if (verdict->growth_tested || verdict->growth_count)
		table->empty = table->caption;
}

static const struct column error_columns[] = {{"cycles", COLUMN_NUMBER}, {"phase", COLUMN_WORD},
    {"code", COLUMN_TEXT}, {"message of the first", COLUMN_WIDE},
    {"first cycle", COLUMN_NUMBER, .not_in_text = true}};

static void fill_errors(struct table *table, const struct report *report)
{
	for (size_t i = 0; i < report->failure_count; i++) {
		const struct failure *failure = &report->failures[i];
		table_add_number(table, failure->count);
		table_add_text(table, failure_phase(failure));
		table_add_text(table, failure->code);
		table_add_text(table, failure->message);
		table_add_number(table, failure->first);
	}
}

static const struct column output_columns[] = {{"mark, round", COLUMN_NAME},
    {"cycle", COLUMN_NUMBER}, {"observer", COLUMN_TEXT}, {"started", COLUMN_TIME},
    {"exit", COLUMN_NUMBER}, {"bytes", COLUMN_NUMBER}, {"SHA-256", COLUMN_HASH},
    {"result", COLUMN_TEXT}};

static void fill_outputs(struct table *table, const struct report *report)
{
	const size_t count = report->outputs ? report->captures.count : 0;
	char time[TIMESTAMP_TEXT];
	for (size_t i = 0; i < count; i++) {
		const struct capture *capture = &report->captures.items[i];
		const char *hash = report->outputs[i].sha256;
		table_add(table, "%s %" PRId64, mark_names[capture->mark], capture->round);
		table_add_number(table, capture->cycle);
		table_add_text(table, capture->observer);
		table_add_text(table, timestamp_format(capture->started, time));
		table_add_number(table, capture->exit_status);
		table_add_number(table, (int64_t)capture->output_length);
		table_add_text(table, *hash ? hash : NULL);
		table_add_text(table, capture->problem ? capture->problem : "read");
	}
	CAPTION(table, "%zu output%s of the observers. The hash is of all that was printed.", count,
	    text_plural((int64_t)count));
	table->empty = "The run had no observer.";
}

static const struct column event_columns[] = {
    {"time", COLUMN_TIME}, {"kind", COLUMN_WORD}, {"what", COLUMN_TEXT}};

static void fill_events(struct table *table, const struct report *report)
{
	char time[TIMESTAMP_TEXT];
	for (size_t i = 0; i < report->event_count; i++) {
		const struct event *event = &report->events[i];
		table_add_text(table, timestamp_format(event->time, time));
		table_add_text(table, event->kind);
		table_add_text(table, event->text);
	}
}

static const struct column fact_columns[] = {{"", COLUMN_NAME}, {"", COLUMN_TEXT}};

static void add_fact(struct table *table, const char *name, const char *value)
{
	table_add_text(table, name);
	table_add_text(table, value);
}

static void fill_environment(struct table *table, const struct report *report)
{
	add_fact(table, "run file", report->name);
	for (size_t i = 0; i < report->fact_count; i++)
		add_fact(table, report->facts[i].name, report->facts[i].value);
	add_fact(table, "judged by leaklab", LEAKLAB_VERSION);
}

static const struct table_kind kinds[TABLE_COUNT] = {
    {{"holders", "Holders", COLUMNS(holder_columns), IN_ALL}, fill_holders},
    {{"expectations", "Expectations", COLUMNS(expectation_columns), IN_ALL,
         "What the scenario expected of the run"},
        fill_expectations},
    {{"controls", "Controls", COLUMNS(control_columns), IN_ALL,
         "Runs beside this one, which show that the lab sees a leak, and sees none where there is none"},
        fill_controls},
    {{"phases", "Phases", COLUMNS(phase_columns), IN_TEXT | IN_MARKDOWN}, fill_phases},
    {{"growth", "Handles over the cycles", COLUMNS(growth_columns), IN_ALL}, fill_growth},
    {{"failures", "Errors", COLUMNS(error_columns), IN_ALL,
         "What went wrong, the most frequent first"},
        fill_errors},
    {{"evidence", "Outputs of the observers", COLUMNS(output_columns), IN_HTML}, fill_outputs},
    {{"events", "Events", COLUMNS(event_columns), IN_HTML, "What the driver noted"}, fill_events},
    {{"environment", "Environment", COLUMNS(fact_columns), IN_MARKDOWN | IN_HTML,
         "What the run was made with", .pairs = true},
        fill_environment},
};

bool tables_make(struct report *report)
{
	return tables_make_of(report, kinds, TABLE_COUNT);
}

bool tables_make_of(struct report *report, const struct table_kind *of, size_t count)
{
	bool failed = false;
	report->tables = calloc(count, sizeof *report->tables);
	if (!report->tables)
		return false;
	report->table_count = count;
	for (size_t i = 0; i < count; i++) {
		report->tables[i] = of[i].table;
		of[i].fill(&report->tables[i], report);
		failed |= report->tables[i].failed;
	}
	return !failed;
}

void tables_destroy(struct table *tables, size_t count)
{
	for (size_t i = 0; i < count; i++)
		table_deinit(&tables[i]);
	free(tables);
}
