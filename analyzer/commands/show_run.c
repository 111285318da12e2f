/* A run file as a summary: its verdict, where and when it was played, its cycles by result, its captures and its events. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "common/json_text.h"
#include "common/text.h"
#include "common/array.h"
#include "judge/judge.h"
#include "runfile/part.h"
#include "runfile/runfile.h"

struct run {
	struct cycles cycles;
	struct captures captures;
	int64_t by_result[CYCLE_RESULT_COUNT], by_kind[CYCLE_KIND_COUNT];
	struct run_part part;
	struct verdict *verdict;                      /* NULL: it is a part, which has none */
	char *scenario, *target, *started, *finished; /* NULL: not known */
	char *cut_short; /* why it ended before its time; NULL: it did not, as far as is known */
	char **hosts;    /* as the observers name it, each name once */
	size_t host_count;
	bool failed; /* memory is out */
	/* Of the text. */
	FILE *out;
	bool any_event;
};

static void add_host(void *data, const struct snapshot *header)
{
	struct run *run = data;
	for (size_t i = 0; i < run->host_count; i++) {
		if (header->host && strcasecmp(run->hosts[i], header->host) == 0)
			return;
	}
	if (!header->host)
		return;
	if (!array_reserve(&run->hosts, run->host_count, sizeof *run->hosts) ||
	    !(run->hosts[run->host_count] = strdup(header->host)))
		run->failed = true;
	else
		run->host_count++;
}

static bool load(struct run *run, struct runfile *runfile, struct error *error)
{
	run->scenario = runfile_get(runfile, "scenario.name");
	run->target = runfile_get(runfile, "host");
	run->started = runfile_get(runfile, "started");
	run->finished = runfile_get(runfile, "finished");
	run->cut_short = runfile_get(runfile, "ended-early");
	if (!run->cut_short)
		run->cut_short = runfile_get(runfile, "interrupted");
	if (!part_read(runfile, &run->part, error) ||
	    !runfile_cycles(runfile, &run->cycles, error) ||
	    !runfile_captures(runfile, &run->captures, error) ||
	    !runfile_hosts(runfile, add_host, run, error))
		return false;
	/* A part is not judged. */
	if (run->part.kind == PART_WHOLE && !(run->verdict = judge_run(runfile, NULL, error)))
		return false;
	for (size_t i = 0; i < run->cycles.count; i++) {
		run->by_result[run->cycles.items[i].result]++;
		run->by_kind[run->cycles.items[i].kind]++;
	}
	return !run->failed || error_memory(error);
}

static void run_deinit(struct run *run)
{
	cycles_deinit(&run->cycles);
	captures_deinit(&run->captures);
	verdict_destroy(run->verdict);
	for (size_t i = 0; i < run->host_count; i++)
		free(run->hosts[i]);
	free(run->hosts);
	free(run->scenario);
	free(run->target);
	free(run->started);
	free(run->finished);
	free(run->cut_short);
}

static void print_line(const struct run *run, const char *label, const char *text)
{
	fprintf(run->out, "%s: ", label);
	text_print(run->out, text ? text : "unknown");
	fputc('\n', run->out);
}

static void print_head(const struct run *run)
{
	char what[PART_WORD];
	if (run->verdict)
		print_line(run, "verdict", verdict_words[run->verdict->word]);
	else
		print_line(run, "part of a run", part_format(&run->part, what));
	for (size_t i = 0; i < run->host_count; i++)
		print_line(run, "host", run->hosts[i]);
	print_line(run, "target", run->target);
	print_line(run, "scenario", run->scenario);
	print_line(run, "started", run->started);
	print_line(run, "finished", run->finished ? run->finished : "no");
}

static void print_event(void *data, int64_t time, const char *kind, const char *text)
{
	char stamp[TIMESTAMP_TEXT];
	struct run *run = data;
	FILE *out = run->out;
	if (!run->any_event)
		fprintf(out, "\nevents\n");
	run->any_event = true;
	fprintf(out, "  %s ", timestamp_format(time, stamp));
	text_print(out, kind);
	fputs(": ", out);
	text_print(out, text);
	fputc('\n', out);
}

