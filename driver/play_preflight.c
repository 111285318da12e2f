/* Knows the order of a preflight, and that nothing of it counts. */
#include "driver/play_preflight.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "driver/preflight/causes.h"
#include "driver/monitor/monitor.h"
#include "readers/reader.h"

#define STEP_TIMEOUT (10 * SECOND) /* each step of the handshake */
#define SAMPLES_AFTER 4            /* while the session is there still */
#define BYTES_A_CYCLE 400          /* in a run file */
#define LATER (SECOND / 2)

bool preflight_is_wanted(const struct scenario *scenario)
{
	return scenario->preflight == PREFLIGHT_ALWAYS ||
	       (scenario->preflight == PREFLIGHT_AUTO && scenario->stage_count == 0 &&
	           !scenario->control);
}

/* What a preflight is good for: with another of these it says nothing. */
static char *describe(const struct scenario *scenario, const struct setup *setup)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s:%u %d %s\n%s\n%s\n%s\n%s\n%s\n", setup->host, setup->port,
	    (int)setup->security, setup->certificate_value,
	    scenario->accounts.users ? scenario->accounts.users : "",
	    scenario->accounts.domain ? scenario->accounts.domain : "",
	    scenario->accounts.csv ? scenario->accounts.csv : "",
	    logoff_method_words[scenario->logoff.method], setup->keys);
	fprintf(out, "%s\n%s\n%s\n%s\n%d %s\n", setup->shell, setup->command,
	    setup->load_balance_info, setup->auth_packages, (int)setup->signal, setup->logon_keys);
	for (unsigned i = 0; i < scenario->observers_count; i++)
		fprintf(out, "%s %s: %s\n", scenario->observers[i].name,
		    scenario->observers[i].host ? scenario->observers[i].host : "",
		    scenario->observers[i].session ? scenario->observers[i].session
		                                   : scenario->observers[i].command);
	return fclose(out) == 0 ? text : NULL;
}

/* ---- the one cycle ---- */

static const char *method_word(const struct setup *setup)
{
	return setup->way ? logoff_way_words[setup->way] : logoff_method_words[setup->logoff];
}

/* With the way that was tried last. */
static bool play_logon(struct run *run, struct setup *setup, struct preflight *preflight)
{
	struct setup own = *setup;

	const bool chooses = run->scenario->logoff.method == LOGOFF_AUTO;

	own.rescues = true;
	if (chooses)
		own.logoff = LOGOFF_AUTO;
	run->crew = crew_create(1, &own, runfile_lock(run->runfile), &run->error);
	run->logoff_by = LOGOFF_WAY_NONE;
	const bool played = run->crew && run_play_one(run);
	crew_destroy(run->crew, run->interrupts >= 2 ? 0 : 10 * SECOND);
	run->crew = NULL;
	explicit_bzero(&own, sizeof(own));
	if (!played)
		return false;
	if (chooses && run->logoff_by != LOGOFF_WAY_NONE)
		setup_take_way(setup, run->logoff_by);
	snprintf(preflight->method, sizeof(preflight->method), "%s", method_word(setup));
	return true;
}

static void note_cycle(const struct run *run, const struct setup *setup,
    struct preflight *preflight, const struct cycle *cycle)
{
	const struct preflight_logon logon = {.cycle = cycle,
	    .method = preflight->method,
	    .rescue =
	        run->scenario->logoff.method == LOGOFF_AUTO ? LOGOFF_WAY_NONE : run->logoff_by,
	    .cause = cause_of(cycle, run->scenario)};

	snprintf(preflight->account, sizeof(preflight->account), "%s%s%s",
	    cycle->domain ? cycle->domain : "", cycle->domain && *cycle->domain ? "\\" : "",
	    cycle->user);
	preflight_cycle(preflight, setup, &logon);
	if (cycle->result != CYCLE_LOGGED_OFF && cycle->result != CYCLE_DISCONNECTED)
		preflight->method[0] = '\0';
}

