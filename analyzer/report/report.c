/* Knows which forms there are, and in which order a report is put together. */
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/result_file.h"
#include "report/fields.h"
#include "report/tables.h"

const struct renderer *const renderers[] = {
    &renderer_text, &renderer_json, &renderer_junit, &renderer_markdown, &renderer_html};
const size_t renderer_count = sizeof renderers / sizeof renderers[0];

const struct renderer *renderer_by_name(const char *name)
{
	for (size_t i = 0; i < renderer_count; i++) {
		if (strcmp(renderers[i]->name, name) == 0)
			return renderers[i];
	}
	return NULL;
}

static void make_later(int64_t *time, int64_t other)
{
	if (other > *time)
		*time = other;
}

/* From the start to the end, settling too. A run that was killed has lasted as long as anything in it. */
static bool find_times(struct report *report, struct runfile *runfile, struct error *error)
{
	const char *finished = fact_of(report, "finished"), *started = fact_of(report, "started");
	int64_t end = TIMESTAMP_UNKNOWN;
	if (!runfile_captures(runfile, &report->captures, error))
		return false;
	if (!started || !timestamp_parse(started, &report->started)) {
		for (size_t i = 0; i < report->cycles.count; i++) {
			const int64_t first = report->cycles.items[i].started;
			if (report->started == TIMESTAMP_UNKNOWN ||
			    (first != TIMESTAMP_UNKNOWN && first < report->started))
				report->started = first;
		}
	}
	if (!finished || !timestamp_parse(finished, &end)) {
		for (size_t i = 0; i < report->cycles.count; i++)
			make_later(&end, report->cycles.items[i].ended);
		for (size_t i = 0; i < report->captures.count; i++)
			make_later(&end, report->captures.items[i].ended);
	}
	if (report->started != TIMESTAMP_UNKNOWN && end >= report->started)
		report->duration = end - report->started;
	return true;
}

static bool gather(struct report *report, struct runfile *runfile, bool full, struct error *error)
{
	if (!facts_gather(report, runfile, error) ||
	    !runfile_cycles(runfile, &report->cycles, error))
		return false;
	if (!find_times(report, runfile, error))
		return false;
	if (!latencies_load(&report->latencies, &report->cycles, runfile, error))
		return false;
	if (!failures_gather(report, error))
		return false;
	if (full &&
	    !(events_gather(report, runfile, error) && outputs_gather(report, runfile, error) &&
	        tokens_gather(report, runfile, error)))
		return false;
	return tables_make(report) || error_memory(error);
}

/* What every report of a verdict begins with. */
static struct report report_of(const struct verdict *verdict)
{
	return (struct report){.subject = "verdict",
	    .word = verdict_words[verdict->word],
	    .tone = verdict->word,
	    .reasons = &verdict->reasons,
	    .changes = &verdict->changes,
	    .print_json = verdict_print_json,
	    .verdict = verdict,
	    .started = TIMESTAMP_UNKNOWN,
	    .duration = NUMBER_UNKNOWN};
}

struct report *report_create(struct runfile *runfile, const char *path,
    const struct verdict *verdict, bool full, struct error *error)
{
	struct report *report = calloc(1, sizeof *report);
	const char *name = strrchr(path, '/');
	if (report) {
		*report = report_of(verdict);
		report->path = path;
		report->name = strdup(name ? name + 1 : path);
	}
	if (!report || !report->name)
		error_memory(error);
	else if (gather(report, runfile, full, error))
		return report;
	report_destroy(report);
	return NULL;
}

void report_destroy(struct report *report)
{
	if (!report)
		return;
	tables_destroy(report->tables, report->table_count);
	for (size_t i = 0; i < report->fact_count; i++)
		free(report->facts[i].value);
	for (size_t i = 0; i < report->event_count; i++) {
		free(report->events[i].kind);
		free(report->events[i].text);
	}
	for (size_t i = 0; report->outputs && i < report->captures.count; i++)
		free(report->outputs[i].text);
	for (size_t i = 0; i < report->token_count; i++) {
		free(report->tokens[i].name);
		free(report->tokens[i].counts);
	}
	free(report->facts);
	free(report->events);
	free(report->outputs);
	free(report->tokens);
	free(report->token_times);
	free(report->token_cycles);
	free(report->failures);
	free(report->scenario);
	free(report->scenario_name);
	free(report->name);
	latencies_deinit(&report->latencies);
	captures_deinit(&report->captures);
	cycles_deinit(&report->cycles);
	free(report);
}

bool report_print(
    const struct renderer *renderer, const struct report *report, FILE *out, struct error *error)
{
	const bool good = renderer->render(report, out, error);
	if (fflush(out) != 0 || ferror(out))
		return error_set(error, EXIT_TARGET, "writing the report: %s", strerror(errno));
	return good;
}

bool report_write(const struct renderer *renderer, const struct report *report, const char *path,
    bool replace, struct error *error)
{
	struct result_file file;
	if (!result_file_open(&file, path, replace, error))
		return false;
	return result_file_close(&file, renderer->render(report, file.stream, error), error);
}

static const struct renderer *find_renderer(const char *format, struct error *error)
{
	const struct renderer *renderer = renderer_by_name(format);
	if (!renderer)
		error_set(error, EXIT_USAGE, "there is no report of the form %s", format);
	return renderer;
}

bool report_run(const char *format, struct runfile *runfile, const char *path,
    const struct verdict *verdict, FILE *out, struct error *error)
{
	const struct renderer *renderer = find_renderer(format, error);
	if (!renderer)
		return false;
	struct report *report = report_create(runfile, path, verdict, renderer->full, error);
	const bool good = report && report_print(renderer, report, out, error);
	report_destroy(report);
	return good;
}

bool report_verdict(
    const char *format, const struct verdict *verdict, FILE *out, struct error *error)
{
	static char name[] = "";
	const struct renderer *renderer = find_renderer(format, error);
	struct report report = report_of(verdict);
	report.name = name;
	const bool good = renderer && (tables_make(&report) || error_memory(error)) &&
	                  report_print(renderer, &report, out, error);
	tables_destroy(report.tables, report.table_count);
	return good;
}
