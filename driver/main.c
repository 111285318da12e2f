/* leaklab-driver: plays scenarios. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/front.h"
#include "common/secrets.h"
#include "common/streams.h"
#include "common/text.h"
#include "common/timestamp.h"
#include "common/version.h"
#include "driver/driver.h"
#include "driver/init.h"
#include "driver/monitor/monitor.h"
#include "driver/options.h"
#include "driver/plan.h"
#include "driver/programs/programs.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/hosts.h"
#include "driver/scenario/scenario.h"
#include "driver/scenario/shipped.h"
#include "judge/judge.h"
#include "report/report.h"

#define PROGRAM FRONT

const char *argp_program_version = PROGRAM " " LEAKLAB_VERSION;

static char *default_output(const struct scenario *scenario)
{
	const time_t now = time(NULL);
	struct tm local;
	char stamp[32];
	char *path;

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &local));
	if (asprintf(&path, "%s-%s.leaklab", scenario->name, stamp) < 0)
		return NULL;
	text_make_safe(path);
	for (char *at = path; *at; at++)
		if (*at == '/' || *at == ' ' || *at == '?')
			*at = '-';
	return path;
}

/* The run is over: signals end the program again. Those that came meanwhile are forgotten. */
static void release_signals(void)
{
	const struct timespec at_once = {0};
	sigset_t all;

	sigfillset(&all);
	while (sigtimedwait(&all, NULL, &at_once) > 0)
		;
	sigprocmask(SIG_UNBLOCK, &all, NULL);
}

/* For whoever reads the events: the verdict, on one line. NULL: memory is out. */
static char *verdict_line(struct runfile *runfile, const char *path, const struct verdict *verdict)
{
	struct error error;
	char *line = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&line, &size);

	if (!stream)
		return NULL;
	const bool good = report_run("json", runfile, path, verdict, stream, &error);
	if (fclose(stream) == 0 && good) {
		line[strcspn(line, "\n")] = '\0';
		return line;
	}
	free(line);
	return NULL;
}

/* The verdict goes to standard output, unless that has the events. */
static bool tell_verdict(const struct arguments *arguments, struct runfile *runfile,
    const char *path, const struct verdict *verdict, struct error *error)
{
	const char *events = arguments->monitor.events;

	return (events && strcmp(events, "-") == 0) ||
	       report_run(arguments->json ? "json" : "text", runfile, path, verdict, stdout, error);
}

/* Judges, prints the verdict and ends the monitor. Returns the exit code that follows from it and from how the run went. */
static int conclude(const struct arguments *arguments, struct runfile *runfile, const char *path,
    const struct run_end *end, struct monitor *monitor, struct error *error)
{
	struct metrics_end last = {.exit_code = 128 + end->killed_by};
	struct verdict *verdict = end->killed_by ? NULL : judge_run(runfile, NULL, error);

	if (end->killed_by)
		fprintf(stderr,
		    PROGRAM ": stopped at once; leaklab run --resume %s goes on with it\n", path);
	else if (!verdict)
		last.exit_code = error_print(error, PROGRAM);
	else
		last =
		    (struct metrics_end){verdict_words[verdict->word], verdict_exit_code(verdict)};
	if (verdict)
		monitor_judged(monitor, verdict);
	const bool told = !verdict || tell_verdict(arguments, runfile, path, verdict, error);
	if (!told)
		last.exit_code = error_print(error, PROGRAM);
	const char *events = arguments->monitor.events;
	if (!monitor_close(monitor, &last,
	        verdict && monitor->events ? verdict_line(runfile, path, verdict) : NULL)) {
		fprintf(stderr,
		    PROGRAM
		    ": the events were not read to their end, so the verdict is not among them: leaklab judge %s\n",
		    path);
		if (verdict && events && strcmp(events, "-") == 0)
			last.exit_code = EXIT_TARGET; /* nobody has got it */
	}
	if (!end->killed_by)
		fprintf(stderr, "Run file: %s\n", path);
	if (end->why.text[0] && end->why.code == EXIT_TARGET)
		error_print(&end->why, PROGRAM);
	verdict_destroy(verdict);
	return last.exit_code;
}

/* With --force a run file that is there goes to *aside, which is NULL if none was. */
static bool make_room(const char *path, bool force, char **aside, struct error *error)
{
	*aside = NULL;
	if (access(path, F_OK) != 0)
		return true;
	if (!force)
		return error_set(error, EXIT_USAGE,
		    "%s exists already: choose another name with -o, or replace it with --force",
		    path);
	*aside = runfile_set_aside(path, error);
	return *aside;
}

/* It is back at its place if no other took that. */
static void settle_aside(const char *path, char *aside)
{
	if (aside && access(path, F_OK) == 0)
		unlink(aside);
	else if (aside)
		rename(aside, path);
	free(aside);
}

/* The run and, before it, its controls. *runfile: as for run_scenario(). part: of the run; NULL: all of it. */
static bool play_all(const struct arguments *arguments, const struct scenario *scenario,
    struct part *part, const char *text, const char *path, struct monitor *monitor,
    struct runfile **runfile, struct run_end *end, struct error *error)
{
	char *password = NULL;
	const bool resuming = *runfile != NULL;
	bool beside = true; /* controls are, and not in the run file yet */
	char *aside = NULL;

