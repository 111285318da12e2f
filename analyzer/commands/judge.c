/* judge: from run files to a verdict, and to reports of it. */
#include "commands/command.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "commands/evidence_options.h"
#include "commands/output_options.h"
#include "judge/pool.h"
#include "judge/validation.h"
#include "report/report.h"

#define REPORTS_MOST 32
#define RUNS_MOST 64 /* on each side of a fix */
#define FORMS_MOST 8

struct runs {
	char *paths[RUNS_MOST];
	struct verdict *verdicts[RUNS_MOST];
	struct report *reports[RUNS_MOST];
	char *started[RUNS_MOST]; /* tells one run from another; NULL: not known */
	size_t count;
};

struct options {
	struct runs runs;
	struct runs against;     /* before a fix */
	struct leak_terms terms; /* --release-time */
	bool allow_partial;
	bool to_against; /* --against has been said: run files that follow are those */
	struct output_options output;
	char *reports[REPORTS_MOST];
	const struct renderer *report_renderers[REPORTS_MOST];
	size_t report_count;
};

/* The renderers' forms. */
static struct output_form forms[FORMS_MOST];
static const struct output_form *form_list[FORMS_MOST];

static void list_forms(struct output_options *output)
{
	for (size_t i = 0; i < renderer_count && i < FORMS_MOST; i++) {
		forms[i] = (struct output_form){renderers[i]->name, renderers[i]->suffix};
		form_list[i] = &forms[i];
	}
	output->forms = form_list;
	output->form_count = renderer_count;
}

static void add_run(struct runs *runs, char *path, struct argp_state *state)
{
	if (runs->count == RUNS_MOST)
		argp_error(state, "at most %d runs", RUNS_MOST);
	runs->paths[runs->count++] = path;
}

