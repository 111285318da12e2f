/* A verdict for tickets: GitHub's and GitLab's Markdown. */
#include <inttypes.h>

#include "common/text.h"
#include "common/version.h"
#include "report/escape.h"
#include "report/fields.h"

static void print_reasons(FILE *out, const struct verdict *verdict)
{
	fprintf(out, "# leaklab: %s\n\n", verdict_words[verdict->word]);
	for (size_t i = 0; i < verdict->reasons.count; i++) {
		fputs("- ", out);
		escape_markdown(out, verdict->reasons.items[i]);
		fputc('\n', out);
	}
}

static void print_changes(FILE *out, const struct verdict *verdict)
{
	fputs("\n## What would change this\n\n", out);
	for (size_t i = 0; i < verdict->changes.count; i++) {
		fputs("- ", out);
		escape_markdown(out, verdict->changes.items[i]);
		fputc('\n', out);
	}
}

static void print_culprits(FILE *out, const struct verdict *verdict)
{
	char held[HELD_WORDS];
	if (verdict->culprit_count == 0)
		return;
	fprintf(out,
	    "\n## Holders of %s\n\n"
	    "| image | process | handles | logon sessions | session IDs | |\n|---|--:|--:|--:|--:|---|\n",
	    held_words(verdict, held));
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		fputs("| ", out);
		escape_markdown(out, culprit->image);
		if (culprit->pid == NUMBER_UNKNOWN)
			fputs(" | - |", out);
		else
			fprintf(out, " | %" PRId64 " |", culprit->pid);
		fprintf(out, " %" PRId64 " | %" PRId64 " | %" PRId64 " | %s |\n", culprit->handles,
		    culprit->logon_sessions, culprit->session_ids,
		    culprit->follower ? "releases once the last other holder has"
		    : culprit->ended  ? "has ended"
		                      : "");
	}
}

static void print_expectations(FILE *out, const struct verdict *verdict)
{
	if (verdict->expectation_count == 0)
		return;
	fputs("\n## Expectations\n\n| | expected | seen | |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		fputs("| ", out);
		escape_markdown(out, expectation->key + sizeof "expect." - 1);
		fputs(" | ", out);
		escape_markdown(out, expectation->expected);
		fputs(" | ", out);
		escape_markdown(out, expectation->seen);
		fprintf(out, " | %s |\n", met_words[expectation->met]);
	}
}

static void print_controls(FILE *out, const struct verdict *verdict)
{
	if (verdict->control_count == 0)
		return;
	fputs("\n## Controls\n\n| | verdict | orphaned | |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		fputs("| ", out);
		escape_markdown(out, control->name);
		fprintf(out, " | %s | %" PRId64 " of %" PRId64 " | %s |\n",
		    verdict_words[control->word], control->k, control->n,
		    control->held ? "held" : "FAILED");
	}
}

static void print_latencies(FILE *out, const struct report *report)
{
	static const double points[] = {50, 90, 95, 99, 100};
	char text[LATENCY_TEXT];
	fputs("\n## Phases\n\n| | cycles | p50 | p90 | p95 | p99 | max |\n"
	      "|---|--:|--:|--:|--:|--:|--:|\n",
	    out);
	for (int which = 0; which < LATENCY_COUNT; which++) {
		const size_t count = report->latencies.counts[which];
		if (count == 0)
			continue;
		fprintf(out, "| %s | %zu |", latency_name(which), count);
		for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
			fprintf(out, " %s |",
			    latency_format(
			        percentile(report->latencies.us[which], count, points[i]), text));
		fputc('\n', out);
	}
}

static void print_failures(FILE *out, const struct report *report)
{
	if (report->failure_count == 0)
		return;
	fputs("\n## Errors\n\n| cycles | phase | code | message |\n|--:|---|---|---|\n", out);
	for (size_t i = 0; i < report->failure_count; i++) {
		const struct failure *failure = &report->failures[i];
		fprintf(out, "| %" PRId64 " | %s | ", failure->count, failure_phase(failure));
		escape_markdown(out, failure->code);
		fputs(" | ", out);
		escape_markdown(out, failure->message);
		fputs(" |\n", out);
	}
}

static void print_facts(FILE *out, const struct report *report)
{
	fputs("\n## Environment\n\n| | |\n|---|---|\n| run file | ", out);
	escape_markdown(out, report->name);
	fputs(" |\n", out);
	for (size_t i = 0; i < report->fact_count; i++) {
		fprintf(out, "| %s | ", report->facts[i].name);
		escape_markdown(out, report->facts[i].value);
		fputs(" |\n", out);
	}
	fputs("| leaklab-analyzer | " LEAKLAB_VERSION " |\n", out);
	if (report->scenario) {
		fputs("\n<details><summary>Scenario</summary>\n\n" CODE_FENCE "yaml\n", out);
		escape_code(out, report->scenario);
		fputs(CODE_FENCE "\n\n</details>\n", out);
	}
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	const struct verdict *verdict = report->verdict;
	(void)error;
	print_reasons(out, verdict);
	print_changes(out, verdict);
	print_culprits(out, verdict);
	print_expectations(out, verdict);
	print_controls(out, verdict);
	print_latencies(out, report);
	print_failures(out, report);
	print_facts(out, report);
	return true;
}

const struct renderer renderer_markdown = {.name = "markdown", .suffix = ".md", .render = render};