	/* It would be a pity to find out at the end. */
	if (!resuming && !make_room(path, arguments->force, &aside, error))
		return false;
	/* The password first: it may be waited for, and no program that we start may get it. */
	bool good = password_fetch(&scenario->accounts, &password, error) &&
	            (resuming ? controls_find(scenario, path, *runfile, &beside, error)
	                      : controls_play(scenario, text, path, password, &arguments->monitor,
	                            end, error));
	if (good) {
		good = run_scenario(
		           scenario, part, text, path, password, monitor, runfile, end, error) &&
		       (!arguments->allow_partial ||
		           runfile_set(*runfile, "allow-partial", "yes", error)) &&
		       (!beside || controls_keep(scenario, path, *runfile, error));
		/* While there is a run that may go on they are needed. */
		if (good || access(path, F_OK) != 0)
			controls_forget(scenario, path);
	}
	password_wipe(password);
	settle_aside(path, aside);
	return good;
}

/* A part has no verdict. Returns the exit code. */
static int end_part(const char *path, const struct run_end *end, struct monitor *monitor)
{
	struct metrics_end last = {.exit_code = EXIT_CLEAN};

	if (end->killed_by)
		last.exit_code = 128 + end->killed_by;
	else if (end->why.text[0])
		last.exit_code = error_print(&end->why, PROGRAM);
	monitor_close(monitor, &last, NULL);
	if (end->killed_by)
		fprintf(stderr,
		    PROGRAM ": stopped at once; leaklab run --resume %s goes on with it\n", path);
	else
		fprintf(stderr, "Run file: %s\n", path);
	return last.exit_code;
}

/* runfile: to go on with, or NULL. */
static int play(const struct arguments *arguments, const struct scenario *scenario,
    struct part *part, const char *text, struct runfile *runfile)
{
	const char *given = arguments->resume ? arguments->resume : arguments->output;
	char *standard = given ? NULL : default_output(scenario);
	const char *path = given ? given : standard;
	struct run_end end = {0};
	struct monitor monitor;
	struct error error = {0};
	int code;

	if (!path)
		error_memory(&error);
	monitor_begin(&monitor, &arguments->monitor, scenario->name, scenario->load.cycles);
	const bool played =
	    path && monitor_open(&monitor, &arguments->monitor, &error) &&
	    play_all(arguments, scenario, part, text, path, &monitor, &runfile, &end, &error);
	release_signals();
	if (played && part) {
		code = end_part(path, &end, &monitor);
	} else if (played) {
		code = conclude(arguments, runfile, path, &end, &monitor, &error);
	} else {
		code = end.killed_by ? 128 + end.killed_by : error_print(&error, PROGRAM);
		monitor_close(&monitor, &(struct metrics_end){.exit_code = code}, NULL);
	}
	runfile_close(runfile);
	free(standard);
	return code;
}

static int try_host(const struct arguments *arguments, const struct scenario *scenario)
{
	const struct monitor_options quiet = {.progress = PROGRESS_NONE};
	char *password = NULL;
	struct monitor monitor;
	struct error error = {0};
	int code = -1;

	if (scenario_runs_commands(scenario)) {
		error_set(&error, EXIT_USAGE,
		    "--connect tries a logon by RDP, and this scenario has none: its load runs a command");
		return error_print(&error, PROGRAM);
	}
	monitor_begin(&monitor, &quiet, scenario->name, scenario->load.cycles);
	if (monitor_open(&monitor, &quiet, &error) &&
	    password_fetch(&scenario->accounts, &password, &error))
		code = connect_and_tell(scenario, password, &monitor, arguments->json, &error);
	release_signals();
	monitor_close(&monitor, &(struct metrics_end){.exit_code = code}, NULL);
	password_wipe(password);
	return code >= 0 ? code : error_print(&error, PROGRAM);
}

static int print_plan(const struct arguments *arguments, const struct scenario *scenario)
{
	struct error error = {0};
	struct plan plan;

	plan_make(&plan, scenario);
	if (!arguments->json) {
		printf("%s: ", arguments->scenario);
		text_print(stdout, scenario->name);
		printf(": cycles: %llu, slots: %llu, stage programs: %u, observers: %u\n",
		    (unsigned long long)scenario->load.cycles,
		    (unsigned long long)scenario->load.slots, scenario->stage_count,
		    scenario->observers_count);
		plan_print_text(&plan, scenario, stdout);
	} else if (!plan_print_json(&plan, scenario, stdout)) {
		error_set(&error, EXIT_TARGET, "writing the plan as JSON failed");
		return error_print(&error, PROGRAM);
	}
	return EXIT_CLEAN;
}

static int list_shipped(FILE *out, const char *indent)
{
	struct error error = {0};

	return shipped_list(out, indent, &error) ? EXIT_CLEAN : error_print(&error, PROGRAM);
}

