/* compare: moments of one host. */
#include "commands/command.h"

#include <pthread.h>
#include <stdio.h>
#include <argp.h>
#include <stdlib.h>

#include "compare/compare.h"
#include "commands/evidence_options.h"
#include "readers/reader.h"

#define BOTH_NEEDED "BEFORE and AFTER are needed"

static const struct argp_option command_options[] = {EVIDENCE_HOST_OPTION, TERMS_OPTIONS, {0}};

static const struct evidence_words words = {
    .arguments = "BEFORE AFTER...\nPASTE\nCOUNTERS",
    .doc =
        "Compares moments of a host: session IDs that are missing or climb, logon sessions "
        "that outlived their session and who holds them, token handles gained and lost, and "
        "processes "
        "by handle growth.\v"
        "Each moment is a file, or a folder with the files of one moment, in any format that show reads. PASTE is one text with "
        "several: outputs of the same command of handle, one behind the other. COUNTERS is a file of performance counters over "
        "time, whose rows are the moments. Take BEFORE while the users are logged on, and AFTER " RELEASE_TIME_WORDS
        " after the last logoff. Healthy holders release up to that long after it, so an orphan that is younger, or of unknown "
        "age, is not a leak yet. A third moment, " RELEASE_TIME_WORDS
        " later, proves the age; so does --after-logoff, if you know it. Keep "
        "outputs unchanged: how one ends shows whether a list was cut off. The exit code is 0 if nothing outlived its session, 1 if "
        "something did, 3 if the evidence supports neither, or if handles surely rise (eight moments at least); the text says what "
        "it cannot show. 0 needs leaklab-probe's snapshot: no text shows which session IDs tokens keep.\n\n"
        "Examples:\n"
        "  leaklab compare before.json after.json\n"
        "  leaklab compare --after-logoff 25m before/ after/\n"
        "  leaklab compare monday/ tuesday/ --format json | jq .orphans",
    .missing = BOTH_NEEDED,
    .many = "too many moments; put files of one moment in a folder",
    .least = 1,
    .most = 1000,
    .options = command_options,
};

/* BEFORE is read beside the others: each may be a million rows. */
struct job {
	char *const *path;
	const char *host;
	struct snapshot *snapshot;
	struct error error;
};

static void *read_moment(void *data)
{
	struct job *job = data;
	job->snapshot = evidence_gather(job->path, 1, job->host, NULL, &job->error);
	return NULL;
}

static void read_moments(struct job *jobs, size_t count)
{
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, read_moment, &jobs[0]) == 0;
	for (size_t i = beside ? 1 : 0; i < count; i++)
		read_moment(&jobs[i]);
	if (beside)
		pthread_join(thread, NULL);
}

static bool compare(const struct evidence_options *options, struct snapshot *const *snapshots,
    size_t count, int *code, struct error *error)
{
	struct comparison *comparison = compare_snapshots(snapshots, count, &options->terms, error);
	if (!comparison)
		return false;
	*code = (int)comparison->verdict;
	struct output output;
	bool good = output_open(&output, &options->output, error);
	if (good) {
		if (options->output.form == &output_json)
			good = comparison_print_json(comparison, output.stream, error);
		else
			comparison_print_text(comparison, output.stream);
		good = output_close(&output, good, error);
	}
	comparison_destroy(comparison);
	return good;
}

static bool compare_files(const struct evidence_options *options, int *code, struct error *error)
{
	struct job *jobs = calloc(options->count, sizeof *jobs);
	struct snapshot **snapshots = calloc(options->count, sizeof *snapshots);
	bool good = (jobs && snapshots) || error_memory(error);
	for (size_t i = 0; good && i < options->count; i++) {
		jobs[i].path = &options->paths[i];
		jobs[i].host = options->host;
	}
	if (good)
		read_moments(jobs, options->count);
	for (size_t i = 0; jobs && snapshots && i < options->count; i++) {
		snapshots[i] = jobs[i].snapshot;
		if (good && !snapshots[i]) {
			good = false;
			*error = jobs[i].error;
		}
	}
	good = good && compare(options, snapshots, options->count, code, error);
	for (size_t i = 0; snapshots && i < options->count; i++)
		snapshot_destroy(snapshots[i]);
	free(snapshots);
	free(jobs);
	return good;
}

/* Counters over time have moments of their own. */
static bool has_course(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->counter_count; i++) {
		if (snapshot->counters[i].point_count > 1)
			return true;
	}
	return false;
}

/* One text that has several moments. */
static bool compare_paste(const struct evidence_options *options, int *code, struct error *error)
{
	struct moments moments;
	if (!evidence_gather_moments(options->paths, 1, options->host, &moments, NULL, error))
		return false;
	struct snapshot **snapshots = calloc(moments.count, sizeof *snapshots);
	bool good = snapshots || error_memory(error);
	for (size_t i = 0; good && i < moments.count; i++)
		snapshots[i] = moments.items[i].snapshot;
	if (good && moments.count < 2 && !has_course(snapshots[0]))
		good = error_set(error, EXIT_USAGE,
		    BOTH_NEEDED
		    ": %s has no two outputs of one command of handle in a known order, nor counters over time, and so is one moment",
		    options->paths[0]);
	good = good && moments_are_of_one(&moments, error) &&
	       compare(options, snapshots, moments.count, code, error);
	free(snapshots);
	moments_deinit(&moments);
	return good;
}

static int run(int argc, char **argv)
{
	struct evidence_options options;
	struct error error;
	int code = EXIT_TARGET;
	evidence_options_parse(&options, &words, argc, argv);
	const bool good = options.count == 1 ? compare_paste(&options, &code, &error)
	                                     : compare_files(&options, &code, &error);
	return good ? code : error_print(&error, PROGRAM);
}

const struct command command_compare = {
    .name = "compare",
    .run = run,
};