/* ---- what the observers saw ---- */

struct printed {
	const char *name;
	struct snapshot *snapshot;
};

static void read_printed(void *data, const char *bytes, size_t length)
{
	struct printed *printed = data;
	struct error unread;

	printed->snapshot = evidence_read(bytes, length, printed->name, NULL, &unread);
}

/* The capture of the observer at that moment; NULL: there is none. */
static const struct capture *find_capture(
    const struct captures *captures, const char *name, enum mark mark, int64_t round)
{
	for (size_t i = 0; i < captures->count; i++)
		if (captures->items[i].mark == mark && captures->items[i].round == round &&
		    strcmp(captures->items[i].observer, name) == 0)
			return &captures->items[i];
	return NULL;
}

static struct snapshot *read_capture(struct run *run, const struct capture *capture)
{
	struct printed printed = {capture ? capture->observer : NULL, NULL};
	struct error lost;

	if (capture && !capture->problem)
		runfile_output(run->runfile, capture->id, read_printed, &printed, &lost);
	return printed.snapshot;
}

static void note_observer(struct run *run, struct preflight *preflight, const struct cycle *cycle,
    const struct captures *captures, const struct observer *observer, int64_t after)
{
	/* Where nobody could log on there is only the first sample. */
	const struct capture *first = find_capture(captures, observer->name, MARK_BEFORE, 1);
	const struct capture *during = find_capture(captures, observer->name, MARK_DURING, 1);
	const struct capture *shown = during ? during : first;
	struct snapshot *snapshots[] = {read_capture(run, first), read_capture(run, shown),
	    read_capture(run, find_capture(captures, observer->name, MARK_AFTER, after))};
	const struct view view = {
	    .name = observer->name,
	    .host = observer->host,
	    .stays = observer->session != NULL,
	    .before = snapshots[0],
	    .during = snapshots[1],
	    .after = snapshots[2],
	    .problem = shown && shown->problem   ? shown->problem
	               : first && first->problem ? first->problem
	                                         : NULL,
	    .time = shown ? shown->ended - shown->started : NUMBER_UNKNOWN,
	    .seen = shown ? (shown->started + shown->ended) / 2 : TIMESTAMP_UNKNOWN,
	    .until = during ? during->ended : INT64_MAX,
	};

	preflight_observer(preflight, cycle, &view);
	for (size_t i = 0; i < sizeof(snapshots) / sizeof(snapshots[0]); i++)
		snapshot_destroy(snapshots[i]);
}

/* Whether a sample after the logoff shows the account's session still. */
static bool is_there(struct run *run, const struct cycle *cycle, int64_t round)
{
	struct error none;
	struct snapshot *now = runfile_snapshot(run->runfile, MARK_AFTER, round, false, &none);
	bool there = false;

	for (size_t i = 0; now && i < now->session_count; i++)
		there |=
		    now->sessions[i].user && strcasecmp(now->sessions[i].user, cycle->user) == 0;
	snapshot_destroy(now);
	return there;
}

static bool sample_after(struct run *run, const struct cycle *cycle, int64_t *round)
{
	do {
		if (*round > 0)
			usleep((useconds_t)LATER);
		if (!run_observe(run, MARK_AFTER, ++*round, 1))
			return false;
	} while (*round < SAMPLES_AFTER && run->interrupts == 0 && is_there(run, cycle, *round));
	return true;
}

/* ---- the run file's size ---- */

static int64_t samples_of(const struct scenario *scenario)
{
	const uint64_t every = scenario->observe_every;
	const int64_t settling = scenario->settle.poll.least > 0
	                             ? scenario->settle.timeout.least / scenario->settle.poll.least
	                             : 0;

	return scenario->observers_count == 0
	           ? 0
	           : 3 + settling + (every ? (int64_t)(scenario->load.cycles / every) : 0);
}

