/* show: what was understood of a moment's evidence, and what was not. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/input.h"
#include "common/text.h"
#include "commands/evidence_options.h"
#include "readers/reader.h"

static const struct evidence_words words = {
    .arguments = "EVIDENCE...",
    .doc =
        "Prints what was understood of the evidence, who holds which logon session, and each line that was not understood.\v"
        "EVIDENCE is a run file (alone), or one or more of these: a snapshot of leaklab-probe; what "
        "qwinsta (query session), quser, logonsessions, handle, klist sessions, tasklist /v and "
        "Get-Process print; a memory dump (its symbols from _NT_SYMBOL_PATH or its own folder). "
        "One file may hold several outputs, as people paste them; a folder stands for the files "
        "in it; - is standard input. Everything is recognised by its content, not by its name. "
        "Several are taken as one moment, and contradictions between them are reported. Where one text has several outputs of "
        "the same command of handle, each of them is a moment, and the last is shown; where their order is not known, as in a mail "
        "thread, what all of them have.\n\n"
        "Examples:\n"
        "  leaklab show host.json\n"
        "  leaklab show qwinsta.txt logonsessions.txt handle-a.txt\n"
        "  ssh admin@rds01 leaklab-probe.exe | leaklab show -",
    .missing = "which evidence?",
    .many = "too many files",
    .least = 1,
    .most = SIZE_MAX,
};

/* Of a text that has several outputs of one search. */
static void show_moments(const struct moments *moments, FILE *out)
{
	if (moments->count < 2)
		return;
	fprintf(out, "moments: %zu, in the order of their commands; all below is of the last one\n",
	    moments->count);
	for (size_t i = 0; i < moments->count; i++) {
		const struct moment *moment = &moments->items[i];
		fprintf(out, "  lines %4" PRId64 " to %4" PRId64 ", %4" PRId64 " row%s of ",
		    moment->first, moment->last, moment->rows, moment->rows == 1 ? " " : "s");
		text_print(out, moment->command);
		fputc('\n', out);
	}
	fputs("leaklab compare takes the file alone, and compares them\n\n", out);
}

static bool show_evidence(const struct evidence_options *options, FILE *out, struct error *error)
{
	const char *format;
	struct moments moments;
	if (!evidence_gather_moments(options->paths, options->count, &moments, &format, error))
		return false;
	const struct snapshot *snapshot = moments.items[moments.count - 1].snapshot;
	bool good = true;
	if (options->output.form == &output_text) {
		show_moments(&moments, out);
		good = show_snapshot(snapshot, format, out, error);
	} else {
		char *json = snapshot_to_json(snapshot, error);
		good = json;
		if (json)
			fprintf(out, "%s\n", json);
		free(json);
	}
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
