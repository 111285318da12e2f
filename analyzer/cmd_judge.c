/* judge: a run file's verdict. */
#include "command.h"

#include <argp.h>
#include <stdio.h>

#include "judge/judge.h"

struct arguments {
	const char *run;
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
		if (arguments->run)
			argp_error(state, "one run file at a time");
		arguments->run = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which run file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, "text (default) or json (schema leaklab.verdict/1)", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "RUN",
    .doc = "Judges a run: LEAK, CLEAN or INCONCLUSIVE, with reasons and culprits.\v"
           "RUN is a run file that leaklab-driver made, finished or not. If its scenario expected "
           "something, the exit "
           "code says whether that was met (0), failed (1) or could not be decided (3); else it is "
           "the verdict's: 0 "
           "clean, 1 leak, 3 inconclusive.\n\n"
           "Examples:\n"
           "  leaklab-analyzer judge monday.leaklab\n"
           "  leaklab-analyzer judge --format json monday.leaklab | jq .culprits",
};

static int run(int argc, char **argv)
{
	struct arguments arguments = {.format = OUTPUT_TEXT};
	struct error error;
	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
		return EXIT_USAGE;
	struct runfile *runfile = runfile_open(arguments.run, &error);
	if (!runfile)
		return error_print(&error, PROGRAM);
	struct verdict *verdict = judge_run(runfile, &error);
	runfile_close(runfile);
	if (!verdict) {
		error_prefix(&error, "judging %s", arguments.run);
		return error_print(&error, PROGRAM);
	}
	int code = verdict_exit_code(verdict);
	if (arguments.format == OUTPUT_TEXT)
		verdict_print_text(verdict, stdout);
	else if (!verdict_print_json(verdict, stdout, &error))
		code = error_print(&error, PROGRAM);
	verdict_destroy(verdict);
	return code;
}

const struct command command_judge = {
    .name = "judge",
    .summary = "say whether a run shows a leak, and who holds it",
    .run = run,
};