/* By what the samples of the preflight took in its own run file. */
static void note_disk(struct run *run, struct preflight *preflight, const char *path,
    const char *outputs, int64_t samples)
{
	struct stat file;
	struct statvfs disk;
	const int64_t each = samples > 0 && stat(path, &file) == 0 ? file.st_size / samples : 0;
	const int64_t needed =
	    each * samples_of(run->scenario) + (int64_t)run->scenario->load.cycles * BYTES_A_CYCLE;

	preflight_disk(preflight, outputs, needed,
	    statvfs(outputs, &disk) == 0 ? (int64_t)(disk.f_bavail * disk.f_frsize) : -1);
}

/* ---- all of it ---- */

static bool is_loaded(struct run *run, struct cycles *cycles)
{
	if (!runfile_cycles(run->runfile, cycles, &run->error))
		return false;
	if (cycles->count > 0)
		return true;
	cycles_deinit(cycles);
	return error_set(&run->error, EXIT_TARGET, "the preflight's cycle was not played");
}

/* What is seen after an interruption is neither the host's doing nor all of it. */
static bool is_whole(struct run *run, const struct cycle *cycle)
{
	if (run->interrupts == 0)
		return true;
	if (cycle->logged_on == TIMESTAMP_UNKNOWN || cycle->result == CYCLE_LOGGED_OFF)
		return error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted");
	return error_set(&run->error, EXIT_INCONCLUSIVE,
	    "interrupted; the session of %s may be on the host still", cycle->user);
}

static bool note_what_was_seen(struct run *run, struct setup *setup, struct preflight *preflight,
    const struct cycle *cycle, struct runfile *own)
{
	struct captures captures;
	int64_t after = 0;

	if (!is_whole(run, cycle))
		return false;
	note_cycle(run, setup, preflight, cycle);
	if (own && !runfile_put_cycle(own, cycle, &run->error))
		return false;
	if (run->scenario->observers_count == 0)
		return true;
	if (cycle->logged_on != TIMESTAMP_UNKNOWN &&
	    !(sample_after(run, cycle, &after) && is_whole(run, cycle)))
		return false;
	if (!runfile_captures(run->runfile, &captures, &run->error))
		return false;
	for (unsigned i = 0; i < run->scenario->observers_count; i++)
		note_observer(
		    run, preflight, cycle, &captures, &run->scenario->observers[i], after);
	captures_deinit(&captures);
	return true;
}

/* Into the run file of its own. */
static bool play_into(struct run *run, struct setup *setup, struct preflight *preflight,
    const char *path, const char *outputs, struct runfile *own)
{
	struct handshake handshake;
	struct error why = {0};
	struct cycles cycles;

	const struct patience patience = {run_is_interrupted, run};
	const bool met = handshake_make(setup, STEP_TIMEOUT, &patience, &handshake, &why);
	if (run_is_interrupted(run))
		return error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted");
	preflight_handshake(preflight, setup, &handshake, &why);
	preflight_accounts(preflight, accounts_usable(run->accounts), accounts_count(run->accounts),
	    run->scenario->load.slots);
	if (!met)
		return true;
	if (run->scenario->observers_count > 0 && !run_observe(run, MARK_BEFORE, 1, 1))
		return false;
	if (run->interrupts > 0)
		return error_set(&run->error, EXIT_INCONCLUSIVE, "interrupted");
	if (!play_logon(run, setup, preflight) || !is_loaded(run, &cycles))
		return false;
	const bool noted = note_what_was_seen(run, setup, preflight, &cycles.items[0], own);
	cycles_deinit(&cycles);
	runfile_fold(run->runfile);
	note_disk(run, preflight, path, outputs, run->scenario->observers_count > 0 ? 3 : 0);
	return noted;
}

