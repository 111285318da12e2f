/* Knows what must be as it was, so that two parts are one run: the address, the host, its build and its boot. */
#include "driver/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "common/timestamp.h"
#include "driver/driver.h"
#include "driver/logoffs.h"
#include "driver/scenario/caps.h"
#include "evidence/identity.h"
#include "judge/cycle_index.h"
#include "leak/leak.h"

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void count_cycles(struct so_far *so_far, const struct cycles *cycles)
{
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];

		so_far->highest = larger(so_far->highest, cycle->number);
		if (cycle->kind != CYCLE_LOAD)
			continue;
		so_far->cycles++;
		so_far->failed += cycle_result_is_failure(cycle->result);
		so_far->again += cycle->code && strcmp(cycle->code, RUNFILE_DRIVER_LOST) == 0;
	}
}

static void count_rounds(struct so_far *so_far, const struct captures *captures)
{
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		int64_t *round = capture->mark == MARK_DURING     ? &so_far->during
		                 : capture->mark == MARK_AFTER    ? &so_far->after
		                 : capture->mark == MARK_SETTLING ? &so_far->settling
		                                                  : NULL;
		if (round)
			*round = larger(*round, capture->round);
	}
}

/* In earlier parts of the run, or at its preflight. */
static bool some_session_ended(const struct cycles *cycles)
{
	struct logoffs logoffs = {0};

	for (size_t i = 0; i < cycles->count; i++)
		logoffs_note(&logoffs, &cycles->items[i], NULL);
	return logoffs.any;
}

static bool count(struct so_far *so_far, struct runfile *runfile, struct error *error)
{
	struct cycles cycles;
	struct captures captures;
	char *missed;

	*so_far = (struct so_far){0};
	if (!runfile_cycles(runfile, &cycles, error))
		return false;
	count_cycles(so_far, &cycles);
	so_far->sessions_end = some_session_ended(&cycles);
	cycles_deinit(&cycles);
	if (!runfile_captures(runfile, &captures, error))
		return false;
	count_rounds(so_far, &captures);
	captures_deinit(&captures);
	missed = runfile_get(runfile, "load.missed");
	if (missed)
		so_far->missed = strtoull(missed, NULL, 10);
	free(missed);
	return true;
}

static bool is_complete(struct runfile *runfile)
{
	return runfile_is_set(runfile, "finished") && !runfile_is_set(runfile, "interrupted") &&
	       !runfile_is_set(runfile, "ended-early");
}

/* Loads it again, with so many cycles more. What is asked for beyond a load that was decided is played. */
static bool load_more(struct resumption *resumption, const char *text, const char *path,
    uint64_t more, struct error *error)
{
	const uint64_t before = resumption->scenario->load.cycles;
	char cycles[48];
	char *overrides[] = {cycles, (char *)"load.until=cycles"};
	const bool decided = runfile_is_set(resumption->runfile, "load.decided");

	if (more > CYCLES_MAX - before)
		return error_set(error, EXIT_USAGE,
		    "--cycles +%" PRIu64 ": the run has %" PRIu64
		    " cycles, and a run has at most %d (hard cap)",
		    more, before, CYCLES_MAX);
	snprintf(cycles, sizeof(cycles), "load.cycles=%" PRIu64, before + more);
	scenario_destroy(resumption->scenario);
	free(resumption->text);
	resumption->text = NULL;
	resumption->scenario =
	    scenario_parse(text, path, overrides, decided ? 2 : 1, &resumption->text, error);
	return resumption->scenario;
}

static bool load_scenario(
    struct resumption *resumption, const char *path, uint64_t more, struct error *error)
{
	char *text = runfile_get(resumption->runfile, "scenario");

	if (!text)
		return error_set(
		    error, EXIT_USAGE, "%s: no cycle was played in it: begin a new run", path);
	resumption->scenario = scenario_parse(text, path, NULL, 0, &resumption->text, error);
	const bool good =
	    resumption->scenario && (more == 0 || load_more(resumption, text, path, more, error));
	free(text);
	if (good)
		resumption->scenario->folder = runfile_get(resumption->runfile, "scenario.folder");
	return good && (resumption->part.is.kind == PART_WHOLE ||
	                   part_take_scenario(
	                       &resumption->part, resumption->scenario, resumption->text, error));
}

static bool check_run(
    const struct resumption *resumption, const char *path, uint64_t more, struct error *error)
{
	struct so_far so_far;

	if (!count(&so_far, resumption->runfile, error))
		return false;
	if (so_far.cycles == 0)
		return error_set(
		    error, EXIT_USAGE, "%s: no cycle was played in it: begin a new run", path);
	if (more == 0 && is_complete(resumption->runfile))
		return error_set(error, EXIT_USAGE,
		    "%s is complete: all its %" PRIu64
		    " cycles were played; --cycles +N plays more",
		    path, so_far.cycles - so_far.again);
	return true;
}

bool resume_open(struct resumption *out, const char *path, uint64_t more, struct error *error)
{
	struct resumption resumption = {.runfile = runfile_reopen(path, error)};

	if (!resumption.runfile)
		return false;
	if (!part_resume(&resumption.part, resumption.runfile, error))
		error_prefix(error, "%s", path);
	else if (resumption.part.is.kind != PART_WHOLE && more > 0)
		error_set(error, EXIT_USAGE,
		    "%s is one shard of a plan, which says how many cycles it has: no --cycles",
		    path);
	else if (resumption.part.is.kind == PART_WHOLE &&
	         runfile_is_set(resumption.runfile, "plan.id"))
		error_set(error, EXIT_USAGE,
		    "%s was made of what several injectors played, and has several clocks: resume the shard that was cut short, and merge again",
		    path);
	else if (runfile_is_set(resumption.runfile, "control"))
		error_set(error, EXIT_USAGE,
		    "%s is a control run, which only checks the lab: resume the run that it belongs to",
		    path);
	else if (load_scenario(&resumption, path, more, error) &&
	         check_run(&resumption, path, more, error)) {
		*out = resumption;
		return true;
	}
	part_deinit(&resumption.part);
	scenario_destroy(resumption.scenario);
	free(resumption.text);
	runfile_close(resumption.runfile);
	return false;
}

