/* Knows what a run file says of its run from the beginning: what is played where, how it is to be judged, and which part of a run it is. */
#include "driver/run.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "common/version.h"

enum part_kind run_part(const struct run *run)
{
	return run->part ? run->part->is.kind : PART_WHOLE;
}

static bool put_setting(void *data, const char *key, const char *value, struct error *error)
{
	return runfile_set(data, key, value, error);
}

bool run_put_time(struct run *run, const char *key)
{
	char text[TIMESTAMP_TEXT];

	return runfile_set(run->runfile, key, timestamp_format(timestamp_now(), text), &run->error);
}

bool run_put_number(struct run *run, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.10g", value);
	return runfile_set(run->runfile, key, text, &run->error);
}

/* A run that goes on finds the scenario's files again. A control run does not go on. */
static bool put_folder(struct run *run)
{
	char folder[PATH_MAX];

	return run->scenario->control ||
	       (scenario_folder(run->scenario, folder, &run->error) &&
	           runfile_set(run->runfile, "scenario.folder", folder, &run->error));
}

/* The host that the observers look at, if the scenario says which. */
static bool put_observed(struct run *run)
{
	const struct scenario *scenario = run->scenario;

	for (unsigned i = 0; i < scenario->observers_count; i++)
		if (scenario->observers[i].host)
			return runfile_set(run->runfile, "observed.host",
			    scenario->observers[i].host, &run->error);
	return true;
}

/* Whose logon sessions are judged; "DOMAIN\\user" or "user". */
static bool put_watched(struct run *run)
{
	const struct scenario_watch *watch = &run->scenario->watch;

	for (unsigned i = 0; i < watch->accounts_count; i++) {
		const char *name = strrchr(watch->accounts[i], '\\');
		char domain[256] = "";
		if (name)
			snprintf(domain, sizeof(domain), "%.*s", (int)(name - watch->accounts[i]),
			    watch->accounts[i]);
		if (!runfile_add_watched(run->runfile, name ? name + 1 : watch->accounts[i],
		        *domain ? domain : NULL, &run->error))
			return false;
	}
	return watch->accounts_count == 0 ||
	       runfile_set(run->runfile, "load.workload", "command", &run->error);
}

static bool put_host(struct run *run, const struct setup *setup)
{
	char host[300];

	snprintf(host, sizeof(host), "%s:%u", setup->host, setup->port);
	return scenario_runs_commands(run->scenario) ||
	       (runfile_set(run->runfile, "host", host, &run->error) &&
	           runfile_set(run->runfile, "logoff.method",
	               setup->way ? logoff_way_words[setup->way]
	                          : logoff_method_words[setup->logoff],
	               &run->error));
}

bool run_put_part(struct run *run)
{
	struct part *part = run->part;

	if (!part)
		return true;
	if (part->is.kind == PART_BEFORE)
		part->is.start = timestamp_now() + part->is.lead;
	return part_write(run->runfile, &part->is, &run->error) &&
	       (!part->seed || runfile_set(run->runfile, "load.seed", part->seed, &run->error));
}

bool run_put_settings(struct run *run, const char *text, const struct setup *setup)
{
	const struct scenario *scenario = run->scenario;

	return run_put_part(run) &&
	       runfile_set(run->runfile, "driver.version", LEAKLAB_VERSION, &run->error) &&
	       runfile_set(run->runfile, "scenario.name", scenario->name, &run->error) &&
	       runfile_set(run->runfile, "scenario", text, &run->error) && put_folder(run) &&
	       put_host(run, setup) && put_watched(run) &&
	       (!scenario->control ||
	           runfile_set(run->runfile, "control", scenario->control, &run->error)) &&
	       (!scenario->host.exclusive ||
	           runfile_set(run->runfile, "host.exclusive", "true", &run->error)) &&
	       run_put_number(run, "load.slots", (double)scenario->load.slots) &&
	       run_put_number(run, "load.cycles", (double)scenario->load.cycles) &&
	       run_put_number(run, "load.rate", scenario->load.rate) &&
	       run_put_number(run, "settle.at_least",
	           (double)scenario->settle.at_least.least / (double)SECOND) &&
	       (scenario->settle.release.least == 0 ||
	           run_put_number(run, "settle.release",
	               (double)scenario->settle.release.least / (double)SECOND)) &&
	       put_observed(run) && run_put_time(run, "started") &&
	       scenario_visit_judging(scenario, put_setting, run->runfile, &run->error);
}
