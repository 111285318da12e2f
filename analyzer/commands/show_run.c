/* A run file as a summary: its cycles by result, its captures and its events. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "common/json_text.h"
#include "common/text.h"
#include "runfile/runfile.h"

struct run {
	struct cycles cycles;
	struct captures captures;
	int64_t by_result[CYCLE_RESULT_COUNT];
};

static bool load(struct run *run, struct runfile *runfile, struct error *error)
{
	if (!runfile_cycles(runfile, &run->cycles, error) ||
	    !runfile_captures(runfile, &run->captures, error))
		return false;
	for (size_t i = 0; i < run->cycles.count; i++)
		run->by_result[run->cycles.items[i].result]++;
	return true;
}

static void print_event(void *data, int64_t time, const char *kind, const char *text)
{
	char stamp[TIMESTAMP_TEXT];
	bool *any = data;
	if (!*any)
		printf("\nevents\n");
	*any = true;
	printf("  %s ", timestamp_format(time, stamp));
	text_print(stdout, kind);
	fputs(": ", stdout);
	text_print(stdout, text);
	putchar('\n');
}

static void print_cycles(const struct run *run)
{
	printf("cycles: %zu\n", run->cycles.count);
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++) {
		if (run->by_result[i])
			printf("  %-14s %" PRId64 "\n", cycle_result_names[i], run->by_result[i]);
	}
}

static void print_captures(const struct run *run)
{
	char stamp[TIMESTAMP_TEXT];
	if (run->captures.count)
		printf("\ncaptures: %zu\n  %-8s %5s %6s %-19s %-14s %s\n", run->captures.count,
		    "mark", "round", "cycle", "started", "observer", "result");
	for (size_t i = 0; i < run->captures.count; i++) {
		const struct capture *capture = &run->captures.items[i];
		printf("  %-8s %5" PRId64 " %6" PRId64 " %.19s ", mark_names[capture->mark],
		    capture->round, capture->cycle, timestamp_format(capture->started, stamp));
		text_print_column(stdout, capture->observer, 14);
		putchar(' ');
		text_print(stdout, capture->problem ? capture->problem : "read");
		putchar('\n');
	}
}

static void add_event(void *data, int64_t time, const char *kind, const char *text)
{
	char stamp[TIMESTAMP_TEXT];
	json_array_append_new(data, json_pack("{s:s,s:s,s:s}", "time",
	                                timestamp_format(time, stamp), "kind", kind, "text", text));
}

static json_t *run_json(const struct run *run)
{
	json_t *cycles = json_object(), *captures = json_array();
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++)
		json_object_set_new(cycles, cycle_result_names[i], json_integer(run->by_result[i]));
	for (size_t i = 0; i < run->captures.count; i++) {
		const struct capture *capture = &run->captures.items[i];
		char stamp[TIMESTAMP_TEXT];
		json_array_append_new(captures,
		    json_pack("{s:s,s:I,s:I,s:s,s:s?,s:s?}", "mark", mark_names[capture->mark],
		        "round", (json_int_t)capture->round, "cycle", (json_int_t)capture->cycle,
		        "started", timestamp_format(capture->started, stamp), "observer",
		        capture->observer, "problem", capture->problem));
	}
	return json_pack(
	    "{s:s,s:o,s:o}", "schema", "leaklab.run/1", "cycles", cycles, "captures", captures);
}

static bool print_json(const struct run *run, struct runfile *runfile, struct error *error)
{
	json_t *root = run_json(run), *events = json_array();
	bool good = runfile_events(runfile, add_event, events, error);
	json_object_set_new(root, "events", events);
	if (good && !json_write(root, JSON_ON_LINES, stdout))
		good = error_set(error, EXIT_TARGET, "writing the run as JSON failed");
	json_decref(root);
	return good;
}

static bool print_text(const struct run *run, struct runfile *runfile, struct error *error)
{
	bool any = false;
	print_cycles(run);
	print_captures(run);
	return runfile_events(runfile, print_event, &any, error);
}

bool show_run(const char *path, enum output_format format, struct error *error)
{
	struct run run = {0};
	struct runfile *runfile = runfile_open(path, error);
	if (!runfile)
		return false;
	bool good = load(&run, runfile, error) &&
	            (format == OUTPUT_TEXT ? print_text(&run, runfile, error)
	                                   : print_json(&run, runfile, error));
	cycles_deinit(&run.cycles);
	captures_deinit(&run.captures);
	runfile_close(runfile);
	return good;
}
