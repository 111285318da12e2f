/* merge: one run of what several injectors played. */
#include "commands/command.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/text.h"
#include "runfile/runfile.h"
#include "shards/shards.h"

struct options {
	char **paths; /* the first is the one to be made */
	size_t count;
	bool force;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	switch (key) {
	case 'F':
		options->force = true;
		return 0;
	case ARGP_KEY_ARG:
		options->paths[options->count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (options->count < 3)
			argp_error(state,
			    "which file is to be made, and of which parts? merge RUN A D B.* C");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
    {"force", 'F', NULL, 0, "Replace the run file that is there", 0},
    {0},
};

static const struct argp argp = {
    .options = option_list,
    .parser = parse_option,
    .args_doc = "RUN PART...",
    .doc =
        "Makes one run file, RUN, of the parts that several injectors played, in any order: the host before the load (A, which has the "
        "plan), the shards of the load (B.*), and the host during (D) and after it (C). It is judged, shown and bundled like any other.\v"
        "Each machine has a clock of its own. Logons with NTLM, and samples, tell the host's, to which all times are converted; cycles are "
        "numbered by their logons. Where some machine's clock cannot be related to the host's, a leak can still be proven, and nothing is "
        "CLEAN. A shard that is missing makes the rate a range and forbids CLEAN. What does not belong together is refused.\n\n"
        "Exit codes: 0 made; 2 the parts do not make one run; 4 a file cannot be read or written.\n\n"
        "Examples:\n"
        "  leaklab merge night.leaklab A D B.* C\n"
        "  leaklab judge night.leaklab",
};

static void print_missing(const struct shards_summary *summary)
{
	printf("missing: shard%s", text_plural((int64_t)summary->missing_count));
	for (size_t i = 0; i < summary->missing_count && i < 10; i++)
		printf("%s %" PRId64, i ? "," : "", summary->missing[i]);
	if (summary->missing_count > 10)
		printf(" and %zu more", summary->missing_count - 10);
	printf(
	    ", with %" PRId64
	    " cycles: run each again (leaklab run --resume, or --shard), and merge again; until then the rate is a range, and "
	    "no verdict is CLEAN\n",
	    summary->cycles_missing);
}

static void print_summary(const char *out, const struct shards_summary *summary)
{
	char time[DURATION_TEXT];
	printf("%s: %" PRId64 " cycles of %" PRId64 " injectors\n", out, summary->cycles,
	    summary->injectors - (int64_t)summary->missing_count);
	if (summary->missing_count > 0)
		print_missing(summary);
	if (summary->unordered)
		puts(
		    "clocks: some machine's clock cannot be related to the host's (no NTLM, or a clock that was set): the order of logons is not "
		    "known, samples of the load are left out, and nothing is CLEAN");
	else if (!summary->one_clock)
		printf("clocks: up to %s apart; all times are the host's\n",
		    duration_format(summary->apart, time));
	if (summary->late >= 1000000)
		printf("start: the last injector began %s after the plan's start\n",
		    duration_format(summary->late, time));
	if (!summary->has_after)
		puts(
		    "the host after the load is missing (leaklab observe --mark settled): the run counts as cut short");
}

static int run(int argc, char **argv)
{
	struct options options = {.paths = calloc((size_t)argc + 1, sizeof *options.paths)};
	struct shards_summary summary;
	struct error error;
	int code = EXIT_CLEAN;
	if (!options.paths) {
		error_memory(&error);
		return error_print(&error, PROGRAM);
	}
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0) {
		free(options.paths);
		return EXIT_USAGE;
	}
	const char *out = options.paths[0];
	char *aside = NULL;
	bool good = true;
	if (options.force && access(out, F_OK) == 0)
		good = (aside = runfile_set_aside(out, &error)) != NULL;
	good = good && shards_merge(out, options.paths + 1, options.count - 1, &summary, &error);
	if (good) {
		print_summary(out, &summary);
		shards_summary_deinit(&summary);
	} else {
		code = error_print(&error, PROGRAM);
	}
	if (aside && (good ? unlink(aside) : rename(aside, out)) != 0)
		perror(aside);
	free(aside);
	free(options.paths);
	return code;
}

const struct command command_merge = {
    .name = "merge",
    .run = run,
};
