/* leaklab-driver: plays scenarios. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/front.h"
#include "common/timestamp.h"
#include "common/version.h"
#include "driver/driver.h"
#include "driver/outlet.h"
#include "driver/plan.h"
#include "driver/programs/programs.h"
#include "driver/rdp/worker.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/caps.h"
#include "driver/scenario/scenario.h"
#include "judge/judge.h"
#include "report/report.h"

#define PROGRAM FRONT
#define OVERRIDES_MAX 64
#define READER_PATIENCE INT64_C(3000000) /* microseconds */

const char *argp_program_version = PROGRAM " " LEAKLAB_VERSION;

struct arguments {
	const char *scenario;
	const char *output;
	char *overrides[OVERRIDES_MAX];
	size_t override_count;
	const char *resume; /* a run file to go on with */
	uint64_t more;      /* cycles, when going on */
	bool json;
	bool allow_partial;
	bool playing; /* "run", not "check" */
};

static const struct argp_option run_options[] = {
    {"output", 'o', "RUN", 0, "Write the run file here (default: NAME-TIME.leaklab in this folder)",
        0},
    {"set", 's', "KEY=VALUE", 0,
        "Change one value of the scenario, e.g. --set load.cycles=10; repeatable", 0},
    {"resume", 'r', "RUN", 0,
        "Go on with the run in this file, which was killed or ended early; its scenario is in it",
        0},
    {"allow-partial", 'p', NULL, 0,
        "If the run is cut short, judge what there is of it, instead of calling it INCONCLUSIVE; "
        "kept in the run file",
        0},
    {"cycles", 'c', "+N", 0, "With --resume: play N cycles more than the run had planned", 0},
    {"json", 'j', NULL, 0, "Print one event per line as JSON, the verdict last", 0},
    {0},
};

static const struct argp_option check_options[] = {
    {"set", 's', "KEY=VALUE", 0,
        "Change one value of the scenario before it is checked; repeatable", 0},
    {"json", 'j', NULL, 0, "Print the plan as JSON", 0},
    {0},
};

#define KEYS_HELP                                                                                  \
	"The keys of a scenario (durations like 250ms, 10s, 5m):\n"                                \
	"  name, description\n"                                                                    \
	"  host: address (host[:port]), security (nla, tls), auth_packages,\n"                     \
	"    client_name, exclusive (true), certificate: one of pin (sha256:HEX),\n"               \
	"    ca (file), tofu (file), ignore (true)\n"                                              \
	"  accounts: users (loadtest{01..20}), domain, or csv (file with lines\n"                  \
	"    user,domain,password); password_env (name), password_file or\n"                       \
	"    password_fd, lockout_window\n"                                                        \
	"  load: slots, cycles, rate (logons a second; 0: closed), arrivals\n"                     \
	"    (even, poisson), ramp, ramp_down, steps (list of slots or rate, and\n"                \
	"    for or cycles), hold and think (also exponential mean 10s,\n"                         \
	"    lognormal mean 10s sd 3s most 60s, normal likewise), seed, workers,\n"                \
	"    until (cycles, decided)\n"                                                            \
	"  connect: timeout\n"                                                                     \
	"  logon: signal (save-session-info, activated, paint), timeout, delay\n"                  \
	"  logoff: method (shell-exit, keys, command, disconnect, drop), shell,\n"                 \
	"    keys, command, timeout\n"                                                             \
	"  limits: failures (in a row), duration, logon_time (median), error_rate\n"               \
	"  stage: list of name, command, no_ready, timeout\n"                                      \
	"  observers: list of name, command or session, timeout\n"                                 \
	"  observe_every: a sample during the load every so many cycles\n"                         \
	"  verify_ids: accounts that log on together after settling (8)\n"                         \
	"  settle: at_least, release, quiet, poll, timeout\n"                                      \
	"  controls: negative and positive: without (names of stage programs),\n"                  \
	"    with (list as stage), cycles, rate (positive only)\n"                                 \
	"  judge: smallest_rate, max_failed, growth\n"                                             \
	"  expect: verdict, bounded, culprit, rate, failed, session_ids, pinned,\n"                \
	"    orphans_after, unattributed, sessions_left; p50, p90, p95, p99: a\n"                  \
	"    duration for each of tcp, tls, nla, activated, logon, hold, logoff,\n"                \
	"    to_logon\n\n"                                                                         \
	"What each means, and its default: leaklab-scenario(5)."

/* "+60"; 0: it is not. */
static uint64_t parse_more(const char *text)
{
	char *end;
	const unsigned long more = *text == '+' ? strtoul(text + 1, &end, 10) : 0;

	return more > 0 && more <= CYCLES_MAX && text[1] >= '0' && text[1] <= '9' && !*end ? more
	                                                                                   : 0;
}

