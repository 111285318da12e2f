/* Knows when a host has settled: nothing of the run's sessions is left, or what is left no longer changes and has had the time that
 * holders take to release. What is left, the leak rule says. */
#include "driver/run.h"

#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "judge/clock.h"
#include "judge/cycle_index.h"
#include "judge/elsewhere.h"
#include "leak/leak.h"

struct settling {
	struct run *run;
	struct cycles cycles;
	struct watched watched; /* accounts of a run of commands */
	struct cycle_index index;
	struct given_id *given; /* session IDs, by its cycles */
	size_t given_count;
	struct snapshot *before; /* NULL: there is none */
	struct leak *leak;
	int64_t start;   /* when the load was over; driver's clock */
	int64_t changed; /* when something had changed last */
	uint64_t mix;    /* of what is left; changes when one goes and another comes */
	bool left;       /* something is, or may be */
};

/* What the observers could see at all must be seen whole: what is not listed in a list that is cut is not gone. */
static bool sees_as_before(const struct snapshot *before, const struct snapshot *now)
{
	static const char *const sections[] = {SECTION_SESSIONS, SECTION_LOGON_SESSIONS};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (before && snapshot_has(before, sections[i]) &&
		    snapshot_extent(now, sections[i]) != EXTENT_WHOLE &&
		    snapshot_extent(now, sections[i]) != snapshot_extent(before, sections[i]))
			return false;
	return !before || snapshot_extent(now, SECTION_LOGON_SESSIONS) != EXTENT_CUT_OFF;
}