static void add_report(struct options *options, char *path, struct argp_state *state)
{
	struct error error;
	const struct output_form *form = output_form_of(&options->output, path, &error);
	if (!form)
		output_refuse(state, &error);
	if (options->report_count == REPORTS_MOST)
		argp_error(state, "--report: at most %d reports", REPORTS_MOST);
	options->report_renderers[options->report_count] = renderer_by_name(form->name);
	options->reports[options->report_count++] = path;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->output;
		return 0;
	case TERMS_RELEASE_TIME:
		terms_parse(&options->terms, key, argument, state);
		return 0;
	case 'r':
		add_report(options, argument, state);
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
		if (options->runs.count == 0)
			argp_error(state, "which run file?");
		if (options->to_against && options->against.count == 0)
			argp_error(state, "--against which run files?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
    {"report", 'r', "FILE", 0,
        "Also write a report there, as --output does; may be given several times", 0},
    TERMS_RELEASE_TIME_OPTION,
    {"allow-partial", 'p', NULL, 0,
        "Judge a run that was cut short by what there is of it, instead of calling it INCONCLUSIVE",
        0},
    {"against", 'a', NULL, 0,
        "Say whether a fix works: the run files that follow are without it, the others with it", 0},
    {0},
};

static const struct argp_child children[] = {{&output_argp, 0, NULL, 0}, {0}};

static const struct argp argp = {
    .options = option_list,
    .children = children,
    .parser = parse_option,
    .args_doc = "RUN\nRUN RUN...\nRUN... --against RUN...",
    .doc =
        "Judges a run: LEAK, CLEAN or INCONCLUSIVE, with reasons and culprits.\v"
        "RUN is a run file that leaklab run made, finished or not. Exit codes: 0 clean, 1 leak, 3 inconclusive. If "
        "the scenario expected something: 0 met, 1 failed, 3 could not be decided. Without a proven leak it is 4 if the host or a stage "
        "program ended the run, or if no logon succeeded. Several runs of one host and build are judged "
        "together, without what their scenarios expect. With --against: 0 fixed, 1 improved, not fixed or worse, 3 "
        "cannot tell. leaklab-verdict(5) explains more.\n\n"
        "  leaklab judge monday.leaklab\n"
        "  leaklab judge --json monday.leaklab | jq .culprits\n"
        "  leaklab judge monday.leaklab -r monday.html -r junit.xml\n"
        "  leaklab judge new?.leaklab --against old?.leaklab",
};

static bool is_named_before(const struct options *options, size_t report)
{
	const char *path = options->reports[report];
	if (options->output.path && strcmp(options->output.path, path) == 0)
		return true;
	for (size_t i = 0; i < report; i++) {
		if (strcmp(options->reports[i], path) == 0)
			return true;
	}
	return false;
}

/* Before anything is judged. */
static bool check_files(const struct options *options, struct error *error)
{
	if (!output_check(&options->output, options->runs.paths, options->runs.count, error))
		return false;
	for (size_t i = 0; i < options->report_count; i++) {
		if (is_named_before(options, i))
			return error_set(
			    error, EXIT_USAGE, "%s is named twice", options->reports[i]);
		if (!result_file_check(options->reports[i], options->output.force, error))
			return false;
	}
	return true;
}

static bool print_report(
    const struct options *options, const struct report *report, struct error *error)
{
	struct output output;
	return output_open(&output, &options->output, error) &&
	       output_close(&output,
	           report_print(
	               renderer_by_name(options->output.form->name), report, output.stream, error),
	           error);
}

/* The verdict is seen even if a report cannot be written. */
static bool write_reports(
    const struct options *options, const struct report *report, struct error *error)
{
	bool good = print_report(options, report, error);
	for (size_t i = 0; good && i < options->report_count; i++)
		good = report_write(options->report_renderers[i], report, options->reports[i],
		    options->output.force, error);
	return good;
}

/* One of the forms shows the evidence, not only the verdict. */
static bool wants_evidence(const struct options *options)
{
	bool full = renderer_by_name(options->output.form->name)->full;
	for (size_t i = 0; i < options->report_count; i++)
		full |= options->report_renderers[i]->full;
	return full;
}

static bool judge_one(
    struct runs *runs, size_t i, const struct judge_terms *terms, bool full, struct error *error)
{
	const char *path = runs->paths[i];
	struct runfile *runfile = runfile_open(path, error);
	if (!runfile)
		return false;
	runs->started[i] = runfile_get(runfile, "started");
	runs->verdicts[i] = judge_run(runfile, terms, error);
	if (!runs->verdicts[i])
		error_prefix(error, "judging %s", path);
	else if (!(runs->reports[i] = report_create(runfile, path, runs->verdicts[i], full, error)))
		error_prefix(error, "reporting on %s", path);
	runfile_close(runfile);
	return runs->reports[i];
}

static bool judge_runs(
    struct runs *runs, const struct judge_terms *terms, bool full, struct error *error)
{
	for (size_t i = 0; i < runs->count; i++) {
		if (!judge_one(runs, i, terms, full, error))
			return false;
	}
	return true;
}

static void runs_deinit(struct runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		report_destroy(runs->reports[i]);
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

static const struct verdict *const *verdicts_of(const struct runs *runs)
{
	return (const struct verdict *const *)runs->verdicts;
}

/* Whether a fix works. */
static bool validate(const struct options *options, int *code, struct error *error)
{
	const struct runs *now = &options->runs, *before = &options->against;
	struct validation *validation =
	    validation_create(verdicts_of(now), now->count, verdicts_of(before), before->count);
	struct report *report = validation ? report_of_validation(validation, now->reports,
	                                         now->count, before->reports, before->count)
	                                   : NULL;
	const bool good = report ? write_reports(options, report, error) : error_memory(error);
	if (good)
		*code = validation_exit_code(validation);
	report_destroy(report);
	validation_destroy(validation);
	return good;
}

/* Several runs of one host. */
static bool judge_together(const struct options *options, int *code, struct error *error)
{
	const struct runs *runs = &options->runs;
	struct pool *pool =
	    pool_create(verdicts_of(runs), (const char *const *)runs->paths, runs->count);
	struct report *report = pool ? report_of_pool(pool, runs->reports) : NULL;
	const bool good = report ? write_reports(options, report, error) : error_memory(error);
	if (good)
		*code = pool_exit_code(pool);
	report_destroy(report);
	pool_destroy(pool);
	return good;
}

static bool judge(const struct options *options, int *code, struct error *error)
{
	*code = verdict_exit_code(options->runs.verdicts[0]);
	return write_reports(options, options->runs.reports[0], error);
}

static int run(int argc, char **argv)
{
	static struct options options;
	struct error error;
	int code = EXIT_TARGET;
	options = (struct options){.terms = TERMS_NONE};
	list_forms(&options.output);
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options) != 0)
		return EXIT_USAGE;
	const bool several = options.runs.count + options.against.count > 1;
	const struct judge_terms terms = {options.terms.release_time, options.allow_partial};
	const bool full = !several && wants_evidence(&options);
	const bool good =
	    check_files(&options, &error) && judge_runs(&options.runs, &terms, full, &error) &&
	    judge_runs(&options.against, &terms, full, &error) && are_different(&options, &error) &&
	    (options.against.count ? validate(&options, &code, &error)
	        : several          ? judge_together(&options, &code, &error)
	                           : judge(&options, &code, &error));
	runs_deinit(&options.runs);
	runs_deinit(&options.against);
	return good ? code : error_print(&error, PROGRAM);
}

const struct command command_judge = {
    .name = "judge",
    .run = run,
};
