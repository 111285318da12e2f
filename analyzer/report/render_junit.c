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

static enum outcome word_outcome(const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	for (size_t i = 0; verdict && i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		if (strcmp(expectation->key, "expect.verdict") != 0)
			continue;
		if (verdict->word == VERDICT_INCONCLUSIVE || expectation->met == NOT_DECIDABLE)
			return UNDECIDED;
		return expectation->met == MET ? PASSED : FAILED;
	}
	if (report->tone == VERDICT_INCONCLUSIVE)
		return UNDECIDED;
	return report->tone == VERDICT_CLEAN ? PASSED : FAILED;
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

static void open_case(FILE *out, const struct report *report, const char *name)
{
	fputs("    <testcase classname=\"leaklab.", out);
	escape_markup(out, report_title(report));
	fputs("\" name=\"", out);
	escape_markup(out, name);
	fputs("\">\n", out);
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

static void print_word(FILE *out, const struct report *report)
{
	const struct sentences *reasons = report->reasons;
	const enum outcome outcome = word_outcome(report);
	open_case(out, report, report->validation ? "fix" : "verdict");
	if (outcome != PASSED) {
		open_problem(out, outcome);
		escape_markup(out, report->word);
		fputs(": ", out);
		escape_markup(out, reasons->count ? reasons->items[0] : NULL);
		fputs("\">", out);
		for (size_t i = 0; i < reasons->count; i++) {
			escape_markup(out, reasons->items[i]);
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

/* What people read, for those who have but the CI server's log. */
static bool print_text(FILE *out, const struct report *report, struct error *error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	bool good = memory && renderer_text.render(report, memory, error);
	if (memory)
		good = fclose(memory) == 0 && good;
	if (good) {
		fputs("    <system-out>", out);
		escape_markup(out, text);
		fputs("</system-out>\n", out);
	}
	free(text);
	return good || error_memory(error);
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

/* When the run began, and how long it took, as far as it is known: the schema has no fractions and no zone. */
static void print_time(FILE *out, const struct report *report)
{
	char text[TIMESTAMP_TEXT];
	if (report->started != TIMESTAMP_UNKNOWN)
		fprintf(out, " timestamp=\"%.19s\"", timestamp_format(report->started, text));
	if (report->duration != NUMBER_UNKNOWN)
		fprintf(out, " time=\"%.3f\"", (double)report->duration / 1e6);
}

/* Of one run. */
static void count_cases(struct counts *counts, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->expectation_count; i++)
		count(counts, met_outcome(verdict->expectations[i].met));
	for (size_t i = 0; i < verdict->control_count; i++)
		count(counts, verdict->controls[i].held ? PASSED : UNDECIDED);
}

static void print_cases(FILE *out, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	for (size_t i = 0; i < verdict->expectation_count; i++)
		print_expectation(out, report, &verdict->expectations[i]);
	for (size_t i = 0; i < verdict->control_count; i++)
		print_control(out, report, &verdict->controls[i]);
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	struct counts counts = {0};
	count(&counts, word_outcome(report));
	if (report->verdict)
		count_cases(&counts, report->verdict);
	fputs(
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", out);
	escape_markup(out, report_title(report));
	fprintf(out,
	    "\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"0\" hostname=\"leaklab\"",
	    counts.tests, counts.failures, counts.errors);
	print_time(out, report);
	fputs(">\n", out);
	print_properties(out, report);
	print_word(out, report);
	if (report->verdict)
		print_cases(out, report);
	const bool good = print_text(out, report, error);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return good;
}

const struct renderer renderer_junit = {.name = "junit", .suffix = ".xml", .render = render};
