#include "driver/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/scenario/caps.h"

#define LINE_EVERY (60 * SECOND)
#define KEY_PREFLIGHT 1000

static const struct argp_option run_options[] = {
    {"output", 'o', "RUN", 0, "Write the run file here (default: NAME-TIME.leaklab in this folder)",
        0},
    {"set", 's', "KEY=VALUE", 0,
        "Change one value of the scenario, e.g. --set load.cycles=10; repeatable", 0},
    {"host", 'H', "ADDRESS", 0,
        "Play it at this host, host.address; what a scenario alone names must be listed, see leaklab(1)",
        0},
    {"resume", 'r', "RUN", 0,
        "Go on with the run in this file, which was killed or ended early; its scenario is in it",
        0},
    {"allow-partial", 'p', NULL, 0,
        "If the run is cut short, judge what there is of it, instead of calling it INCONCLUSIVE; "
        "kept in the run file until it goes on",
        0},
    {"cycles", 'c', "+N", 0, "With --resume: play N cycles more than the run had planned", 0},
    {"format", 'f', "FORMAT", 0, "Print the verdict as text (default) or json", 0},
    {"json", 'j', NULL, 0, "The same as --format json", 0},
    {"force", 'F', NULL, 0, "Replace the run file that is there", 0},
    {"events", 'e', "FILE", 0,
        "Write what happens there as JSON, an event a line, the verdict last; - is standard output",
        0},
    {"progress", 'P', "HOW", 0,
        "auto (default: a line on a terminal, else lines), live (a view of the run so far), lines or none",
        0},
    {"progress-every", 'E', "TIME", 0, "Time between lines (default 1m)", 0},
    {"preflight", KEY_PREFLIGHT, "HOW", 0,
        "Begin with one logon that shows whether host and observers are ready: auto (default: not with a stage, nor if one of the last 24 hours "
        "went well), always or never",
        0},
    {"metrics", 'm', "FILE", 0,
        "Write the run's counts there every 5 s, as Prometheus' textfile collector reads them", 0},
    {0},
};

static const struct argp_option check_options[] = {
    {"set", 's', "KEY=VALUE", 0, "Change one value of the scenario; repeatable", 0},
    {"connect", 'C', NULL, 0,
        "Try it: one account logs on and off; say of each step how it went, and what to do", 0},
    {"host", 'H', "ADDRESS", 0, "With --connect: try it at this host, host.address", 0},
    {"json", 'j', NULL, 0, "Print the plan, or the steps, as JSON", 0},
    {"list", 'l', NULL, 0, "List the shipped scenarios", 0},
    {0},
};

#define SCENARIO_HELP                                                                              \
	"SCENARIO is the name of a shipped one (leaklab check --list), or a file: "                \
	"own.yaml, ./own"

#define KEYS_HELP                                                                                  \
	"The keys of a scenario (durations like 250ms, 10s, 5m):\n"                                \
	"  name, description; watch: accounts (of commands); connect: timeout\n"                   \
	"  host: address (host[:port]), security (nla, tls), auth_packages,\n"                     \
	"    client_name, load_balance_info, exclusive (true), certificate: one of\n"              \
	"    pin (sha256:HEX), ca (file; name), tofu (file, or yes), ignore (true)\n"              \
	"  accounts: users (loadtest{01..20}) and domain, or csv (file with lines\n"               \
	"    user,domain,password); password_env, _file or _fd, lockout_window\n"                  \
	"  load: slots, cycles, rate (logons a second; 0: closed), arrivals (even,\n"              \
	"    poisson), ramp, ramp_down, steps (list of slots or rate, for or cycles),\n"           \
	"    hold and think (5s..10s, or exponential, lognormal, normal), reconnects,\n"           \
	"    seed, workers, until (cycles, decided), workload (logons, command),\n"                \
	"    command, timeout\n"                                                                   \
	"  logon: signal (save-session-info, activated, paint), timeout, delay, keys\n"            \
	"  logoff: method (auto, shell-exit, keys, command, disconnect, drop), shell,\n"           \
	"    keys, command, timeout\n"                                                             \
	"  limits: failures (in a row), duration, logon_time (median), error_rate\n"               \
	"  stage: list of name, command, no_ready, timeout\n"                                      \
	"  observers: list of name, command or session, host, timeout\n"                           \
	"  observe_every (cycles), verify_ids (accounts), cleanup (leave, logoff)\n"               \
	"  settle: at_least, release, quiet, poll, timeout\n"                                      \
	"  controls: negative and positive: without (names of stage programs),\n"                  \
	"    with (list as stage), cycles, rate (positive only)\n"                                 \
	"  judge: smallest_rate, max_failed, growth\n"                                             \
	"  expect: verdict, bounded, culprit, rate, failed, session_ids, pinned,\n"                \
	"    orphans_after, unattributed, sessions_left; p50, p90, p95, p99: each of\n"            \
	"    tcp, tls, nla, activated, logon, hold, logoff, to_logon\n\n"                          \
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

