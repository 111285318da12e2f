/* Knows the order of a run: stage, before, load, after, settling; and what is written down about it. */
#include "run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "certificate.h"
#include "command.h"
#include "common/text.h"
#include "common/timestamp.h"
#include "duration.h"
#include "expand.h"
#include "host.h"
#include "keys.h"

#define DRAW_EVERY (SECOND / 4)
#define PROBE_TIMEOUT (10 * SECOND)

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		run->interrupts++;
		run_event(run, "interrupted",
		    run->interrupts == 1
		        ? "interrupted: logging everybody off; once more stops at once"
		        : "interrupted again: stopping at once",
		    true);
	}
}

static void finish_observation(struct run *run)
{
	observation_store(run->observation, run->runfile, run->problem, &run->error);
	observation_destroy(run->observation);
	run->observation = NULL;
	if (run->problem[0])
		run_event(run, "observer-problem", run->problem, true);
}

bool run_turn(struct run *run, int64_t deadline)
{
	size_t count = 0;
	int64_t now;

	run->fds[count++] = (struct pollfd){.fd = run->signals, .events = POLLIN};
	count += stage_fill(run->stage, run->fds + count);
	if (run->crew)
		count += crew_fill(run->crew, run->fds + count);
	if (run->observation) {
		count += observation_fill(run->observation, run->fds + count);
		if (observation_deadline(run->observation) < deadline)
			deadline = observation_deadline(run->observation);
	}
	now = timestamp_monotonic();
	if (run->progress.line && deadline > now + DRAW_EVERY)
		deadline = now + DRAW_EVERY;
	poll(run->fds, count, deadline > now ? (int)((deadline - now) / 1000 + 1) : 0);
	take_signals(run);
	stage_serve(run->stage);
	if (run->crew)
		crew_serve(run->crew, &run->watch);
	if (run->observation && observation_serve(run->observation))
		finish_observation(run);
	progress_draw(&run->progress, run->doing);
	return !run->error.text[0];
}

void run_event(struct run *run, const char *kind, const char *text, bool loud)
{
	char safe[1024];

	snprintf(safe, sizeof(safe), "%s", text);
	text_make_safe(safe);
	if (run->runfile)
		runfile_add_event(run->runfile, kind, safe, &run->error);
	progress_event(&run->progress, kind, safe, loud);
}

bool run_start_observation(struct run *run, enum mark mark, int64_t round)
{
	run->observation = observation_start(
	    run->scenario, mark, round, (int64_t)run->progress.finished, &run->error);
	return run->observation != NULL;
}

bool run_observe(struct run *run, enum mark mark, int64_t round, int interrupts)
{
	/* One that is still under way comes first. */
	while (run->observation)
		if (!run_turn(run, timestamp_monotonic() + SECOND))
			return false;
	if (!run_start_observation(run, mark, round))
		return false;
	while (run->observation && run->interrupts < interrupts)
		if (!run_turn(run, timestamp_monotonic() + SECOND))
			return false;
	observation_destroy(run->observation);
	run->observation = NULL;
	return true;
}

/* From here on Ctrl-C and SIGTERM come as something to read, in the order of all else. */
static bool catch_signals(struct run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals >= 0 || error_set(&run->error, EXIT_TARGET,
	                                "signals cannot be watched: %s", strerror(errno));
}

static bool interrupted(void *data)
{
	struct run *run = data;

	take_signals(run);
	return run->interrupts > 0;
}

/* Copies an optional text of the scenario with ${...} expanded. */
static bool copy_text(
    char *out, size_t size, const char *key, const char *text, struct error *error)
{
	char *expanded;
	bool fits;

	out[0] = '\0';
	if (!text)
		return true;
	expanded = expand(text, error);
	if (!expanded)
		return error_prefix(error, "%s", key);
	fits = (size_t)snprintf(out, size, "%s", expanded) < size;
	free(expanded);
	return fits || error_set(error, EXIT_USAGE, "%s: is longer than %zu bytes", key, size - 1);
}

static bool set_certificate(
    const struct scenario_host *host, struct setup *setup, struct error *error)
{
	char pin[sizeof(setup->certificate_value)];
	char *out = setup->certificate_value;
	const size_t size = sizeof(setup->certificate_value);

	if (host->certificate.pin) {
		setup->certificate = CERTIFICATE_PIN;
		return copy_text(pin, sizeof(pin), "host.certificate.pin", host->certificate.pin,
		           error) &&
		       certificate_pin_parse(pin, out, error);
	}
	if (host->certificate.ca) {
		setup->certificate = CERTIFICATE_CA;
		return copy_text(out, size, "host.certificate.ca", host->certificate.ca, error) &&
		       (access(out, R_OK) == 0 ||
		           error_set(error, EXIT_USAGE, "host.certificate.ca: %s: %s", out,
		               strerror(errno)));
	}
	if (host->certificate.tofu) {
		setup->certificate = CERTIFICATE_TOFU;
		return copy_text(out, size, "host.certificate.tofu", host->certificate.tofu, error);
	}
	setup->certificate = CERTIFICATE_IGNORE;
	return true;
}