static void check_resume(const struct arguments *arguments, struct argp_state *state)
{
	if (arguments->more && !arguments->resume)
		argp_error(
		    state, "--cycles goes with --resume; a new run takes --set load.cycles=N");
	if (!arguments->resume)
		return;
	if (arguments->scenario)
		argp_error(state, "--resume takes the scenario from the run file; name no other");
	if (arguments->override_count)
		argp_error(state, "--resume plays the scenario as it was; --set changes it");
	if (arguments->output)
		argp_error(state, "--resume goes on in the same file; -o names another");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->output = argument;
		return 0;
	case 's':
		if (arguments->override_count == OVERRIDES_MAX)
			argp_error(state, "more than %d --set", OVERRIDES_MAX);
		arguments->overrides[arguments->override_count++] = argument;
		return 0;
	case 'j':
		arguments->json = true;
		return 0;
	case 'p':
		arguments->allow_partial = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->scenario)
			argp_error(state, "one scenario at a time");
		arguments->scenario = argument;
		return 0;
	case 'r':
		arguments->resume = argument;
		return 0;
	case 'c':
		arguments->more = parse_more(argument);
		if (!arguments->more)
			argp_error(state, "--cycles %s: write it as +N, at most +%d", argument,
			    CYCLES_MAX);
		return 0;
	case ARGP_KEY_END:
		check_resume(arguments, state);
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (arguments->resume)
			return 0;
		argp_error(state, "which scenario? (ready-made ones are in scenarios/)");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp run_argp = {
    run_options,
    parse,
    "SCENARIO.yaml\n--resume RUN [--cycles +N]",
    "Plays a scenario: test users log on and off over RDP while observers sample the host; then "
    "judges.\v"
    "Exit codes: 0 clean, or as the scenario expects; 1 leak, or not as expected; 2 usage or scenario; 3 inconclusive, or cut short "
    "without a proven leak; 4 target or environment failed, without a proven leak; 130, 143 stopped at once.\n\n"
    "Ctrl-C or SIGTERM once logs everybody off, samples the host and finishes the run file, without waiting for it to settle; twice stops at "
    "once. --resume goes on with such a run, also after a crash: in the same folder, with the same environment and password, and only if the "
    "host was not rebooted since. "
    "Cycles that were running when the driver was killed are lost, and new ones are played instead.",
    NULL,
    NULL,
    NULL,
};

static const struct argp check_argp = {
    check_options,
    parse,
    "SCENARIO.yaml",
    "Reads a scenario and says what is wrong with it, with line and column. If nothing is wrong, it says what the scenario can "
    "find out and how long it takes. Nothing is started.\v" KEYS_HELP,
    NULL,
    NULL,
    NULL,
};

static char *default_output(const struct scenario *scenario)
{
	const time_t now = time(NULL);
	struct tm local;
	char stamp[32];
	char *path;

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &local));
	if (asprintf(&path, "%s-%s.leaklab", scenario->name, stamp) < 0)
		return NULL;
	for (char *at = path; *at; at++)
		if (*at == '/' || *at == ' ')
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

/* Prints the verdict. Returns the exit code that follows from it and from how the run went. */
static int conclude(struct runfile *runfile, const char *path, const struct run_end *end, bool json,
    struct error *error)
{
	struct verdict *verdict;
	int code;

	if (end->killed_by) {
		fprintf(stderr,
		    PROGRAM ": stopped at once; leaklab run --resume %s goes on with it\n", path);
		return 128 + end->killed_by;
	}
	verdict = judge_run(runfile, NULL, error);

	if (!verdict)
		return error_print(error, PROGRAM);
	code = verdict_exit_code(verdict);
	if (json && !outlet_close(READER_PATIENCE))
		fprintf(stderr,
		    PROGRAM
		    ": the events on standard output were not read to their end, so the verdict is not printed there: "
		    "leaklab judge %s\n",
		    path);
	else if (!report_run(json ? "json" : "text", runfile, path, verdict, stdout, error))
		code = error_print(error, PROGRAM);
	if (!json)
		fprintf(stderr, "Run file: %s\n", path);
	verdict_destroy(verdict);
	if (end->why.text[0] && end->why.code == EXIT_TARGET)
		error_print(&end->why, PROGRAM);
	return code;
}

/* The run and, before it, its controls. *runfile: as for run_scenario(). */
static bool play_all(const struct arguments *arguments, const struct scenario *scenario,
    const char *text, const char *path, struct runfile **runfile, struct run_end *end,
    struct error *error)
{
	char *password = NULL;
	const bool resuming = *runfile != NULL;
	bool beside = true; /* controls are, and not in the run file yet */

