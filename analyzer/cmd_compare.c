/* compare: two moments of one host. */
#include "command.h"

#include <pthread.h>
#include <stdio.h>

#include "compare/compare.h"
#include "evidence_options.h"
#include "readers/reader.h"

static const struct evidence_words words = {
    .arguments = "BEFORE AFTER",
    .doc =
        "Compares two moments of a host: session IDs that are missing or climb, logon sessions "
        "that outlived their session and who holds them, token handles gained and lost, and "
        "processes "
        "by handle growth.\v"
        "Each of BEFORE and AFTER is a file, or a folder with the files of one moment, in any "
        "format that show reads. Take BEFORE while the users are logged on, and AFTER 20 minutes "
        "after the last logoff: healthy hosts "
        "let go that late. Capture both in the same way and keep the outputs as they are: their ends tell "
        "whether a list was cut. The exit code is 0 if nothing outlived its session, 1 if "
        "something did, 3 if the evidence supports neither; what it cannot show is said.\n\n"
        "Examples:\n"
        "  leaklab-analyzer compare before.json after.json\n"
        "  leaklab-analyzer compare monday/ tuesday/ --format json | jq .orphans",
    .missing = "BEFORE and AFTER are wanted",
    .many = "only BEFORE and AFTER are wanted; put files of one moment in a folder",
    .format_help = "text (default) or json (schema leaklab.compare/1)",
    .least = 2,
    .most = 2,
};

/* BEFORE is read beside AFTER: either may be a million rows. */
struct job {
	char *const *path;
	struct snapshot *snapshot;
	struct error error;
};

static void *read_moment(void *data)
{
	struct job *job = data;
	job->snapshot = evidence_gather(job->path, 1, NULL, &job->error);
	return NULL;
}

static int run(int argc, char **argv)
{
	struct evidence_options options;
	struct error error;
	struct comparison *comparison = NULL;
	evidence_options_parse(&options, &words, argc, argv);
	struct job first = {.path = &options.paths[0]}, second = {.path = &options.paths[1]};
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, read_moment, &first) == 0;
	if (!beside)
		read_moment(&first);
	read_moment(&second);
	if (beside)
		pthread_join(thread, NULL);
	struct snapshot *before = first.snapshot, *after = second.snapshot;
	if (before && after)
		comparison = compare_snapshots(before, after, &error);
	else
		error = before ? second.error : first.error;
	int code = comparison ? (int)comparison->verdict : error_print(&error, PROGRAM);
	if (comparison && options.format == OUTPUT_TEXT)
		comparison_print_text(comparison, stdout);
	else if (comparison && !comparison_print_json(comparison, stdout, &error))
		code = error_print(&error, PROGRAM);
	comparison_destroy(comparison);
	snapshot_destroy(before);
	snapshot_destroy(after);
	return code;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "say what grew between two moments, and what outlived its session",
    .run = run,
};
