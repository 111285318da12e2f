/* A verdict for CI servers: each assertion is a test case. What could not be decided is an error and never passes. The
 * shape is that of Ant's junit task, as Jenkins and GitLab read it. */
#include <stdlib.h>
#include <string.h>

#include "report/escape.h"
#include "report/fields.h"

enum outcome { PASSED, FAILED, UNDECIDED };

struct counts {
	int tests, failures, errors;
};

static enum outcome verdict_outcome(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		if (strcmp(expectation->key, "expect.verdict") != 0)
			continue;
		if (verdict->word == VERDICT_INCONCLUSIVE || expectation->met == NOT_DECIDABLE)
			return UNDECIDED;
		return expectation->met == MET ? PASSED : FAILED;
	}
	if (verdict->word == VERDICT_INCONCLUSIVE)
		return UNDECIDED;
	return verdict->word == VERDICT_CLEAN ? PASSED : FAILED;
}

static enum outcome met_outcome(enum met met)
{
	return met == MET ? PASSED : met == NOT_MET ? FAILED : UNDECIDED;
}

static void count(struct counts *counts, enum outcome outcome)
{
	counts->tests++;
	counts->failures += outcome == FAILED;
	counts->errors += outcome == UNDECIDED;
}

static const char *suite_name(const struct report *report)
{
	return report->scenario_name ? report->scenario_name : report->name;
}

static void open_case(FILE *out, const struct report *report, const char *name)
{
	fputs("    <testcase classname=\"leaklab.", out);
	escape_markup(out, suite_name(report));
	fputs("\" name=\"", out);
	escape_markup(out, name);
	fputs("\" time=\"0\">\n", out);
}

static void open_problem(FILE *out, enum outcome outcome)
{
	fprintf(out, "      <%s type=\"%s\" message=\"", outcome == FAILED ? "failure" : "error",
	    outcome == FAILED ? "leaklab.failed" : "leaklab.inconclusive");
}

static void close_problem(FILE *out, enum outcome outcome)
{
	fprintf(out, "</%s>\n", outcome == FAILED ? "failure" : "error");
}

static void print_verdict(FILE *out, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	const enum outcome outcome = verdict_outcome(verdict);
	open_case(out, report, "verdict");
	if (outcome != PASSED) {
		open_problem(out, outcome);
		escape_markup(out, verdict_words[verdict->word]);
		fputs(": ", out);
		escape_markup(out, verdict->reasons.count ? verdict->reasons.items[0] : NULL);
		fputs("\">", out);
		for (size_t i = 0; i < verdict->reasons.count; i++) {
			escape_markup(out, verdict->reasons.items[i]);
			fputc('\n', out);
		}
		close_problem(out, outcome);
	}
	fputs("    </testcase>\n", out);
}

static void print_expectation(
    FILE *out, const struct report *report, const struct expectation *expectation)
{
	const enum outcome outcome = met_outcome(expectation->met);
	open_case(out, report, expectation->key);
	if (outcome != PASSED) {
		open_problem(out, outcome);
		fputs("expected ", out);
		escape_markup(out, expectation->expected);
		fputs(", seen ", out);
		escape_markup(out, expectation->seen);
		fputs("\">", out);
		close_problem(out, outcome);
	}
	fputs("    </testcase>\n", out);
}

/* A control that failed says that the lab cannot be trusted, which decides nothing. */
static void print_control(FILE *out, const struct report *report, const struct control *control)
{
	char *name = NULL;
	if (asprintf(&name, "control.%s", control->name) < 0)
		return;
	open_case(out, report, name);
	free(name);
	if (!control->held) {
		open_problem(out, UNDECIDED);
		escape_markup_format(out, "the %s control came out as %s: %s", control->name,
		    verdict_words[control->word], control->reason ? control->reason : "");
		fputs("\">", out);
		close_problem(out, UNDECIDED);
	}
	fputs("    </testcase>\n", out);
}

static void print_reasons(FILE *out, const struct verdict *verdict)
{
	fprintf(out, "    <system-out>verdict: %s\n", verdict_words[verdict->word]);
	for (size_t i = 0; i < verdict->reasons.count; i++) {
		fputs("- ", out);
		escape_markup(out, verdict->reasons.items[i]);
		fputc('\n', out);
	}
	fputs("</system-out>\n", out);
}

static void print_properties(FILE *out, const struct report *report)
{
	fputs("    <properties>\n", out);
	for (size_t i = 0; i < report->fact_count; i++) {
		fputs("      <property name=\"", out);
		escape_markup(out, report->facts[i].key);
		fputs("\" value=\"", out);
		escape_markup(out, report->facts[i].value);
		fputs("\"/>\n", out);
	}
	fputs("    </properties>\n", out);
}

/* When the run began, and how long it took: the schema has no fractions and no zone. */
static void print_time(FILE *out, const struct report *report)
{
	char text[TIMESTAMP_TEXT];
	int64_t last = report->started;
	for (size_t i = 0; i < report->cycles.count; i++) {
		if (report->cycles.items[i].ended > last)
			last = report->cycles.items[i].ended;
	}
	const bool known = report->started != TIMESTAMP_UNKNOWN;
	fprintf(out, " timestamp=\"%.19s\" time=\"%.3f\"",
	    known ? timestamp_format(report->started, text) : "1970-01-01T00:00:00",
	    known ? (double)(last - report->started) / 1e6 : 0.0);
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	const struct verdict *verdict = report->verdict;
	struct counts counts = {0};
	(void)error;
	count(&counts, verdict_outcome(verdict));
	for (size_t i = 0; i < verdict->expectation_count; i++)
		count(&counts, met_outcome(verdict->expectations[i].met));
	for (size_t i = 0; i < verdict->control_count; i++)
		count(&counts, verdict->controls[i].held ? PASSED : UNDECIDED);
	fputs(
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", out);
	escape_markup(out, suite_name(report));
	fprintf(out,
	    "\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"0\" hostname=\"leaklab\"",
	    counts.tests, counts.failures, counts.errors);
	print_time(out, report);
	fputs(">\n", out);
	print_properties(out, report);
	print_verdict(out, report);
	for (size_t i = 0; i < verdict->expectation_count; i++)
		print_expectation(out, report, &verdict->expectations[i]);
	for (size_t i = 0; i < verdict->control_count; i++)
		print_control(out, report, &verdict->controls[i]);
	print_reasons(out, verdict);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return true;
}

const struct renderer renderer_junit = {.name = "junit", .suffix = ".xml", .render = render};