	/* It would be a pity to find out at the end. */
	if (!resuming && access(path, F_OK) == 0)
		return error_set(error, EXIT_USAGE,
		    "%s exists already: choose another name with -o, or remove it", path);
	/* The password first: it may be waited for, and no program that we start may get it. */
	bool good = password_fetch(&scenario->accounts, &password, error) &&
	            (resuming ? controls_find(scenario, path, *runfile, &beside, error)
	                      : controls_play(scenario, text, path, password, end, error));
	if (good) {
		good = run_scenario(
		           scenario, text, path, password, arguments->json, runfile, end, error) &&
		       (!arguments->allow_partial ||
		           runfile_set(*runfile, "allow-partial", "yes", error)) &&
		       (!beside || controls_keep(scenario, path, *runfile, error));
		/* While there is a run that may go on they are needed. */
		if (good || access(path, F_OK) != 0)
			controls_forget(scenario, path);
	}
	password_wipe(password);
	return good;
}

/* runfile: to go on with, or NULL. */
static int play(const struct arguments *arguments, const struct scenario *scenario,
    const char *text, struct runfile *runfile)
{
	const char *given = arguments->resume ? arguments->resume : arguments->output;
	char *standard = given ? NULL : default_output(scenario);
	const char *path = given ? given : standard;
	struct run_end end = {0};
	struct error error = {0};
	int code;

	if (!path)
		error_memory(&error);
	const bool played = path && (!arguments->json || outlet_open(&error)) &&
	                    play_all(arguments, scenario, text, path, &runfile, &end, &error);
	release_signals();
	if (played)
		code = conclude(runfile, path, &end, arguments->json, &error);
	else if (end.killed_by)
		code = 128 + end.killed_by;
	else
		code = error_print(&error, PROGRAM);
	outlet_close(READER_PATIENCE);
	runfile_close(runfile);
	free(standard);
	return code;
}

static int print_plan(const struct arguments *arguments, const struct scenario *scenario)
{
	struct error error = {0};
	struct plan plan;

	plan_make(&plan, scenario);
	if (!arguments->json) {
		printf("%s: %s: cycles: %llu, slots: %llu, stage programs: %u, observers: %u\n",
		    arguments->scenario, scenario->name, (unsigned long long)scenario->load.cycles,
		    (unsigned long long)scenario->load.slots, scenario->stage_count,
		    scenario->observers_count);
		plan_print_text(&plan, scenario, stdout);
	} else if (!plan_print_json(&plan, scenario, stdout)) {
		error_set(&error, EXIT_TARGET, "writing the plan as JSON failed");
		return error_print(&error, PROGRAM);
	}
	return EXIT_CLEAN;
}

static int run_or_check(const struct arguments *arguments)
{
	struct error error = {0};
	char *text = NULL;
	struct scenario *scenario = scenario_load(
	    arguments->scenario, arguments->overrides, arguments->override_count, &text, &error);
	int code = EXIT_CLEAN;

	if (!scenario)
		return error_print(&error, PROGRAM);
	if (arguments->playing)
		code = play(arguments, scenario, text, NULL);
	else
		code = print_plan(arguments, scenario);
	free(text);
	scenario_destroy(scenario);
	return code;
}

static int resume(const struct arguments *arguments)
{
	struct resumption resumption;
	struct error error = {0};

	if (!resume_open(&resumption, arguments->resume, arguments->more, &error))
		return error_print(&error, PROGRAM);
	const int code = play(arguments, resumption.scenario, resumption.text, resumption.runfile);
	free(resumption.text);
	scenario_destroy(resumption.scenario);
	return code;
}

/* No core dumps: the process knows passwords. LeakSanitizer needs to look at its own process, so not with it. */
static void hide_memory(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(LEAKLAB_SANITIZED)
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	const char *verb = argc > 1 ? argv[1] : "";

	hide_memory();
	if (strcmp(verb, "worker") == 0)
		return worker_main();
	if (strcmp(verb, "guard") == 0 && argc == 3)
		return guard_main(argv[2]);
	timestamp_anchor();
	argp_err_exit_status = EXIT_USAGE;
	if (strcmp(verb, "refusals") == 0) {
		front_say_if_old(argv[0], "leaklab-driver", verb);
		argv[1] = (char *)PROGRAM " refusals";
		return refusals_main(argc - 1, argv + 1);
	}
	arguments.playing = strcmp(verb, "run") == 0;
	if (!arguments.playing && strcmp(verb, "check") != 0) {
		fputs("leaklab-driver is a part of leaklab: leaklab --help\n", stderr);
		return EXIT_USAGE;
	}
	front_say_if_old(argv[0], "leaklab-driver", verb);
	argv[1] = arguments.playing ? (char *)PROGRAM " run" : (char *)PROGRAM " check";
	argp_parse(
	    arguments.playing ? &run_argp : &check_argp, argc - 1, argv + 1, 0, NULL, &arguments);
	return arguments.resume ? resume(&arguments) : run_or_check(&arguments);
}