/* With shell-exit and no shell of its own, a scenario gets one that every Windows has and that lasts as the hold. */
static bool set_shell(const struct scenario *scenario, struct setup *setup, struct error *error)
{
	if (scenario->logoff.method != LOGOFF_SHELL_EXIT)
		return true;
	if (scenario->logoff.shell)
		return copy_text(setup->shell, sizeof(setup->shell), "logoff.shell",
		    scenario->logoff.shell, error);
	snprintf(setup->shell, sizeof(setup->shell), "cmd.exe /c ping -n %lld 127.0.0.1",
	    (long long)((scenario->load.hold.most + SECOND - 1) / SECOND + 1));
	return true;
}

static bool make_setup(const struct scenario *scenario, struct setup *setup, struct error *error)
{
	char address[512];

	*setup = (struct setup){
	    .security = scenario->host.security,
	    .signal = scenario->logon.signal,
	    .logoff = scenario->logoff.method,
	    .connect_timeout = scenario->connect.timeout.least,
	    .logon_timeout = scenario->logon.timeout.least,
	    .logon_delay = scenario->logon.delay.least,
	    .logoff_timeout = scenario->logoff.timeout.least,
	};
	return copy_text(address, sizeof(address), "host.address", scenario->host.address, error) &&
	       host_parse(address, setup->host, &setup->port, error) &&
	       set_certificate(&scenario->host, setup, error) &&
	       copy_text(setup->auth_packages, sizeof(setup->auth_packages), "host.auth_packages",
	           scenario->host.auth_packages, error) &&
	       copy_text(setup->client_name, sizeof(setup->client_name), "host.client_name",
	           scenario->host.client_name ? scenario->host.client_name : "LEAKLAB", error) &&
	       set_shell(scenario, setup, error) &&
	       copy_text(setup->keys, sizeof(setup->keys), "logoff.keys",
	           scenario->logoff.keys ? scenario->logoff.keys : KEYS_LOGOFF, error) &&
	       copy_text(setup->command, sizeof(setup->command), "logoff.command",
	           scenario->logoff.method == LOGOFF_COMMAND ? scenario->logoff.command : NULL,
	           error);
}

static bool put_setting(void *data, const char *key, const char *value, struct error *error)
{
	return runfile_set(data, key, value, error);
}

static bool put_time(struct run *run, const char *key)
{
	char text[TIMESTAMP_TEXT];

	return runfile_set(run->runfile, key, timestamp_format(timestamp_now(), text), &run->error);
}

static bool put_number(struct run *run, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%g", value);
	return runfile_set(run->runfile, key, text, &run->error);
}

static bool put_settings(struct run *run, const char *text, const struct setup *setup)
{
	static const char *const methods[] = {
	    "shell-exit", "keys", "command", "disconnect", "drop"};
	const struct scenario *scenario = run->scenario;
	char host[300];

	snprintf(host, sizeof(host), "%s:%u", setup->host, setup->port);
	return runfile_set(run->runfile, "driver.version", LEAKLAB_VERSION, &run->error) &&
	       runfile_set(run->runfile, "scenario.name", scenario->name, &run->error) &&
	       runfile_set(run->runfile, "scenario", text, &run->error) &&
	       runfile_set(run->runfile, "host", host, &run->error) &&
	       runfile_set(
	           run->runfile, "logoff.method", methods[scenario->logoff.method], &run->error) &&
	       put_number(run, "load.slots", (double)scenario->load.slots) &&
	       put_number(run, "load.cycles", (double)scenario->load.cycles) &&
	       put_number(run, "load.rate", scenario->load.rate) && put_time(run, "started") &&
	       scenario_visit_judging(scenario, put_setting, run->runfile, &run->error);
}

/* Half of the processors' number would do; a crash costs what its worker carried, so two at least. */
static size_t worker_count(const struct scenario *scenario)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const size_t wanted = scenario->load.workers ? (size_t)scenario->load.workers
	                                             : (size_t)(processors > 1 ? processors : 1);

	return wanted < scenario->load.slots ? wanted : (size_t)scenario->load.slots;
}

