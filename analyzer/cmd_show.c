/* show: what was understood of a piece of evidence. */
#include "command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/input.h"
#include "readers/reader.h"

struct arguments {
	const char *evidence;
	enum output_format format;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case 'f':
		if (!output_format_parse(argument, &arguments->format))
			argp_error(state, "--format: \"%s\" should be text or json", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->evidence)
			argp_error(state, "one piece of evidence at a time");
		arguments->evidence = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which evidence?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, "text (default) or json", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "EVIDENCE",
    .doc = "Prints what was understood of a piece of evidence.\v"
           "EVIDENCE is a snapshot in any format that is understood, or a run file; - is standard "
           "input. It is "
           "recognised by its content, not by its name. A run file is shown as its cycles, "
           "snapshots and events.\n\n"
           "Examples:\n"
           "  leaklab-analyzer show host.json\n"
           "  ssh admin@rds01 leaklab-probe.exe | leaklab-analyzer show -",
};

static bool show_evidence(const char *path, enum output_format output, struct error *error)
{
	char *bytes;
	size_t length;
	const char *format;
	if (!input_read(path, &bytes, &length, error))
		return false;
	const char *origin = strcmp(path, "-") == 0 ? "standard input" : path;
	struct snapshot *snapshot = evidence_read(bytes, length, origin, &format, error);
	free(bytes);
	if (!snapshot)
		return false;
	bool good = true;
	if (output == OUTPUT_TEXT) {
		show_snapshot(snapshot, format);
	} else {
		char *json = snapshot_to_json(snapshot, error);
		good = json;
		if (json)
			puts(json);
		free(json);
	}
	snapshot_destroy(snapshot);
	return good;
}

static int run(int argc, char **argv)
{
	struct arguments arguments = {.format = OUTPUT_TEXT};
	struct error error;
	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
		return EXIT_USAGE;
	bool is_database = input_starts_with(arguments.evidence, "SQLite format 3", 16);
	bool good = is_database ? show_run(arguments.evidence, arguments.format, &error)
	                        : show_evidence(arguments.evidence, arguments.format, &error);
	return good ? EXIT_CLEAN : error_print(&error, PROGRAM);
}

const struct command command_show = {
    .name = "show",
    .summary = "print what was understood of a snapshot or a run file",
    .run = run,
};
