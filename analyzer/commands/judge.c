/* judge: from a run file to a verdict, and to reports of it. */
#include "commands/command.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "commands/evidence_options.h"
#include "judge/pool.h"
#include "judge/validation.h"
#include "report/report.h"

#define REPORTS_MOST 32
#define RUNS_MOST 64 /* on each side of a fix */

struct runs {
	const char *paths[RUNS_MOST];
	struct verdict *verdicts[RUNS_MOST];
	char *started[RUNS_MOST]; /* tells one run from another; NULL: not known */
	size_t count;
};

struct options {
	struct runs runs;
	struct runs against;     /* before a fix */
	struct leak_terms terms; /* --release-time */
	bool allow_partial;
	bool to_against; /* --against has been said: run files that follow are those */
	const struct renderer *renderer;
	const char *output; /* NULL: standard output */
	const char *reports[REPORTS_MOST];
	size_t report_count;
};

static void add_run(struct runs *runs, const char *path, struct argp_state *state)
{
	if (runs->count == RUNS_MOST)
		argp_error(state, "at most %d runs", RUNS_MOST);
	runs->paths[runs->count++] = path;
}

/* What goes together. */
static void check_options(const struct options *options, struct argp_state *state)
{
	if (options->runs.count == 0)
		argp_error(state, "which run file?");
	if (options->to_against && options->against.count == 0)
		argp_error(state, "--against which run files?");
	const bool several = options->against.count > 0 || options->runs.count > 1;
	if (several && (options->report_count || options->output))
		argp_error(
		    state, "several runs are printed as text or JSON; reports are of single runs");
	if (several && strcmp(options->renderer->name, "text") != 0 &&
	    strcmp(options->renderer->name, "json") != 0)
		argp_error(state, "several runs are printed as text or json only");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	struct error error;
	switch (key) {
	case TERMS_RELEASE_TIME:
		terms_parse(&options->terms, key, argument, state);
		return 0;
	case 'f':
		options->renderer = renderer_by_name(argument);
		if (!options->renderer)
			argp_error(state,
			    "--format: \"%s\" should be text, json, junit, markdown or html",
			    argument);
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case 'r':
		if (!renderer_by_suffix(argument, &error))
			argp_error(state, "--report: %s", error.text);
		if (options->report_count == REPORTS_MOST)
			argp_error(state, "--report: at most %d reports", REPORTS_MOST);
		options->reports[options->report_count++] = argument;
		return 0;
	case 'p':
		options->allow_partial = true;
		return 0;
	case 'a':
		options->to_against = true;
		return 0;
	case ARGP_KEY_ARG:
		add_run(options->to_against ? &options->against : &options->runs, argument, state);
		return 0;
	case ARGP_KEY_END:
		check_options(options, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
    {"format", 'f', "FORMAT", 0,
        "text (default), json (schema leaklab.verdict/1), junit, markdown or html", 0},
    {"output", 'o', "FILE", 0, "write there instead of to standard output", 0},
    {"report", 'r', "FILE", 0,
        "also write a report; the file name's ending chooses its form: .html, .md, .xml (JUnit), "
        ".json or .txt. May be given several times",
        0},
    TERMS_RELEASE_TIME_OPTION,
    {"allow-partial", 'p', NULL, 0,
        "judge a run that was cut short by what there is of it, instead of calling it INCONCLUSIVE",
        0},
    {"against", 'a', NULL, 0,
        "say whether a fix works: the run files that follow are without it, the others with it", 0},
    {0},
};

static const struct argp argp = {
    .options = option_list,
    .parser = parse_option,
    .args_doc = "RUN\nRUN RUN...\nRUN... --against RUN...",
    .doc =
        "Judges a run: LEAK, CLEAN or INCONCLUSIVE, with reasons and culprits.\v"
        "RUN is a run file that leaklab run made, finished or not. If its scenario expected "
        "something, the exit code says whether that was met (0), failed (1) or could not be "
        "decided (3); else it is the verdict's: 0 clean, 1 leak, 3 inconclusive. Without a proven leak it is 4 "
        "if the host or a stage program ended the run, or if no logon succeeded.\n\n"
        "Several runs of one host and build are judged together: LEAK if one leaks; CLEAN if only too few cycles stand against "
        "it in any run, and the cycles of all runs together are enough. The expectations of their scenarios are not checked "
        "then.\n\n"
        "With --against the runs before it are those with a fix, and the exit code says whether the fix works: 0 "
        "fixed, 1 improved, not fixed or worse, 3 cannot tell.\n\n"
        "Examples:\n"
        "  leaklab judge monday.leaklab\n"
        "  leaklab judge --format json monday.leaklab | jq .culprits\n"
        "  leaklab judge monday.leaklab -r monday.html -r junit.xml\n"
        "  leaklab judge night-1.leaklab night-2.leaklab\n"
        "  leaklab judge new?.leaklab --against old?.leaklab",
};

static bool write_reports(const struct options *options, struct runfile *runfile,
    const struct verdict *verdict, struct error *error)
{
	bool full = options->renderer->full, good = true;
	for (size_t i = 0; i < options->report_count; i++)
		full |= renderer_by_suffix(options->reports[i], error)->full;
	struct report *report =
	    report_create(runfile, options->runs.paths[0], verdict, full, error);
	if (!report)
		return error_prefix(error, "reporting on %s", options->runs.paths[0]);
	/* The verdict is seen even if a report cannot be written. */
	good = options->output ? report_write(options->renderer, report, options->output, error)
	                       : report_print(options->renderer, report, stdout, error);
	for (size_t i = 0; good && i < options->report_count; i++)
		good = report_write(renderer_by_suffix(options->reports[i], error), report,
		    options->reports[i], error);
	report_destroy(report);
	return good;
}

static struct judge_terms terms_of(const struct options *options)
{
	return (struct judge_terms){options->terms.release_time, options->allow_partial};
}

static bool judge_runs(struct runs *runs, const struct options *options, struct error *error)
{
	const struct judge_terms terms = terms_of(options);

	for (size_t i = 0; i < runs->count; i++) {
		struct runfile *runfile = runfile_open(runs->paths[i], error);
		if (!runfile)
			return false;
		runs->verdicts[i] = judge_run(runfile, &terms, error);
		runs->started[i] = runfile_get(runfile, "started");
		runfile_close(runfile);
		if (!runs->verdicts[i])
			return error_prefix(error, "judging %s", runs->paths[i]);
	}
	return true;
}

static void runs_deinit(struct runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		verdict_destroy(runs->verdicts[i]);
		free(runs->started[i]);
	}
}

/* A run that is given twice, or a copy of it, proves nothing twice. */
static bool are_different(const struct options *options, struct error *error)
{
	const struct runs *sides[] = {&options->runs, &options->against};
	const size_t count = options->runs.count + options->against.count;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			const size_t now = options->runs.count;
			const struct runs *one = sides[i >= now], *other = sides[j >= now];
			const size_t at = i >= now ? i - now : i, before = j >= now ? j - now : j;
			if (one->started[at] && other->started[before] &&
			    strcmp(one->started[at], other->started[before]) == 0)
				return error_set(error, EXIT_USAGE,
				    "%s and %s are the same run, or copies of it: a run counts once",
				    other->paths[before], one->paths[at]);
		}
	}
	return true;
}

