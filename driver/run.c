/* Knows the order of a run: stage, before, load, after, settling. */
#include "driver/driver.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/own_folder.h"
#include "common/timestamp.h"
#include "driver/leftovers.h"
#include "driver/play_preflight.h"
#include "driver/rdp/worker.h"
#include "driver/run.h"
#include "driver/scenario/hosts.h"

#define PROBE_TIMEOUT (10 * SECOND)

/* Whether this process plays, of the run, the host before the load; the load; the host after it. */
static bool plays_before(const struct run *run)
{
	return run_part(run) == PART_WHOLE || run_part(run) == PART_BEFORE;
}

static bool plays_load(const struct run *run)
{
	return run_part(run) == PART_WHOLE || run_part(run) == PART_SHARD;
}

static bool plays_after(const struct run *run)
{
	return run_part(run) == PART_WHOLE || run_part(run) == PART_SETTLED;
}

/* One a processor, and no more than there are slots. */
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

	if (!own_folder(own, error))
		return false;
	snprintf(path, sizeof(path), "%s:%s", own, rest ? rest : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	return true;
}

/* A connection has ten descriptors. */
static bool check_descriptors(const struct scenario *scenario, size_t workers, struct error *error)
{
	const size_t slots = (scenario->load.slots + workers - 1) / workers;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max / 12 > slots + 4)
		return true;
	return error_set(error, EXIT_USAGE,
	    "load.slots: %zu sessions a worker need some %zu descriptors, the limit is %llu; raise it (ulimit -Hn), or "
	    "use more load.workers",
	    slots, (slots + 4) * 12, (unsigned long long)files.rlim_max);
}

/* Stage, host and accounts; nothing is asked of the host yet. */
bool run_prepare(struct run *run, struct setup *setup, const char *password)
{
	const struct scenario *scenario = run->scenario;
	const size_t workers = worker_count(scenario);
	char host[300];

	run->fds =
	    calloc(1 + COMMAND_FDS * (scenario->stage_count + scenario->observers_count) + workers,
	        sizeof(struct pollfd));
	if (!run->fds)
		return error_memory(&run->error);
	run->monitor->tally.doing = DOING_STAGE;
	monitor_turn(run->monitor);
	if (!put_own_folder_in_path(&run->error))
		return false;
	run->stage = stage_create(scenario, run_is_interrupted, run, &run->error);
	if (!run->stage || !setup_make(scenario, setup, &run->error))
		return false;
	const bool logs_on = !scenario_runs_commands(scenario);
	if (logs_on && !scenario->host.named && !host_is_allowed(setup->host, &run->error))
		return false;
	snprintf(host, sizeof(host), "%s:%u", setup->host, setup->port);
	if (logs_on)
		monitor_host(run->monitor, host);
	if (logs_on && run->resuming && !resume_check_address(run, setup))
		return false;
	run->accounts = accounts_create(
	    &scenario->accounts, scenario->folder, logs_on ? password : "", &run->error);
	if (!run->accounts)
		return false;
	if (run->part && !part_take_accounts(run->part, scenario, run->accounts, &run->error))
		return false;
	if (!scenario_check_accounts(scenario, accounts_count(run->accounts), &run->error))
		return false;
	/* Accounts in a file that a stage program names are made by it, and go with it. */
	if (logs_on && !scenario->accounts.staged && !run_recall_refusals(run, setup))
		return false;
	return !plays_load(run) || check_descriptors(scenario, workers, &run->error);
}

/* The folder of a run file. */
static void find_folder(const char *path, char folder[PATH_MAX])
{
	const char *end = strrchr(path, '/');

	snprintf(folder, PATH_MAX, "%.*s", end ? (int)(end - path + 1) : 1, end ? path : ".");
}

/* A run that goes on does so in the way of logging off that it began with, and an injector in that of its plan. */
static void take_way_of_run(struct run *run, struct setup *setup)
{
	char *own = run->resuming ? runfile_get(run->runfile, "logoff.method") : NULL;
	const char *method = own || !run->part ? own : run->part->logoff;

	if (method && run->scenario->logoff.method == LOGOFF_AUTO)
		setup_take_way_named(setup, method);
	free(own);
}