/* What an earlier one found; true: it is used. */
static bool recall(struct run *run, struct setup *setup, const char *path, const char *description)
{
	char method[32], text[200], age_text[DURATION_TEXT];
	int64_t age;
	char *json;

	if (run->scenario->preflight == PREFLIGHT_ALWAYS ||
	    !preflight_recall(path, description, timestamp_now(), method, &json, &age))
		return false;
	if (run->scenario->logoff.method == LOGOFF_AUTO)
		setup_take_way_named(setup, method);
	snprintf(text, sizeof(text),
	    "the preflight of %s ago is taken, logging off by %s; --preflight always has another one",
	    duration_format(age / SECOND * SECOND, age_text), method);
	run_event(run, "preflight", text, true);
	runfile_set(run->runfile, "preflight", json, &run->error);
	free(json);
	return true;
}

/* People see what is wrong; a preflight that failed ends the run. */
static bool tell(struct run *run, const struct preflight *preflight)
{
	const enum exit_code code = preflight_exit_code(preflight);
	char text[256];

	for (size_t i = 0; i < preflight->count; i++)
		if (preflight->steps[i].status == STEP_FAILED ||
		    preflight->steps[i].status == STEP_WARNING)
			preflight_print_step(&preflight->steps[i], stderr);
	if (code != EXIT_CLEAN)
		return error_set(&run->error, code,
		    "the preflight failed: nothing is played. See above what to do; leaklab check --connect repeats it, --preflight never plays "
		    "without it");
	snprintf(text, sizeof(text), "preflight: %zu steps, %zu warnings; logging off by %s",
	    preflight->count, preflight_count(preflight, STEP_WARNING), preflight->method);
	run_event(run, "preflight", text, true);
	return true;
}

/* The file that the preflight plays into takes the place of an older one when it is over. */
static bool play_and_keep(struct run *run, struct setup *setup, struct preflight *preflight,
    const char *path, const char *description, const char *outputs)
{
	struct runfile *own = run->runfile;
	const struct so_far so_far = run->so_far;
	char *fresh;

	const int lock = preflight_lock(path, &run->error);

	if (lock < 0)
		return false;
	if (asprintf(&fresh, "%s.new", path) < 0) {
		close(lock);
		return error_memory(&run->error);
	}
	unlink(fresh);
	run->runfile = runfile_create(fresh, &run->error);
	bool played = run->runfile != NULL;
	if (played) {
		run->so_far = (struct so_far){.highest = -1};
		run->monitor->tally.doing = DOING_PREFLIGHT;
		played = play_into(run, setup, preflight, fresh, outputs, own);
		preflight_end(preflight);
		played = played &&
		         preflight_keep(preflight, description, run->runfile, &run->error) &&
		         runfile_finish(run->runfile, &run->error);
		runfile_close(run->runfile);
		played = played && (rename(fresh, path) == 0 || error_set(&run->error, EXIT_TARGET,
		                                                    "%s cannot be written", path));
		unlink(fresh);
	}
	free(fresh);
	close(lock);
	run->runfile = own;
	run->so_far = so_far;
	return played;
}

static bool put_steps(struct run *run, const struct preflight *preflight)
{
	char *json = run->runfile ? preflight_to_json(preflight) : NULL;
	const bool put =
	    !run->runfile || (json && runfile_set(run->runfile, "preflight", json, &run->error));

	free(json);
	return put || error_memory(&run->error);
}

bool preflight_play(struct run *run, struct setup *setup, const char *outputs, FILE *live,
    struct preflight *preflight)
{
	char *description = describe(run->scenario, setup);
	char *path = description ? preflight_path(description, &run->error) : NULL;
	bool good = path != NULL;

	if (!description)
		error_memory(&run->error);
	preflight_begin(preflight, live);
	snprintf(preflight->host, sizeof(preflight->host), "%s:%u", setup->host, setup->port);
	if (good && (live || !recall(run, setup, path, description)))
		good = play_and_keep(run, setup, preflight, path, description, outputs) &&
		       put_steps(run, preflight) && (live || tell(run, preflight));
	free(path);
	free(description);
	return good && !run->error.text[0];
}