/* Whether a fix works. */
static int validate(struct options *options)
{
	struct validation *validation = NULL;
	struct error error;
	int code;
	bool good = judge_runs(&options->runs, options, &error) &&
	            judge_runs(&options->against, options, &error) &&
	            are_different(options, &error);
	if (good) {
		validation = validation_create(
		    (const struct verdict *const *)options->runs.verdicts, options->runs.count,
		    (const struct verdict *const *)options->against.verdicts,
		    options->against.count);
		good = validation || error_memory(&error);
	}
	if (good && strcmp(options->renderer->name, "json") == 0)
		good = validation_print_json(validation, stdout, &error);
	else if (good)
		validation_print_text(validation, stdout);
	code = good ? validation_exit_code(validation) : error_print(&error, PROGRAM);
	validation_destroy(validation);
	runs_deinit(&options->runs);
	runs_deinit(&options->against);
	return code;
}

/* Several runs of one host. */
static int judge_together(struct options *options)
{
	struct pool *pool = NULL;
	struct error error;
	int code;
	bool good = judge_runs(&options->runs, options, &error) && are_different(options, &error);
	if (good) {
		pool = pool_create((const struct verdict *const *)options->runs.verdicts,
		    options->runs.paths, options->runs.count);
		good = pool || error_memory(&error);
	}
	if (good && strcmp(options->renderer->name, "json") == 0)
		good = pool_print_json(pool, stdout, &error);
	else if (good)
		pool_print_text(pool, stdout);
	code = good ? pool_exit_code(pool) : error_print(&error, PROGRAM);
	pool_destroy(pool);
	runs_deinit(&options->runs);
	return code;
}

static int judge(const struct options *options)
{
	const struct judge_terms terms = terms_of(options);
	const char *path = options->runs.paths[0];
	struct verdict *verdict = NULL;
	struct error error;
	int code;
	struct runfile *runfile = runfile_open(path, &error);
	if (!runfile)
		return error_print(&error, PROGRAM);
	verdict = judge_run(runfile, &terms, &error);
	if (!verdict) {
		error_prefix(&error, "judging %s", path);
		code = error_print(&error, PROGRAM);
	} else {
		code = verdict_exit_code(verdict);
		if (!write_reports(options, runfile, verdict, &error))
			code = error_print(&error, PROGRAM);
	}
	verdict_destroy(verdict);
	runfile_close(runfile);
	return code;
}

static int run(int argc, char **argv)
{
	static struct options options;
	options = (struct options){.renderer = renderer_by_name("text"), .terms = TERMS_NONE};
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options) != 0)
		return EXIT_USAGE;
	if (options.against.count)
		return validate(&options);
	return options.runs.count > 1 ? judge_together(&options) : judge(&options);
}

const struct command command_judge = {
    .name = "judge",
    .run = run,
};