/* Whether the host is there at all, and whether a logon works. */
static bool meet_host(struct run *run, struct setup *setup, const char *path)
{
	struct preflight preflight;
	char folder[PATH_MAX];

	if (scenario_runs_commands(run->scenario) || run_part(run) == PART_DURING)
		return true;
	take_way_of_run(run, setup);
	run->so_far.sessions_end = run->part && run->part->sessions_end;
	if (run->resuming || !preflight_is_wanted(run->scenario)) {
		const struct patience patience = {run_is_interrupted, run};
		return host_probe(
		           setup->host, setup->port, PROBE_TIMEOUT, &patience, &run->error) ||
		       (run->interrupts > 0 &&
		           error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted"));
	}
	find_folder(path, folder);
	const bool good = preflight_play(run, setup, folder, NULL, &preflight);
	preflight_deinit(&preflight);
	run->so_far.sessions_end = good;
	return good;
}

static bool hire(struct run *run, const struct setup *setup)
{
	run->crew = crew_create(
	    worker_count(run->scenario), setup, runfile_lock(run->runfile), &run->error);
	return run->crew != NULL;
}

/* The host before anything of ours. An observer that does not work is reported now, not after hours of load. */
static bool observe_before(struct run *run)
{
	run->monitor->tally.doing = DOING_BEFORE;
	if (run->scenario->observers_count == 0 || !plays_before(run))
		return true;
	if (!run_observe(run, MARK_BEFORE, 1, 1))
		return false;
	if (run->problem[0])
		return error_set(&run->error, EXIT_TARGET, "%s", run->problem);
	return run->interrupts == 0 || error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted");
}

/* Without observers the wait for it has to be asked for. */
static bool wants_witness(const struct run *run)
{
	const struct scenario *scenario = run->scenario;

	return !scenario_runs_commands(scenario) &&
	       (scenario->observers_count > 0 || scenario->host.exclusive || scenario->verify_ids);
}

/* After the load. Interrupted, the host is sampled as it is, and not waited for; twice, nothing more is looked at. */
static bool observe_after(struct run *run)
{
	run->monitor->tally.doing = DOING_AFTER;
	if (run->interrupts >= 2)
		return true;
	if (run->scenario->observers_count == 0)
		return run->interrupts > 0 || !wants_witness(run) || run_settle_unseen(run);
	/* Where a run that had no more to play goes on, the sample is there already. */
	const bool is_there =
	    run->so_far.after > 0 && run->monitor->tally.finished == run->so_far.cycles;
	if (!is_there && !run_observe(run, MARK_AFTER, run->so_far.after + 1, 2))
		return false;
	return run->interrupts > 0
	           ? runfile_set(run->runfile, "settled", "interrupted", &run->error)
	           : run_settle(run);
}

static bool put_early_end(struct run *run, const struct error *ended)
{
	return runfile_set(run->runfile, "ended-early", ended->text, &run->error) &&
	       run_put_number(run, "ended-early.code", ended->code);
}

/* Once all that a healthy host releases has had its time, logons at once are given the lowest session IDs that nothing refers to. */
static bool verify_ids(struct run *run, const struct setup *setup, const struct error *ended)
{
	const size_t usable = accounts_usable(run->accounts);
	const uint64_t *said = run->scenario->verify_ids;
	const size_t most = said ? (size_t)*said : VERIFY_IDS;
	const size_t logons = usable < most ? usable : most;

	const bool failed = run->fallen.text[0] || (ended->text[0] && ended->code == EXIT_TARGET);
	if (logons == 0 || !wants_witness(run) || failed || run->interrupts > 0)
		return true;
	const bool verified = hire(run, setup) && run_verify_ids(run, logons);
	crew_destroy(run->crew, run->interrupts >= 2 ? 0 : 10 * SECOND);
	run->crew = NULL;
	return verified;
}

/* All injectors begin at once. One whose clock is behind the plan's waits no longer than the plan's own machine would; one that comes later begins later. */
static bool await_start(struct run *run)
{
	const struct run_part *part = &run->part->is;
	const int64_t wait = part->start - timestamp_now();
	const int64_t over = timestamp_monotonic() + (wait < part->lead ? wait : part->lead);
	char text[160], late[24];

	if (run->resuming)
		return true;
	while (timestamp_monotonic() < over && run->interrupts == 0)
		if (!run_turn(run, over))
			return false;
	if (wait < 0) {
		snprintf(text, sizeof(text),
		    "begins %.1f s after the plan's start, by the clock of this machine",
		    (double)-wait / (double)SECOND);
		run_event(run, "late", text, wait < -SECOND);
	}
	snprintf(late, sizeof(late), "%.1f", wait < 0 ? (double)-wait / (double)SECOND : 0);
	return runfile_set(run->runfile, "shard.late", late, &run->error);
}

/* So that cycles that are lost from a shard's file are missed. */
static bool note_played(struct run *run)
{
	return run_part(run) != PART_SHARD ||
	       run_put_number(
	           run, "load.played", (double)(run->monitor->tally.finished - run->so_far.again));
}

static bool play_load(struct run *run, struct error *ended)
{
	if (run_part(run) == PART_DURING)
		return run_watch_load(run);
	if (!plays_load(run))
		return run_part(run) != PART_BEFORE ||
		       run_put_part(run); /* they begin from here on */
	const bool played =
	    (run_part(run) == PART_WHOLE || await_start(run)) && run_play(run, ended);

	crew_destroy(run->crew, run->interrupts >= 2 ? 0 : 10 * SECOND);
	run->crew = NULL;
	return played && note_played(run);
}

static bool play_after(struct run *run, const struct setup *setup, const struct error *ended)
{
	return !plays_after(run) || (observe_after(run) && verify_ids(run, setup, ended));
}

static bool play(struct run *run, const struct setup *setup, struct error *ended)
{
	if (!play_load(run, ended) || !play_after(run, setup, ended))
		return false;
	run_tell_repeated(run);
	if (plays_load(run) && !scenario_runs_commands(run->scenario) &&
	    !leftovers_tell_and_clean(run, setup))
		return false;
	/* It comes before an end of the load that is nobody's fault; one by hand may have caused it. */
	const bool blames = ended->text[0] && (ended->code == EXIT_TARGET || run->interrupts > 0);
	if (run->fallen.text[0] && !blames)
		*ended = run->fallen;
	monitor_stop(run->monitor);
	return (run->interrupts == 0 ||
	           runfile_set(run->runfile, "interrupted", "yes", &run->error)) &&
	       (!ended->text[0] || put_early_end(run, ended)) && run_put_time(run, "finished") &&
	       runfile_finish(run->runfile, &run->error);
}

void run_close(struct run *run, struct setup *setup)
{
	monitor_stop(run->monitor);
	observation_destroy(run->observation);
	observers_destroy(run->observers);
	crew_destroy(run->crew, 0);
	accounts_destroy(run->accounts);
	stage_destroy(run->stage);
	free(run->fds);
	if (run->signals >= 0)
		close(run->signals);
	explicit_bzero(setup, sizeof(*setup));
}

bool run_scenario(const struct scenario *scenario, struct part *part, const char *text,
    const char *path, const char *password, struct monitor *monitor, struct runfile **runfile,
    struct run_end *end, struct error *error)
{
	struct run run = {.scenario = scenario,
	    .part = part,
	    .runfile = *runfile,
	    .resuming = *runfile != NULL,
	    .monitor = monitor,
	    .signals = -1};
	struct setup setup = {0};
	bool playing = false;
	bool played = false;

	*end = (struct run_end){0};
	if (!run_catch_signals(&run))
		goto out;
	/* The file first: it would be a pity to find out about it at the end. */
	if (!run.resuming)
		run.runfile = runfile_create(path, &run.error);
	run.observers = observers_create(scenario);
	if (run.runfile && !run.observers)
		error_memory(&run.error);
	if (run.runfile && !monitor_watch(monitor, path, cycles_for_clean(scenario), &run.error))
		goto out;
	if (!run.runfile || !run.observers || !run_prepare(&run, &setup, password) ||
	    !meet_host(&run, &setup, path) || (plays_load(&run) && !hire(&run, &setup)))
		goto out;
	if (run.resuming ? !resume_begin(&run, text)
	                 : !run_put_settings(&run, text, &setup) || !observe_before(&run))
		goto out;
	playing = true;
	played = play(&run, &setup, &end->why);
out:
	run_close(&run, &setup);
	end->killed_by = run.interrupts >= 2 ? run.signal : 0;
	*runfile = played ? run.runfile : NULL;
	if (played)
		return true;
	/* Nothing was played: there is nothing to keep. */
	if (!run.resuming && !playing)
		runfile_discard(run.runfile);
	else
		runfile_close(run.runfile);
	*error = run.error;
	return false;
}