/* *code: where there is no scenario; it is said why. */
static struct scenario *load(const struct arguments *arguments, char **text, int *code)
{
	const char *name = arguments->scenario;
	const bool by_name = shipped_is_name(name);
	struct error error = {0};
	char *shipped = by_name ? shipped_path(name, &error) : NULL;
	struct scenario *scenario = NULL;

	if (shipped || !by_name)
		scenario = scenario_load(shipped ? shipped : name, arguments->overrides,
		    arguments->override_count, text, &error);
	if (!scenario)
		*code = error_print(&error, PROGRAM);
	if (by_name && !shipped && *code == EXIT_USAGE)
		list_shipped(stderr, "  ");
	/* What a shipped scenario names is in the current folder. */
	if (scenario && shipped)
		scenario_set_folder(scenario, name, &error);
	free(shipped);
	return scenario;
}

/* One of several injectors, or who samples the host for them. */
static int play_part(const struct arguments *arguments, struct scenario *scenario, const char *text)
{
	const int64_t lead = arguments->lead == NUMBER_UNKNOWN ? 0 : arguments->lead;
	struct error error = {0};
	struct part part;

	if (!(arguments->part == PART_BEFORE ? part_plan(&part, arguments->injectors, lead, &error)
	                                     : part_of_plan(&part, arguments->plan, arguments->part,
	                                           arguments->shard, &error)))
		return error_print(&error, PROGRAM);
	part.until_done = arguments->until_done;
	const int code = part_take_scenario(&part, scenario, text, &error)
	                     ? play(arguments, scenario, &part, text, NULL)
	                     : error_print(&error, PROGRAM);
	part_deinit(&part);
	return code;
}

static int run_or_check(const struct arguments *arguments)
{
	int code = EXIT_CLEAN;
	char *text = NULL;
	struct scenario *scenario = load(arguments, &text, &code);

	if (!scenario)
		return code;
	scenario->host.named = arguments->host_named || host_is_variable(scenario);
	scenario->preflight = arguments->preflight;
	if (arguments->part != PART_WHOLE)
		code = play_part(arguments, scenario, text);
	else if (arguments->verb == VERB_RUN)
		code = play(arguments, scenario, NULL, text, NULL);
	else if (arguments->connect)
		code = try_host(arguments, scenario);
	else
		code = print_plan(arguments, scenario);
	free(text);
	scenario_destroy(scenario);
	return code;
}

/* A run file may come from elsewhere, as a scenario may. */
static int go_on(const struct arguments *arguments, struct resumption *resumption)
{
	struct scenario *scenario = resumption->scenario;
	const char *given = arguments->host[0] ? arguments->host + strlen(HOST_OVERRIDE) : NULL;
	struct error error;

	scenario->host.named = given || host_is_variable(scenario);
	if (!given || strcmp(given, scenario->host.address) == 0)
		return play(arguments, scenario,
		    resumption->part.is.kind == PART_WHOLE ? NULL : &resumption->part,
		    resumption->text, resumption->runfile);
	error_set(&error, EXIT_USAGE, "--host %s: this run goes on at %s, where it began", given,
	    scenario->host.address);
	runfile_close(resumption->runfile);
	return error_print(&error, PROGRAM);
}

static int resume(const struct arguments *arguments)
{
	struct resumption resumption;
	struct error error = {0};

	if (!resume_open(&resumption, arguments->resume, arguments->more, &error))
		return error_print(&error, PROGRAM);
	const int code = go_on(arguments, &resumption);
	free(resumption.text);
	scenario_destroy(resumption.scenario);
	part_deinit(&resumption.part);
	return code;
}

static const struct {
	const char *verb, *named;
} verbs[] = {
    [VERB_RUN] = {"run", PROGRAM " run"},
    [VERB_CHECK] = {"check", PROGRAM " check"},
    [VERB_OBSERVE] = {"observe", PROGRAM " observe"},
};

/* -1: it is none of enum driver_verb. */
static int find_verb(const char *verb)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return (int)i;
	return -1;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	const char *verb = argc > 1 ? argv[1] : "";

	streams_hold();
	secrets_hide();
	if (strcmp(verb, "guard") == 0 && argc == 3)
		return guard_main(argv[2]);
	timestamp_anchor();
	argp_err_exit_status = EXIT_USAGE;
	if (strcmp(verb, "refusals") == 0) {
		front_say_if_old(argv[0], "leaklab-driver", verb);
		argv[1] = (char *)PROGRAM " refusals";
		return refusals_main(argc - 1, argv + 1);
	}
	if (strcmp(verb, "init") == 0) {
		argv[1] = (char *)PROGRAM " init";
		return init_main(argc - 1, argv + 1);
	}
	const int which = find_verb(verb);
	if (which < 0) {
		fputs("leaklab-driver is a part of leaklab: leaklab --help\n", stderr);
		return EXIT_USAGE;
	}
	front_say_if_old(argv[0], "leaklab-driver", verb);
	argv[1] = (char *)verbs[which].named;
	options_parse(&arguments, (enum driver_verb)which, argc - 1, argv + 1);
	if (arguments.list)
		return list_shipped(stdout, "");
	return arguments.resume ? resume(&arguments) : run_or_check(&arguments);
}
