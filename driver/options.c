#include "driver/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/scenario/caps.h"

#define LINE_EVERY (60 * SECOND)
enum long_key {
	KEY_PREFLIGHT = 1000,
	KEY_PLAN,
	KEY_SHARD,
	KEY_INJECTORS,
	KEY_START_IN,
	KEY_UNTIL_DONE
};

static const struct argp_option run_options[] = {
    {"output", 'o', "RUN", 0, "Write the run file here (default: NAME-TIME.leaklab in this folder)",
        0},
    {"set", 's', "KEY=VALUE", 0,
        "Change one value of the scenario, e.g. --set load.cycles=10; repeatable", 0},
    {"host", 'H', "ADDRESS", 0, "Play it at this host, host.address; see leaklab(1)", 0},
    {"resume", 'r', "RUN", 0, "Go on with the run in this file; its scenario is in it", 0},
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
        "Begin with one logon that shows whether all is ready: auto (default: not with a stage, nor if one of the last 24 hours "
        "went well), always or never",
        0},
    {"metrics", 'm', "FILE", 0, "Write the run's counts there every 5 s, for Prometheus", 0},
    {"plan", KEY_PLAN, "FILE", 0, "Play one shard of this plan (leaklab observe --help)", 0},
    {"shard", KEY_SHARD, "I", 0, "With --plan: which shard, from 0", 0},
    {0},
};

