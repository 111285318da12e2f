/* A verdict for people, 80 columns wide. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "report/fields.h"

static void print_culprits(const struct verdict *verdict, FILE *out)
{
	char held[HELD_WORDS];
	int64_t ids = 0;
	for (size_t i = 0; i < verdict->culprit_count; i++)
		ids += verdict->culprits[i].session_ids;
	const int width = ids > 0 ? 20 : 28;
	if (verdict->culprit_count == 0)
		return;
	fprintf(out, "\nholders of %s\n", held_words(verdict, held));
	fprintf(out, "  %-*s %7s %8s %15s%s\n", width, "image", "process", "handles",
	    "logon sessions", ids > 0 ? "  session IDs" : "");
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		fputs("  ", out);
		text_print_column(out, culprit->image, width);
		if (culprit->pid == NUMBER_UNKNOWN)
			fprintf(out, " %7s", "-");
		else
			fprintf(out, " %7" PRId64, culprit->pid);
		fprintf(out, " %8" PRId64 " %15" PRId64, culprit->handles, culprit->logon_sessions);
		if (ids > 0)
			fprintf(out, " %12" PRId64, culprit->session_ids);
		fputs(culprit->follower ? "  follows\n" : culprit->ended ? "  ended\n" : "\n", out);
	}
	if (verdict->culprits[verdict->culprit_count - 1].follower)
		text_print_wrapped(
		    out, "  ", "follows: releases by itself once the last other holder has");
}

static void print_controls(const struct verdict *verdict, FILE *out)
{
	if (verdict->control_count)
		fputs("\ncontrols\n", out);
	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		char text[160];
		snprintf(text, sizeof text,
		    "%s: %s, %" PRId64 " of %" PRId64 " (95 %% interval %.3g to %.3g)",
		    control->name, verdict_words[control->word], control->k, control->n,
		    control->lower, control->upper);
		text_print_wrapped(
		    out, control->held ? "  held           " : "  FAILED         ", text);
	}
}

static void print_expectations(const struct verdict *verdict, FILE *out)
{
	if (verdict->expectation_count == 0)
		return;
	fputs("\nexpectations\n", out);
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		fprintf(out, "  %-13s  %s: ", met_words[expectation->met],
		    expectation->key + sizeof "expect." - 1);
		text_print(out, expectation->expected);
		fputs("\n", out);
		text_print_wrapped(out, "                 seen: ", expectation->seen);
	}
}

static void print_latencies(const struct report *report, FILE *out)
{
	static const double points[] = {50, 90, 95, 99, 100};
	bool any = false;
	for (int which = 0; which < LATENCY_COUNT; which++) {
		const size_t count = report->latencies.counts[which];
		char text[LATENCY_TEXT];
		if (count == 0)
			continue;
		if (!any)
			fprintf(out, "\nphases\n  %-10s %7s %11s %11s %11s %11s %11s\n", "",
			    "cycles", "p50", "p90", "p95", "p99", "max");
		any = true;
		fprintf(out, "  %-10s %7zu", latency_name(which), count);
		for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
			fprintf(out, " %11s",
			    latency_format(
			        percentile(report->latencies.us[which], count, points[i]), text));
		fputc('\n', out);
	}
	if (any)
		text_print_wrapped(out, "  ",
		    report->latencies.open
		        ? "to_logon: from the time that the cycle was scheduled for to its logon"
		        : "to_logon: from the start of the cycle to its logon");
}

static void print_failures(const struct report *report, FILE *out)
{
	if (report->failure_count == 0)
		return;
	fprintf(out, "\nerrors\n  %7s %-10s %s\n", "cycles", "phase", "code");
	for (size_t i = 0; i < report->failure_count; i++) {
		const struct failure *failure = &report->failures[i];
		char *text = NULL;
		char first[40];
		snprintf(first, sizeof first, "  %7" PRId64 " %-10s ", failure->count,
		    failure_phase(failure));
		if (asprintf(&text, "%s%s%s", failure->code, failure->message ? ": " : "",
		        failure->message ? failure->message : "") < 0)
			continue;
		text_print_wrapped(out, first, text);
		free(text);
	}
}

/* https://no-color.org: set and not empty, it is obeyed. */
static bool wants_colour(FILE *out)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	const int fd = fileno(out);
	return !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0 && fd >= 0 &&
	       isatty(fd);
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	/* Bold red, green, yellow. */
	static const char *const colours[] = {
	    [VERDICT_LEAK] = "1;31", [VERDICT_CLEAN] = "1;32", [VERDICT_INCONCLUSIVE] = "1;33"};
	const struct verdict *verdict = report->verdict;
	(void)error;
	if (wants_colour(out))
		fprintf(out, "verdict: \033[%sm%s\033[0m\n", colours[verdict->word],
		    verdict_words[verdict->word]);
	else
		fprintf(out, "verdict: %s\n", verdict_words[verdict->word]);
	for (size_t i = 0; i < verdict->reasons.count; i++)
		text_print_wrapped(out, "  - ", verdict->reasons.items[i]);
	fputs("\nwhat would change this\n", out);
	for (size_t i = 0; i < verdict->changes.count; i++)
		text_print_wrapped(out, "  - ", verdict->changes.items[i]);
	print_culprits(verdict, out);
	print_controls(verdict, out);
	print_latencies(report, out);
	print_failures(report, out);
	print_expectations(verdict, out);
	return true;
}

const struct renderer renderer_text = {.name = "text", .suffix = ".txt", .render = render};