/* The programs beside the driver are found first by the commands of stage and observers. */
static bool put_own_folder_in_path(struct error *error)
{
	const char *rest = getenv("PATH");
	char own[PATH_MAX];
	char path[PATH_MAX + 8192];
	const ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (length <= 0)
		return error_set(error, EXIT_TARGET, "/proc/self/exe: %s", strerror(errno));
	own[length] = '\0';
	*strrchr(own, '/') = '\0';
	snprintf(path, sizeof(path), "%s:%s", own, rest ? rest : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	return true;
}

static bool prepare(struct run *run, struct setup *setup)
{
	const struct scenario *scenario = run->scenario;
	const size_t workers = worker_count(scenario);

	run->fds =
	    calloc(1 + COMMAND_FDS * (scenario->stage_count + scenario->observers_count) + workers,
	        sizeof(struct pollfd));
	if (!run->fds)
		return error_set(&run->error, EXIT_TARGET, "out of memory");
	run->doing = "setting the stage";
	if (!put_own_folder_in_path(&run->error))
		return false;
	run->stage = stage_create(scenario, interrupted, run, &run->error);
	if (!run->stage || !make_setup(scenario, setup, &run->error))
		return false;
	run->accounts = accounts_create(&scenario->accounts, &run->error);
	if (!run->accounts)
		return false;
	if (accounts_count(run->accounts) < scenario->load.slots)
		return error_set(&run->error, EXIT_USAGE,
		    "load.slots is %llu, but there are only %zu accounts: one account never logs "
		    "on twice at once; "
		    "add accounts or use fewer slots",
		    (unsigned long long)scenario->load.slots, accounts_count(run->accounts));
	if (!host_probe(setup->host, setup->port, PROBE_TIMEOUT, &run->error))
		return false;
	run->crew = crew_create(workers, setup, &run->error);
	return run->crew != NULL;
}

/* The host before anything of ours. An observer that does not work is told now, not after hours of load. */
static bool observe_before(struct run *run)
{
	run->doing = "looking at the host before the load";
	if (run->scenario->observers_count == 0)
		return true;
	if (!run_observe(run, MARK_BEFORE, 1, 1))
		return false;
	if (run->problem[0])
		return error_set(&run->error, EXIT_TARGET, "%s", run->problem);
	return run->interrupts == 0 || error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted");
}

/* After the load. Twice interrupted, nothing more is looked at. */
static bool observe_after(struct run *run)
{
	run->doing = "looking at the host after the load";
	if (run->scenario->observers_count == 0 || run->interrupts >= 2)
		return true;
	return run_observe(run, MARK_AFTER, 1, run->interrupts + 1) && run_settle(run);
}

static bool play(struct run *run, struct error *ended)
{
	bool played = run_play(run, ended);

	crew_destroy(run->crew, run->interrupts >= 2 ? 0 : 10 * SECOND);
	run->crew = NULL;
	return played && observe_after(run) &&
	       (run->interrupts == 0 ||
	           runfile_set(run->runfile, "interrupted", "yes", &run->error)) &&
	       (!ended->text[0] ||
	           runfile_set(run->runfile, "ended-early", ended->text, &run->error)) &&
	       put_time(run, "finished") && runfile_finish(run->runfile, &run->error);
}

bool run_scenario(const struct scenario *scenario, const char *text, const char *path, bool json,
    struct runfile **runfile, struct error *ended, struct error *error)
{
	struct run run = {.scenario = scenario, .signals = -1};
	struct setup setup = {0};
	bool created = false;
	bool playing = false;
	bool played = false;

	ended->text[0] = '\0';
	progress_init(&run.progress, scenario->name, scenario->load.cycles, json);
	if (!catch_signals(&run))
		goto out;
	/* The file first: it would be a pity to find out about it at the end. */
	run.runfile = runfile_create(path, &run.error);
	created = run.runfile != NULL;
	if (!created || !prepare(&run, &setup) || !put_settings(&run, text, &setup) ||
	    !observe_before(&run))
		goto out;
	playing = true;
	played = play(&run, ended);
out:
	progress_clear(&run.progress);
	observation_destroy(run.observation);
	crew_destroy(run.crew, 0);
	accounts_destroy(run.accounts);
	stage_destroy(run.stage);
	free(run.fds);
	if (run.signals >= 0)
		close(run.signals);
	explicit_bzero(&setup, sizeof(setup));
	if (played) {
		*runfile = run.runfile;
		return true;
	}
	runfile_close(run.runfile);
	/* Nothing was played: there is nothing to keep. */
	if (created && !playing)
		unlink(path);
	*error = run.error;
	return false;
}