static const struct argp_option observe_options[] = {
    {"mark", 'M', "MARK", 0,
        "before: sample the host before the load, and write the plan; during: sample it while the injectors play; settled: sample it "
        "afterwards, until it has settled, and have accounts log on at once",
        0},
    {"output", 'o', "FILE", 0, "Write it here (default: NAME-TIME.leaklab in this folder)", 0},
    {"injectors", KEY_INJECTORS, "N", 0, "before: among so many the load is shared", 0},
    {"start-in", KEY_START_IN, "TIME", 0,
        "before: the injectors wait until so long after the plan, so that all begin at once (default 0s: each begins when it is "
        "started)",
        0},
    {"plan", KEY_PLAN, "FILE", 0, "during, settled: the plan that the injectors play", 0},
    {"before", KEY_PLAN, "FILE", OPTION_ALIAS, NULL, 0},
    {"until-done", KEY_UNTIL_DONE, NULL, 0,
        "during: end once the run files of all shards, in the folder of the plan, are finished (else at Ctrl-C)",
        0},
    {"set", 's', "KEY=VALUE", 0,
        "Change one value of the scenario; repeatable. All parts need the same", 0},
    {"host", 'H', "ADDRESS", 0, "host.address, likewise", 0},
    {"force", 'F', NULL, 0, "Replace the file that is there", 0},
    {"events", 'e', "FILE", 0,
        "Write what happens there as JSON, an event a line; - is standard output", 0},
    {"progress", 'P', "HOW", 0,
        "auto (default: a line on a terminal, else lines), live, lines or none", 0},
    {"progress-every", 'E', "TIME", 0, "Time between lines (default 1m)", 0},
    {"preflight", KEY_PREFLIGHT, "HOW", 0,
        "before: begin with one logon that shows whether all is ready: auto (default), always or never",
        0},
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

static enum part_kind parse_mark(const char *word, struct argp_state *state)
{
	for (int kind = PART_BEFORE; kind < PART_KIND_COUNT; kind++)
		if (kind != PART_SHARD && strcmp(part_words[kind], word) == 0)
			return (enum part_kind)kind;
	argp_error(state, "--mark %s: it is before, during or settled", word);
	return PART_WHOLE;
}

static int64_t parse_number(
    const char *option, const char *text, int64_t least, int64_t most, struct argp_state *state)
{
	char *end;
	const long long number = strtoll(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number < least || number > most)
		argp_error(state, "%s %s: write a number from %lld to %lld", option, text,
		    (long long)least, (long long)most);
	return number;
}

static void check_shard(struct arguments *arguments, struct argp_state *state)
{
	const bool shard = arguments->shard != NUMBER_UNKNOWN;

	if (shard != (arguments->plan != NULL))
		argp_error(state, "--plan and --shard go together: which shard of which plan");
	if (shard && arguments->resume)
		argp_error(state, "--resume takes plan and shard from the run file");
	if (shard && arguments->allow_partial)
		argp_error(state,
		    "--allow-partial is for a verdict, which one shard has none of: judge what leaklab merge makes");
	if (shard)
		arguments->part = PART_SHARD;
}

static void check_mark(struct arguments *arguments, struct argp_state *state)
{
	const bool plans = arguments->part == PART_BEFORE;

	if (arguments->part == PART_WHOLE)
		argp_error(state, "which moment? --mark before, during or settled");
	if (plans && arguments->injectors == NUMBER_UNKNOWN)
		argp_error(state, "--mark before writes a plan: say for how many --injectors");
	if (plans && arguments->plan)
		argp_error(state, "--mark before writes a plan, and takes none");
	if (!plans && (arguments->injectors != NUMBER_UNKNOWN || arguments->lead != NUMBER_UNKNOWN))
		argp_error(state,
		    "--injectors and --start-in go with --mark before: the plan has them then");
	if (!plans && !arguments->plan)
		argp_error(state, "--mark %s belongs to a plan: name its file with --plan",
		    part_words[arguments->part]);
	if (arguments->until_done && arguments->part != PART_DURING)
		argp_error(state, "--until-done goes with --mark during");
}

static void check_end(struct arguments *arguments, struct argp_state *state)
{
	if (arguments->verb == VERB_RUN)
		check_shard(arguments, state);
	if (arguments->verb == VERB_OBSERVE)
		check_mark(arguments, state);
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
	case 'M':
		arguments->part = parse_mark(argument, state);
		return 0;
	case KEY_PLAN:
		arguments->plan = argument;
		return 0;
	case KEY_SHARD:
		arguments->shard =
		    parse_number("--shard", argument, 0, PART_INJECTORS_MAX - 1, state);
		return 0;
	case KEY_INJECTORS:
		arguments->injectors =
		    parse_number("--injectors", argument, 1, PART_INJECTORS_MAX, state);
		return 0;
	case KEY_START_IN:
		if (!duration_parse(argument, &arguments->lead) || arguments->lead > LOAD_TIME_MAX)
			argp_error(state, "--start-in %s: write it like 90s or 5m", argument);
		return 0;
	case KEY_UNTIL_DONE:
		arguments->until_done = true;
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
		check_end(arguments, state);
		if (arguments->host[0] && arguments->verb == VERB_CHECK && !arguments->connect)
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
    "SCENARIO\nSCENARIO --plan FILE --shard I\n--resume RUN [--cycles +N]",
    "Plays a scenario: test users log on and off over RDP while observers sample the host; then "
    "judges.\v" SCENARIO_HELP "\n\n"
    "Exit codes: 0 clean, or as the scenario expects; 1 leak, or not as expected; 2 usage or scenario; 3 inconclusive, or cut short "
    "without a proven leak; 4 target or environment failed, without a proven leak; 130, 143 stopped at once.\n\n"
    "Ctrl-C or SIGTERM once logs everybody off, samples the host and finishes the run file; twice stops at once. --resume goes on with such a run, "
    "also after a crash, with the same environment and password, if the host was not rebooted since; cycles that were lost are played again.",
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

static const struct argp observe_argp = {
    observe_options,
    parse,
    "SCENARIO --mark before --injectors N -o A\nSCENARIO --mark during --plan A --until-done -o D\nSCENARIO --mark settled --before A -o C",
    "Samples the host before, while and after several injectors load it, each from a machine of its own.\v"
    "  leaklab observe SCENARIO --mark before --injectors 8 -o A    the plan\n"
    "  leaklab run SCENARIO --plan A --shard I -o B.I               0 to 7, at once\n"
    "  leaklab observe SCENARIO --mark during --plan A --until-done -o D    beside\n"
    "  leaklab observe SCENARIO --mark settled --before A -o C      afterwards\n"
    "  leaklab merge RUN A D B.* C                                  and the verdict\n\n" SCENARIO_HELP
    "\n\nExit codes: 0 as planned; 2 usage or scenario; 3 cut short; 4 target or environment failed; 130, 143 stopped at once.",
    NULL,
    NULL,
    NULL,
};

void options_parse(struct arguments *arguments, enum driver_verb verb, int argc, char **argv)
{
	static const struct argp *const verbs[] = {
	    [VERB_RUN] = &run_argp, [VERB_CHECK] = &check_argp, [VERB_OBSERVE] = &observe_argp};

	*arguments = (struct arguments){.verb = verb,
	    .monitor.every = LINE_EVERY,
	    .injectors = NUMBER_UNKNOWN,
	    .shard = NUMBER_UNKNOWN,
	    .lead = NUMBER_UNKNOWN};
	argp_parse(verbs[verb], argc, argv, 0, NULL, arguments);
}