/* ---- the same host ---- */

bool resume_check_address(struct run *run, const struct setup *setup)
{
	char *before = runfile_get(run->runfile, "host");
	char now[300];

	snprintf(now, sizeof(now), "%s:%u", setup->host, setup->port);
	const bool same = !before || strcasecmp(before, now) == 0;
	if (!same)
		error_set(&run->error, EXIT_USAGE,
		    "the run was played at %s, and host.address is %s now: begin a new run there",
		    before, now);
	free(before);
	return same;
}

static bool check_host(
    const struct snapshot *before, const struct snapshot *now, struct error *error)
{
	if (!host_same(before->host, now->host))
		return error_set(error, EXIT_TARGET,
		    "the host is %s now, and was %s when the run began: begin a new run", now->host,
		    before->host);
	if (before->build && now->build && strcasecmp(before->build, now->build) != 0)
		return error_set(error, EXIT_TARGET,
		    "the build of Windows is %s now, and was %s when the run began: begin a new run",
		    now->build, before->build);
	if (leak_boot(before, now) == BOOT_OTHER)
		return error_set(error, EXIT_TARGET,
		    "the host was rebooted since the run began, and what leaked until then is gone: begin a new run");
	return true;
}

/* Sessions that a logoff should have ended: their clients were lost with the driver. */
static bool warn_of_sessions(struct run *run, const struct snapshot *now)
{
	struct cycles cycles;
	struct cycle_index index;
	char text[128];
	int64_t left = 0;

	if (!logoffs_are_asked_for(run->scenario))
		return true;
	if (!runfile_cycles(run->runfile, &cycles, &run->error))
		return false;
	const bool indexed = cycle_index_init(&index, &cycles, NULL, INT64_MAX);
	for (size_t i = 0; indexed && i < now->session_count; i++)
		left += cycle_index_has(&index, now->sessions[i].user, now->sessions[i].domain);
	if (indexed)
		cycle_index_deinit(&index);
	cycles_deinit(&cycles);
	snprintf(text, sizeof(text),
	    "%" PRId64
	    " session%s of the run's accounts %s still on the host: a logon may join one",
	    left, text_plural(left), left == 1 ? "is" : "are");
	if (left > 0)
		run_event(run, "caution", text, true);
	return indexed || error_memory(&run->error);
}

/* The sample is one of the settling: nobody is logged on. */
static bool check_sample(struct run *run)
{
	struct snapshot *before, *now;
	struct error none;

	run->monitor->tally.doing = DOING_BEFORE;
	if (run->scenario->observers_count == 0 || run_part(run) != PART_WHOLE)
		return true;
	if (!run_observe(run, MARK_SETTLING, ++run->so_far.settling, 1))
		return false;
	if (run->interrupts > 0)
		return error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted");
	if (run->problem[0])
		return error_set(&run->error, EXIT_TARGET, "%s", run->problem);
	now =
	    runfile_snapshot(run->runfile, MARK_SETTLING, run->so_far.settling, false, &run->error);
	if (!now)
		return false;
	before = runfile_snapshot(run->runfile, MARK_BEFORE, 1, false, &none);
	const bool good =
	    (!before || check_host(before, now, &run->error)) && warn_of_sessions(run, now);
	snapshot_destroy(before);
	snapshot_destroy(now);
	return good;
}

static bool put_scenario(struct run *run, const char *text)
{
	char cycles[24];

	snprintf(cycles, sizeof(cycles), "%" PRIu64, run->scenario->load.cycles);
	return runfile_set(run->runfile, "scenario", text, &run->error) &&
	       runfile_set(run->runfile, "load.cycles", cycles, &run->error);
}

static void tell(struct run *run, int64_t lost)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "going on after %" PRIu64 " of %" PRIu64 " cycles; with the driver %" PRId64
	    " lost, and new ones are played instead",
	    run->so_far.cycles - run->so_far.again, run->scenario->load.cycles, lost);
	run_event(run, "resumed", text, true);
}

bool resume_begin(struct run *run, const char *text)
{
	int64_t lost;

	if (!runfile_go_on(run->runfile, timestamp_now(), &lost, &run->error))
		return false;
	if (count(&run->so_far, run->runfile, &run->error)) {
		run->monitor->tally.finished = run->so_far.cycles;
		run->monitor->tally.earlier = run->so_far.cycles;
		run->monitor->tally.results[CYCLE_FAILED] = run->so_far.failed;
		run->monitor->tally.results[CYCLE_LOGGED_OFF] =
		    run->so_far.cycles - run->so_far.failed;
		run->monitor->tally.cycles = run->scenario->load.cycles + run->so_far.again;
		if (check_sample(run) && put_scenario(run, text) &&
		    (!run->part || part_note_clock(run->part, run->runfile, &run->error))) {
			tell(run, lost);
			if (!run->error.text[0] && runfile_keep(run->runfile, &run->error))
				return true;
		}
	}
	runfile_give_up(run->runfile);
	return false;
}