static enum progress_mode parse_progress(const char *word, struct argp_state *state)
{
	static const char *const words[] = {"auto", "live", "line", "lines", "none"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return (enum progress_mode)i;
	argp_error(state, "--progress %s: it is auto, live, line, lines or none", word);
	return PROGRESS_AUTO;
}

static enum scenario_preflight parse_preflight(const char *word, struct argp_state *state)
{
	static const char *const words[] = {"auto", "always", "never"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return (enum scenario_preflight)i;
	argp_error(state, "--preflight %s: it is auto, always or never", word);
	return PREFLIGHT_AUTO;
}

static void add_override(struct arguments *arguments, char *override, struct argp_state *state)
{
	if (arguments->override_count == OVERRIDES_MAX)
		argp_error(state, "more than %d --set", OVERRIDES_MAX);
	arguments->overrides[arguments->override_count++] = override;
	arguments->host_named |= strncmp(override, HOST_OVERRIDE, strlen(HOST_OVERRIDE)) == 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->output = argument;
		return 0;
	case 's':
		add_override(arguments, argument, state);
		return 0;
	case 'H':
		if (snprintf(arguments->host, sizeof(arguments->host), HOST_OVERRIDE "%s",
		        argument) >= (int)sizeof(arguments->host))
			argp_error(state, "--host: a host has no such long name");
		return 0;
	case 'j':
		arguments->json = true;
		return 0;
	case 'f':
		if (strcmp(argument, "text") != 0 && strcmp(argument, "json") != 0)
			argp_error(state, "--format %s: it is text or json", argument);
		arguments->json = strcmp(argument, "json") == 0;
		return 0;
	case 'p':
		arguments->allow_partial = true;
		return 0;
	case 'F':
		arguments->force = true;
		return 0;
	case 'e':
		arguments->monitor.events = argument;
		return 0;
	case 'm':
		arguments->monitor.metrics = argument;
		return 0;
	case 'P':
		arguments->monitor.progress = parse_progress(argument, state);
		return 0;
	case 'E':
		if (!duration_parse(argument, &arguments->monitor.every) ||
		    arguments->monitor.every < SECOND)
			argp_error(state,
			    "--progress-every %s: write it like 10s or 5m, at least 1s", argument);
		return 0;
	case 'l':
		arguments->list = true;
		return 0;
	case 'C':
		arguments->connect = true;
		return 0;
	case KEY_PREFLIGHT:
		arguments->preflight = parse_preflight(argument, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->list)
			argp_error(state, "--list takes no scenario");
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
		if (arguments->host[0] && !arguments->playing && !arguments->connect)
			argp_error(state,
			    "--host goes with --connect: without it no host is tried (--set host.address=ADDRESS changes the scenario)");
		if (arguments->host[0] && !arguments->resume)
			add_override(arguments, arguments->host, state);
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (arguments->resume || arguments->list)
			return 0;
		argp_error(state, "which scenario? (leaklab check --list lists the shipped ones)");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp run_argp = {
    run_options,
    parse,
    "SCENARIO\n--resume RUN [--cycles +N]",
    "Plays a scenario: test users log on and off over RDP while observers sample the host; then "
    "judges.\v" SCENARIO_HELP "\n\n"
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
    "SCENARIO\n--list",
    "Reads a scenario and says what is wrong with it, with line and column. If nothing is wrong, it says what the scenario can "
    "find out and how long it takes. Nothing is started, but with --connect.\v" SCENARIO_HELP "\n\n"
    "Exit codes: 0 good; 2 the scenario; with --connect also 4 the host is not ready, 3 its observers alone are not."
    "\n\n" KEYS_HELP,
    NULL,
    NULL,
    NULL,
};

void options_parse(struct arguments *arguments, bool playing, int argc, char **argv)
{
	*arguments = (struct arguments){.playing = playing, .monitor.every = LINE_EVERY};
	argp_parse(playing ? &run_argp : &check_argp, argc, argv, 0, NULL, arguments);
}
