/* Knows what the parts of a run must have in common, and what one injector cannot play. */
#include "driver/part.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "common/version.h"

bool part_plan(struct part *out, int64_t injectors, int64_t lead, struct error *error)
{
	unsigned char bytes[(PART_ID - 1) / 2];

	*out = (struct part){.is = {.kind = PART_BEFORE,
	                         .injectors = injectors,
	                         .shard = NUMBER_UNKNOWN,
	                         .build = LEAKLAB_VERSION,
	                         .start = TIMESTAMP_UNKNOWN,
	                         .lead = lead}};
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(error, EXIT_TARGET, "no random numbers for the plan's id");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out->is.plan + 2 * i, 3, "%02x", bytes[i]);
	part_clock_read(&out->is.clock);
	return true;
}

static bool read_plan(
    struct part *out, struct runfile *runfile, const char *path, struct error *error)
{
	if (!part_read(runfile, &out->is, error))
		return error_prefix(error, "%s", path);
	if (out->is.kind != PART_BEFORE)
		return error_set(error, EXIT_USAGE,
		    "%s has no plan: leaklab observe SCENARIO --mark before --injectors N writes one",
		    path);
	if (!runfile_is_set(runfile, "finished"))
		return error_set(error, EXIT_USAGE,
		    "%s is not finished: the plan is good once leaklab observe has ended", path);
	out->plan = strdup(path);
	out->logoff = runfile_get(runfile, "logoff.method");
	out->seed = runfile_get(runfile, "load.seed");
	out->refusals = runfile_get(runfile, "plan.refusals");
	out->sessions_end = runfile_is_set(runfile, "preflight");
	return out->plan || error_memory(error);
}

bool part_of_plan(
    struct part *out, const char *plan, enum part_kind kind, int64_t shard, struct error *error)
{
	struct runfile *runfile = runfile_open(plan, error);

	*out = (struct part){0};
	if (!runfile)
		return false;
	bool good = read_plan(out, runfile, plan, error);
	runfile_close(runfile);
	if (good && strcmp(out->is.build, LEAKLAB_VERSION) != 0)
		good = error_set(error, EXIT_USAGE,
		    "%s was made by leaklab %s, and this is %s: use one build on all machines",
		    plan, out->is.build, LEAKLAB_VERSION);
	if (good && shard != NUMBER_UNKNOWN && shard >= out->is.injectors)
		good = error_set(error, EXIT_USAGE,
		    "--shard %lld: the plan is for %lld injectors, which are 0 to %lld",
		    (long long)shard, (long long)out->is.injectors,
		    (long long)out->is.injectors - 1);
	out->is.kind = kind;
	out->is.shard = shard;
	part_clock_read(&out->is.clock);
	if (!good)
		part_deinit(out);
	return good;
}

bool part_resume(struct part *out, struct runfile *runfile, struct error *error)
{
	*out = (struct part){0};
	if (!part_read(runfile, &out->is, error))
		return false;
	if (out->is.kind != PART_WHOLE && out->is.kind != PART_SHARD)
		return error_set(error, EXIT_USAGE,
		    "only a shard goes on; sample the host again with leaklab observe --mark %s",
		    part_words[out->is.kind]);
	return true;
}

bool part_note_clock(const struct part *part, struct runfile *runfile, struct error *error)
{
	struct part_clock now;

	part_clock_read(&now);
	return part_clock_same(&part->is.clock, &now) ||
	       runfile_set(runfile, "clock.boot", "", error);
}

void part_deinit(struct part *part)
{
	free(part->plan);
	free(part->logoff);
	free(part->seed);
	free(part->refusals);
	*part = (struct part){0};
}

/* ---- what has no part ---- */

static bool refuse(const char *key, const char *why, struct error *error)
{
	return error_set(error, EXIT_USAGE, "%s does not go with several injectors: %s", key, why);
}

static bool check_keys(const struct scenario *scenario, struct error *error)
{
	if (scenario->stage_count > 0)
		return refuse("stage",
		    "each of them would start its programs. Start them before, by a command of their own, remove the key, and give their "
		    "values by the environment",
		    error);
	if (scenario->load.until == UNTIL_DECIDED)
		return refuse("load.until: decided",
		    "none of them sees the evidence of all. Say how many load.cycles are to be played",
		    error);
	if (scenario->verify_ids && *scenario->verify_ids > 0)
		return refuse("verify_ids",
		    "none of them knows when the others have ended. Remove it: leaklab observe --mark settled has accounts log on at once",
		    error);
	if (scenario->controls.negative || scenario->controls.positive)
		return refuse("controls",
		    "they are runs with a stage of their own. Play them before, as whole runs, and remove the key",
		    error);
	if (scenario->preflight == PREFLIGHT_ALWAYS)
		return refuse("--preflight always",
		    "leaklab observe --mark before has one for all of them", error);
	return true;
}