static void print_cycles(const struct run *run)
{
	FILE *out = run->out;
	fprintf(out, "cycles: %zu", run->cycles.count);
	for (int i = CYCLE_LOAD + 1; i < CYCLE_KIND_COUNT; i++) {
		if (run->by_kind[i])
			fprintf(
			    out, ", %" PRId64 " of them %s", run->by_kind[i], cycle_kind_names[i]);
	}
	fputc('\n', out);
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++) {
		if (run->by_result[i])
			fprintf(
			    out, "  %-14s %" PRId64 "\n", cycle_result_names[i], run->by_result[i]);
	}
}

static void print_captures(const struct run *run)
{
	FILE *out = run->out;
	char stamp[TIMESTAMP_TEXT];
	if (run->captures.count)
		fprintf(out, "\ncaptures: %zu\n  %-8s %5s %6s %-19s %-14s %s\n",
		    run->captures.count, "mark", "round", "cycle", "started", "observer", "result");
	for (size_t i = 0; i < run->captures.count; i++) {
		const struct capture *capture = &run->captures.items[i];
		fprintf(out, "  %-8s %5" PRId64 " %6" PRId64 " %.19s ", mark_names[capture->mark],
		    capture->round, capture->cycle, timestamp_format(capture->started, stamp));
		text_print_column(out, capture->observer, 14);
		fputc(' ', out);
		text_print(out, capture->problem ? capture->problem : "read");
		fputc('\n', out);
	}
}

static void add_event(void *data, int64_t time, const char *kind, const char *text)
{
	char stamp[TIMESTAMP_TEXT];
	json_array_append_new(
	    data, json_pack("{s:s,s:o,s:o}", "time", timestamp_format(time, stamp), "kind",
	              json_of_text(kind), "text", json_of_text(text)));
}

static json_t *run_json(const struct run *run)
{
	json_t *cycles = json_object(), *kinds = json_object(), *captures = json_array();
	for (int i = 0; i < CYCLE_KIND_COUNT; i++)
		json_object_set_new(kinds, cycle_kind_names[i], json_integer(run->by_kind[i]));
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++)
		json_object_set_new(cycles, cycle_result_names[i], json_integer(run->by_result[i]));
	for (size_t i = 0; i < run->captures.count; i++) {
		const struct capture *capture = &run->captures.items[i];
		char stamp[TIMESTAMP_TEXT];
		json_array_append_new(captures,
		    json_pack("{s:s,s:I,s:I,s:s,s:o,s:o}", "mark", mark_names[capture->mark],
		        "round", (json_int_t)capture->round, "cycle", (json_int_t)capture->cycle,
		        "started", timestamp_format(capture->started, stamp), "observer",
		        json_of_text(capture->observer), "problem",
		        json_of_text(capture->problem)));
	}
	json_t *hosts = json_array();
	for (size_t i = 0; i < run->host_count; i++)
		json_array_append_new(hosts, json_of_text(run->hosts[i]));
	return json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o}", "schema",
	    "leaklab.run/1", "verdict",
	    run->verdict ? json_string(verdict_words[run->verdict->word]) : json_null(), "part",
	    part_words[run->part.kind] ? json_string(part_words[run->part.kind]) : json_null(),
	    "hosts", hosts, "target", json_of_text(run->target), "scenario",
	    json_of_text(run->scenario), "started", json_of_text(run->started), "finished",
	    json_of_text(run->finished), "complete", run->finished && !run->cut_short, "cycles",
	    cycles, "kinds", kinds, "captures", captures);
}

static bool print_json(const struct run *run, struct runfile *runfile, struct error *error)
{
	json_t *root = run_json(run), *events = json_array();
	bool good = runfile_events(runfile, add_event, events, error);
	json_object_set_new(root, "events", events);
	if (good && !json_write(root, JSON_ON_LINES, run->out))
		good = error_set(error, EXIT_TARGET, "writing the run as JSON failed");
	json_decref(root);
	return good;
}

static bool print_text(struct run *run, struct runfile *runfile, struct error *error)
{
	print_head(run);
	print_cycles(run);
	print_captures(run);
	return runfile_events(runfile, print_event, run, error);
}

bool show_run(const char *path, bool as_json, FILE *out, struct error *error)
{
	struct run run = {.out = out};
	struct runfile *runfile = runfile_open(path, error);
	if (!runfile)
		return false;
	bool good = load(&run, runfile, error) &&
	            (as_json ? print_json(&run, runfile, error) : print_text(&run, runfile, error));
	run_deinit(&run);
	runfile_close(runfile);
	return good;
}
