/* judge: a run file's verdict. */
#include "command.h"

#include <stdio.h>

#include "evidence_options.h"
#include "judge/judge.h"

static const struct evidence_words words = {
    .arguments = "RUN",
    .doc = "Judges a run: LEAK, CLEAN or INCONCLUSIVE, with reasons and culprits.\v"
           "RUN is a run file that leaklab-driver made, finished or not. If its scenario expected "
           "something, the exit "
           "code says whether that was met (0), failed (1) or could not be decided (3); else it is "
           "the verdict's: 0 "
           "clean, 1 leak, 3 inconclusive.\n\n"
           "Examples:\n"
           "  leaklab-analyzer judge monday.leaklab\n"
           "  leaklab-analyzer judge --format json monday.leaklab | jq .culprits",
    .missing = "which run file?",
    .many = "one run file at a time",
    .format_help = "text (default) or json (schema leaklab.verdict/1)",
    .least = 1,
    .most = 1,
};

static int run(int argc, char **argv)
{
	struct evidence_options options;
	struct error error;
	evidence_options_parse(&options, &words, argc, argv);
	struct runfile *runfile = runfile_open(options.paths[0], &error);
	if (!runfile)
		return error_print(&error, PROGRAM);
	struct verdict *verdict = judge_run(runfile, &error);
	runfile_close(runfile);
	if (!verdict) {
		error_prefix(&error, "judging %s", options.paths[0]);
		return error_print(&error, PROGRAM);
	}
	int code = verdict_exit_code(verdict);
	if (options.format == OUTPUT_TEXT)
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
