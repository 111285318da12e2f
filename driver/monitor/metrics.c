/* Knows Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats) and how metrics are named there. */
#include "driver/monitor/metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/duration.h"
#include "common/result_file.h"
#include "common/text.h"
#include "common/timestamp.h"
#include "common/version.h"

#define WRITE_EVERY (5 * SECOND)
#define LABEL_TEXT 512

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP leaklab_%s %s\n# TYPE leaklab_%s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, const char *help, double value)
{
	head(out, name, "gauge", help);
	fprintf(out, "leaklab_%s %.15g\n", name, value);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "counter", help);
	fprintf(out, "leaklab_%s %llu\n", name, (unsigned long long)value);
}

/* Backslash, quote and newline are escaped; what may not be shown is replaced. */
static void label(FILE *out, const char *name, const char *value)
{
	char text[LABEL_TEXT];

	snprintf(text, sizeof(text), "%s", value);
	text_make_safe_except(text, "\n");
	fprintf(out, "%s=\"", name);
	for (const char *at = text; *at; at++)
		if (*at == '\n')
			fputs("\\n", out);
		else
			fprintf(out, "%s%c", *at == '\\' || *at == '"' ? "\\" : "", *at);
	fputc('"', out);
}

static void print_info(FILE *out, const struct metrics *metrics)
{
	head(out, "run_info", "gauge", "Which run this is.");
	fputs("leaklab_run_info{", out);
	label(out, "scenario", metrics->scenario);
	fputc(',', out);
	label(out, "host", metrics->host);
	fputc(',', out);
	label(out, "version", LEAKLAB_VERSION);
	fputs("} 1\n", out);
	gauge(out, "run_start_time_seconds", "When the run began.", (double)metrics->started / 1e6);
	gauge(out, "updated_time_seconds", "When this was written.", (double)timestamp_now() / 1e6);
}

static void print_phases(FILE *out, const struct tally *tally)
{
	head(out, "phase_duration_seconds", "histogram", "How long the phases of cycles took.");
	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct tally_phase *phase = &tally->phases[i];
		const char *name = phase_names[i];
		for (int j = 0; j < TALLY_BOUNDS; j++)
			fprintf(out,
			    "leaklab_phase_duration_seconds_bucket{phase=\"%s\",le=\"%g\"} %llu\n",
			    name, tally_bounds[j], (unsigned long long)phase->counts[j]);
		fprintf(out,
		    "leaklab_phase_duration_seconds_bucket{phase=\"%s\",le=\"+Inf\"} %llu\n"
		    "leaklab_phase_duration_seconds_sum{phase=\"%s\"} %.9g\n"
		    "leaklab_phase_duration_seconds_count{phase=\"%s\"} %llu\n",
		    name, (unsigned long long)phase->count, name, phase->sum, name,
		    (unsigned long long)phase->count);
	}
}

static void print_cycles(FILE *out, const struct tally *tally)
{
	gauge(out, "cycles_planned", "Cycles that the load is to have.", (double)tally->cycles);
	head(out, "cycles_total", "counter", "Cycles that ended, by result.");
	for (int result = 0; result < CYCLE_RESULT_COUNT; result++)
		if (result != CYCLE_RUNNING)
			fprintf(out, "leaklab_cycles_total{result=\"%s\"} %llu\n",
			    cycle_result_names[result], (unsigned long long)tally->results[result]);
	counter(out, "missed_arrivals_total",
	    "Logons of an open load that found no free slot or account at their time.",
	    tally->missed);
	gauge(out, "sessions", "Sessions of this run that are logged on.", (double)tally->held);
	if (tally->highest != NUMBER_UNKNOWN)
		gauge(out, "session_id_highest", "The highest session ID that a logon was given.",
		    (double)tally->highest);
	counter(out, "samples_total", "Samples of the host.", tally->samples);
	counter(out, "sample_failures_total", "Samples that an observer did not answer.",
	    tally->failed_samples);
}

static void print_outlook(FILE *out, const struct outlook_view *view)
{
	if (!view->known)
		return;
	head(out, "left_behind", "gauge",
	    "Orphaned logon sessions and session IDs of no session, by whether healthy holders could still release them.");
	fprintf(out,
	    "leaklab_left_behind{state=\"leak\"} %lld\nleaklab_left_behind{state=\"young\"} %lld\n",
	    (long long)view->leaks, (long long)view->young);
	gauge(out, "cycles_needed", "Cycles that CLEAN takes.", (double)view->needed);
}

static void print_end(FILE *out, const struct metrics_end *end)
{
	static const char *const words[] = {"CLEAN", "LEAK", "INCONCLUSIVE"};

	gauge(out, "run_finished", "Whether the run has come to its end.", end != NULL);
	if (!end)
		return;
	gauge(out, "exit_code", "The exit code of leaklab run.", end->exit_code);
	if (!end->verdict)
		return;
	head(out, "verdict", "gauge", "The verdict on the run.");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fprintf(out, "leaklab_verdict{verdict=\"%s\"} %d\n", words[i],
		    strcmp(words[i], end->verdict) == 0);
}

int64_t metrics_due(const struct metrics *metrics)
{
	return !metrics->path ? INT64_MAX : metrics->written ? metrics->written + WRITE_EVERY : 0;
}

bool metrics_write(struct metrics *metrics, const struct tally *tally,
    const struct outlook_view *view, const struct metrics_end *end, struct error *error)
{
	const int64_t now = timestamp_monotonic();
	struct result_file file;

	if (!metrics->path || (!end && now < metrics_due(metrics)))
		return true;
	metrics->written = now;
	if (!result_file_open(&file, metrics->path, true, error))
		return false;
	/* The collector is another user. */
	fchmod(fileno(file.stream), 0644);
	print_info(file.stream, metrics);
	head(file.stream, "run_phase", "gauge", "What the run does now.");
	fputs("leaklab_run_phase{", file.stream);
	label(file.stream, "phase", end ? "finished" : doing_words[tally->doing]);
	fputs("} 1\n", file.stream);
	print_cycles(file.stream, tally);
	print_phases(file.stream, tally);
	print_outlook(file.stream, view);
	print_end(file.stream, end);
	return result_file_close(&file, true, error);
}