static uint64_t mixed(uint64_t mix, uint64_t value)
{
	return mix + (value + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool has_session_of_ours(const struct settling *settling, const struct snapshot *now)
{
	for (size_t i = 0; i < now->session_count; i++)
		if (cycle_index_has(
		        &settling->index, now->sessions[i].user, now->sessions[i].domain))
			return true;
	return false;
}

/* Notes what is left of the run's sessions at this sample. */
static void note_left(struct settling *settling, const struct snapshot *now, int64_t time)
{
	uint64_t mix = 0;
	size_t count;
	bool left = !sees_as_before(settling->before, now) || has_session_of_ours(settling, now);
	struct tally *const tally = &settling->run->monitor->tally;
	const struct left_logon *logons = leak_logons(settling->leak, &count);

	tally->left_logons = tally->left_ids = 0;
	for (size_t i = 0; i < count; i++)
		if (!logons[i].gone && logons[i].watched && !logons[i].older &&
		    (logons[i].fate != FATE_ALIVE || logons[i].session_id > 0)) {
			left = true;
			tally->left_logons++;
			mix = mixed(mix, logons[i].luid);
		}
	for (size_t i = 0; left && i < now->handle_count; i++)
		mix = mixed(mix, now->handles[i].luid * 31 + (uint64_t)now->handles[i].pid);
	const struct left_id *ids = leak_ids(settling->leak, &count);
	for (size_t i = 0; i < count; i++)
		if (!ids[i].gone && ids[i].watched && !ids[i].older) {
			left = true;
			tally->left_ids++;
			mix = mixed(mix, (uint64_t)ids[i].id << 32 | ids[i].tokens);
		}
	if (mix != settling->mix || left != settling->left)
		settling->changed = time;
	settling->mix = mix;
	settling->left = left;
}

/* With the times of the sample that the judge will take, else it would find what is left not old enough. from: the file that has it. */
static bool take(struct settling *settling, struct runfile *from, const struct snapshot *before,
    struct snapshot *now, enum mark mark, int64_t round)
{
	struct captures captures;
	struct clocks clocks;
	int64_t started = TIMESTAMP_UNKNOWN;

	if (!runfile_captures(from, &captures, &settling->run->error))
		return false;
	for (size_t i = 0; i < captures.count && started == TIMESTAMP_UNKNOWN; i++)
		if (captures.items[i].mark == mark && captures.items[i].round == round)
			started = captures.items[i].started;
	const bool taken =
	    clocks_init(&clocks, &captures, &settling->cycles) &&
	    leak_take(settling->leak, before, now, started,
	        clock_complete_at(&captures, mark, round), clock_at(&clocks, mark, round).offset);
	clocks_deinit(&clocks);
	captures_deinit(&captures);
	return taken || error_memory(&settling->run->error);
}

/* One more sample; false if the round gave none. */
static bool take_sample(struct settling *settling, int64_t round)
{
	struct run *run = settling->run;
	const int64_t time = timestamp_now();
	struct error error;

	if (!run_observe(run, MARK_SETTLING, round, 2) || run->problem[0])
		return false;
	struct snapshot *now = runfile_snapshot(run->runfile, MARK_SETTLING, round, true, &error);
	if (!now)
		return false;
	const bool added =
	    take(settling, run->runfile, settling->before, now, MARK_SETTLING, round) &&
	    leak_prove_id_ends(settling->leak, settling->given, settling->given_count);
	if (added)
		note_left(settling, now, time);
	snapshot_destroy(now);
	return added;
}

/* All that is left had the time that holders take, and T beyond it without anything that went; and each orphan is proven to have had
 * it, for which one sample more may be needed. */
static bool has_waited(const struct settling *settling, int64_t now)
{
	const int64_t quiet = leak_quiet_time(settling->leak);
	const int64_t gone = leak_last_gone(settling->leak);
	int64_t from = settling->start + leak_release_time(settling->leak);
	size_t count;
	const struct left_logon *logons = leak_logons(settling->leak, &count);

	if (gone != TIMESTAMP_UNKNOWN && gone > from)
		from = gone;
	for (size_t i = 0; i < count; i++)
		if (left_is_orphan(&logons[i]) && logons[i].watched && !logons[i].older &&
		    !leak_is_old(settling->leak, logons[i].ended, logons[i].shown, quiet))
			return false;
	return now >= from + quiet;
}

static bool is_settled(const struct settling *settling, int64_t now)
{
	const struct scenario_settle *settle = &settling->run->scenario->settle;

	if (now - settling->start < settle->at_least.least)
		return false;
	return !settling->left ||
	       (now - settling->changed >= settle->quiet.least && has_waited(settling, now));
}

/* Returns how the settling ended. */
static const char *wait_until_settled(struct settling *settling, int64_t *round)
{
	struct run *run = settling->run;
	const struct scenario_settle *settle = &run->scenario->settle;
	const int interrupts = run->interrupts;

	for (*round = run->so_far.settling + 1;; (*round)++) {
		if (run->fallen.text[0] || run->interrupts >= 2)
			return "interrupted";
		const bool sampled = take_sample(settling, *round);

		if (run->error.text[0])
			return "failed";
		if (sampled && is_settled(settling, timestamp_now()))
			return "quiet";
		if (timestamp_now() - settling->start >= settle->timeout.least)
			return "timeout";
		const int64_t next = timestamp_monotonic() + settle->poll.least;
		while (timestamp_monotonic() < next)
			if (!run_turn(run, next))
				return "failed";
			else if (run->interrupts > interrupts)
				return "interrupted";
	}
}

/* Where other injectors have played the cycles, each account stands for its own, whose end is not known. */
static bool stand_in(struct settling *settling)
{
	const struct run *run = settling->run;
	const size_t count =
	    scenario_runs_commands(run->scenario) ? 0 : accounts_count(run->accounts);
	struct cycles *cycles = &settling->cycles;

	cycles->items = calloc(count + 1, sizeof(*cycles->items));
	for (size_t i = 0; cycles->items && i < count; i++) {
		const struct account *account = accounts_at(run->accounts, i);
		cycles->items[cycles->count++] = (struct cycle){.number = (int64_t)i + 1,
		    .user = account->user,
		    .domain = account->domain,
		    .started = run->part->is.start,
		    .logged_on = TIMESTAMP_UNKNOWN,
		    .ended = TIMESTAMP_UNKNOWN,
		    .session_id = NUMBER_UNKNOWN,
		    .reconnect = YES_NO_UNKNOWN,
		    .host_clock_offset = NUMBER_UNKNOWN};
	}
	return cycles->items != NULL;
}

static bool find_cycles(struct settling *settling)
{
	struct run *run = settling->run;
	struct elsewhere elsewhere;

	if (run_part(run) == PART_SETTLED)
		return stand_in(settling);
	if (!runfile_cycles(run->runfile, &settling->cycles, &run->error) ||
	    !elsewhere_split(&elsewhere, &settling->cycles, run->runfile, &run->error))
		return false;
	elsewhere_deinit(&elsewhere);
	return true;
}

static bool find_before(struct settling *settling)
{
	struct run *run = settling->run;
	struct runfile *plan = NULL;
	struct error none;

	if (run_part(run) != PART_SETTLED)
		settling->before = runfile_snapshot(run->runfile, MARK_BEFORE, 1, true, &none);
	else if (!part_before(run->part, &plan, &settling->before, &run->error))
		return false;
	const bool taken = !settling->before || take(settling, plan ? plan : run->runfile, NULL,
	                                            settling->before, MARK_BEFORE, 1);
	runfile_close(plan);
	return taken;
}

static bool settling_init(struct settling *settling, struct run *run)
{
	struct leak_terms terms = {
	    .release_time = run->scenario->settle.release.least > 0
	                        ? run->scenario->settle.release.least
	                        : NUMBER_UNKNOWN,
	    .after_logoff = NUMBER_UNKNOWN,
	};

	*settling = (struct settling){
	    .run = run, .start = timestamp_now(), .changed = timestamp_now(), .left = true};
	if (!runfile_watched(run->runfile, &settling->watched, &run->error))
		return false;
	cycle_index_answers(&settling->index, &settling->watched, &terms);
	settling->leak = leak_create(&terms);
	if (!settling->leak || !find_cycles(settling) ||
	    !cycle_index_init(&settling->index, &settling->cycles, &settling->watched, INT64_MAX) ||
	    !(settling->given = cycles_given(&settling->cycles, &settling->given_count)))
		return false;
	return find_before(settling);
}

static void settling_deinit(struct settling *settling)
{
	snapshot_destroy(settling->before);
	leak_destroy(settling->leak);
	cycle_index_deinit(&settling->index);
	free(settling->given);
	cycles_deinit(&settling->cycles);
	watched_deinit(&settling->watched);
}

bool run_settle(struct run *run)
{
	struct settling settling;
	const char *how = "failed";
	int64_t round = 0;

	run->monitor->tally.doing = DOING_SETTLING;
	if (!settling_init(&settling, run) && !run->error.text[0])
		error_memory(&run->error);
	if (!run->error.text[0])
		how = wait_until_settled(&settling, &round);
	settling_deinit(&settling);
	if (run->error.text[0])
		return false;
	if (strcmp(how, "timeout") == 0)
		run_event(run, "not-settled",
		    "the host had not settled when the time allowed for it was over", true);
	return runfile_mark_settled(run->runfile, round, &run->error) &&
	       runfile_set(run->runfile, "settled", how, &run->error);
}

bool run_settle_unseen(struct run *run)
{
	const struct scenario_settle *settle = &run->scenario->settle;
	const int64_t release = settle->release.least > 0 ? settle->release.least : RELEASE_TIME;
	const int64_t healthy = release + release / 4;
	const int64_t over = timestamp_monotonic() +
	                     (settle->at_least.least > healthy ? settle->at_least.least : healthy);
	const int interrupts = run->interrupts;

	run->monitor->tally.doing = DOING_SETTLING;
	while (
	    timestamp_monotonic() < over && run->interrupts == interrupts && !run->fallen.text[0])
		if (!run_turn(run, over))
			return false;
	return true;
}
