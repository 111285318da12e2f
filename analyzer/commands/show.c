/* show: what was understood of a moment's evidence, and what was not. */
#include "commands/command.h"

#include <argp.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/input.h"
#include "common/text.h"
#include "commands/evidence_options.h"
#include "readers/reader.h"

static const struct argp_option command_options[] = {
    EVIDENCE_HOST_OPTION, TERMS_RELEASE_TIME_OPTION, {0}};

static const struct evidence_words words = {
    .arguments = "EVIDENCE...",
    .doc =
        "Prints what was understood of the evidence, who holds which logon session, and each line that was not understood.\v"
        "EVIDENCE is a run file (alone), or one or more of these: a snapshot of leaklab-probe; what "
        "qwinsta (query session), quser, logonsessions, handle, klist sessions, tasklist /v and "
        "Get-Process print; events of the logs of LocalSessionManager and Security (.evtx, wevtutil qe /f:xml, Get-WinEvent); performance counters over time (typeperf, perfmon, relog, Export-Counter); a memory dump (its symbols from _NT_SYMBOL_PATH or its own folder). "
        "One file may hold several outputs, as people paste them; a folder stands for the files "
        "in it; - is standard input. Everything is recognised by its content, not by its name. "
        "Several are taken as one moment, and contradictions between them are reported. Where one text has several outputs of "
        "the same command of handle, each of them is a moment, and the last is shown; where their order is not known, as in a mail "
        "thread, what all of them have.\n\n"
        "Examples:\n"
        "  leaklab show host.json\n"
        "  leaklab show lsm.xml security.xml\n"
        "  leaklab show qwinsta.txt logonsessions.txt handle-a.txt\n"
        "  ssh admin@rds01 leaklab-probe.exe | leaklab show -",
    .missing = "which evidence?",
    .many = "too many files",
    .least = 1,
    .most = SIZE_MAX,
    .options = command_options,
};

/* One of a list in JSON has no lines. */
static void print_time_of(const struct snapshot *snapshot, FILE *out)
{
	char time[TIMESTAMP_TEXT];
	fputs("  ", out);
	text_print(out, snapshot->source);
	fprintf(out, ", %s\n",
	    snapshot->time == TIMESTAMP_UNKNOWN ? "at an unknown time"
	                                        : timestamp_format(snapshot->time, time));
}

/* Of a text that has several outputs of one search: those of one host. */
static void show_moments(const struct moment *moments, size_t count, FILE *out)
{
	if (count < 2)
		return;
	fprintf(out, "moments: %zu, in the order of their commands; all below is of the last one\n",
	    count);
	for (size_t i = 0; i < count; i++) {
		const struct moment *moment = &moments[i];
		if (!moment->first) {
			print_time_of(moment->snapshot, out);
			continue;
		}
		fprintf(out, "  lines %4" PRId64 " to %4" PRId64 ", %4" PRId64 " row%s of ",
		    moment->first, moment->last, moment->rows, moment->rows == 1 ? " " : "s");
		text_print(out, moment->command);
		fputc('\n', out);
	}
	fputs("leaklab compare takes the file alone, and compares them\n\n", out);
}

/* The moments from `first` on that are of one host. */
static size_t count_of_host(const struct moments *moments, size_t first)
{
	size_t count = 1;
	while (first + count < moments->count &&
	       moments_are_of_same(&moments->items[first], &moments->items[first + count]))
		count++;
	return count;
}

static bool print_text(const struct moments *moments, const char *format,
    const struct leak_terms *terms, FILE *out, struct error *error)
{
	bool good = true;
	for (size_t first = 0, count; good && first < moments->count; first += count) {
		const struct moment *items = &moments->items[first];
		count = count_of_host(moments, first);
		const struct snapshot *last = items[count - 1].snapshot;
		if (count < moments->count && first)
			fputc('\n', out);
		if (count < moments->count) {
			fputs("---- outputs of ", out);
			text_print(out, last->host ? last->host : "a host that is not named");
			fputs("\n", out);
		}
		show_moments(items, count, out);
		good = show_snapshot(
		    last, count < moments->count ? last->source : format, terms, out, error);
	}
	return good;
}

/* One is an object; of several each is one in a list. */
static bool print_json(const struct moments *moments, FILE *out, struct error *error)
{
	const bool many = moments->count > 1;
	bool good = true;
	if (many)
		fputs("{\"schema\": \"" SNAPSHOTS_SCHEMA "\", \"snapshots\": [\n", out);
	for (size_t i = 0; good && i < moments->count; i++) {
		if (i)
			fputs(",\n", out);
		good = snapshot_write_json(moments->items[i].snapshot, out, error);
	}
	if (many)
		fputs("]}\n", out);
	return good;
}

static bool show_evidence(const struct evidence_options *options, FILE *out, struct error *error)
{
	const char *format;
	struct moments moments;
	if (!evidence_gather_moments(
	        options->paths, options->count, options->host, &moments, &format, error))
		return false;
	const bool good = options->output.form == &output_text
	                      ? print_text(&moments, format, &options->terms, out, error)
	                      : print_json(&moments, out, error);
	moments_deinit(&moments);
	return good;
}

static bool show(const struct evidence_options *options, FILE *out, struct error *error)
{
	const bool is_database =
	    options->count == 1 && input_starts_with(options->paths[0], "SQLite format 3", 16);
	return is_database
	           ? show_run(options->paths[0], options->output.form == &output_json, out, error)
	           : show_evidence(options, out, error);
}

static int run(int argc, char **argv)
{
	struct evidence_options options;
	struct error error;
	evidence_options_parse(&options, &words, argc, argv);
	struct output output;
	const bool good = output_open(&output, &options.output, &error) &&
	                  output_close(&output, show(&options, output.stream, &error), &error);
	return good ? EXIT_CLEAN : error_print(&error, PROGRAM);
}

const struct command command_show = {
    .name = "show",
    .run = run,
};