bool part_take_scenario(
    struct part *part, struct scenario *scenario, const char *text, struct error *error)
{
	const bool plans = part->is.kind == PART_BEFORE;
	const struct share share = {(uint64_t)part->is.shard, (uint64_t)part->is.injectors};
	const enum scenario_preflight preflight = scenario->preflight;
	char hash[PART_HASH];

	if (plans)
		scenario->preflight = PREFLIGHT_AUTO; /* it has them all */
	const bool fits = check_keys(scenario, error) &&
	                  share_check(scenario, (uint64_t)part->is.injectors, error) &&
	                  part_hash(text, strlen(text), hash, error);
	scenario->preflight = plans ? preflight : PREFLIGHT_NEVER;
	if (!fits)
		return false;
	if (plans)
		strcpy(part->is.scenario, hash);
	else if (strcmp(part->is.scenario, hash) != 0)
		return error_set(error, EXIT_USAGE,
		    "the scenario is not the plan's: give all parts the same file and the same --set and --host");
	if (part->is.kind == PART_SHARD) {
		share_take(scenario, &share);
		scenario->observe_every = 0; /* others sample the host */
	}
	return true;
}

static bool hash_accounts(const struct accounts *accounts, char out[PART_HASH], struct error *error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; stream && i < accounts_count(accounts); i++)
		fprintf(stream, "%s\\%s\n", accounts_at(accounts, i)->domain,
		    accounts_at(accounts, i)->user);
	const bool hashed =
	    stream && fclose(stream) == 0 ? part_hash(text, size, out, error) : error_memory(error);
	free(text);
	return hashed;
}

bool part_take_accounts(struct part *part, const struct scenario *scenario,
    struct accounts *accounts, struct error *error)
{
	const bool logs_on = !scenario_runs_commands(scenario);
	char hash[PART_HASH];

	/* Those of commands are slots, of which each injector has others. */
	if (!logs_on)
		return part_hash("", 0, part->is.accounts, error);
	if (!hash_accounts(accounts, hash, error) ||
	    !share_check_accounts(accounts_count(accounts), (uint64_t)part->is.injectors, error))
		return false;
	if (part->is.kind == PART_BEFORE)
		strcpy(part->is.accounts, hash);
	else if (strcmp(part->is.accounts, hash) != 0)
		return error_set(error, EXIT_USAGE,
		    "the accounts are not the plan's: give all parts the same ones, in the same order");
	return part->is.kind != PART_SHARD ||
	       accounts_keep_share(accounts, &scenario->load.share, error);
}

/* ---- the other parts ---- */

bool part_before(
    const struct part *part, struct runfile **plan, struct snapshot **snapshot, struct error *error)
{
	struct error none;

	*snapshot = NULL;
	*plan = runfile_open(part->plan, error);
	if (!*plan)
		return false;
	*snapshot = runfile_snapshot(*plan, MARK_BEFORE, 1, true, &none);
	return true;
}

/* A file that is written has its journal beside it, and is left alone: it may be on another machine. */
static bool has_journal(const char *path)
{
	char journal[PATH_MAX + 8];

	snprintf(journal, sizeof(journal), "%s-wal", path);
	return access(journal, F_OK) == 0;
}

/* NUMBER_UNKNOWN: the file has no shard of the plan that is finished. */
static int64_t finished_shard(const struct part *part, const char *path)
{
	struct error none;
	struct runfile *runfile = has_journal(path) ? NULL : runfile_open(path, &none);
	struct run_part found = {.shard = NUMBER_UNKNOWN};

	if (!runfile || !part_read(runfile, &found, &none) || found.kind != PART_SHARD ||
	    strcmp(found.plan, part->is.plan) != 0 || !runfile_is_set(runfile, "finished"))
		found.shard = NUMBER_UNKNOWN;
	runfile_close(runfile);
	return found.shard;
}

int64_t part_count_finished(const struct part *part)
{
	const char *end = strrchr(part->plan, '/');
	const int length = end ? (int)(end - part->plan + 1) : 2;
	const char *folder = end ? part->plan : "./";
	bool *seen = calloc((size_t)part->is.injectors, sizeof(*seen));
	char path[PATH_MAX];
	int64_t count = 0;

	snprintf(path, sizeof(path), "%.*s", length, folder);
	DIR *directory = opendir(path);
	for (const struct dirent *entry; seen && directory && (entry = readdir(directory));) {
		if (entry->d_name[0] == '.' || snprintf(path, sizeof(path), "%.*s%s", length,
		                                   folder, entry->d_name) >= (int)sizeof(path))
			continue;
		const int64_t shard = finished_shard(part, path);
		if (shard == NUMBER_UNKNOWN || seen[shard])
			continue;
		seen[shard] = true;
		count++;
	}
	if (directory)
		closedir(directory);
	free(seen);
	return count;
}
