/* Knows how a load is played: which slot starts a cycle when, and when to stop. */
#include "driver/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "judge/judge.h"
#include "statistics/interval.h"

/* At least so many logons, that spent so much of their time waiting for a processor of this machine. */
#define BOTTLENECK_CYCLES 20
#define BOTTLENECK_SHARE 0.4

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Closed load: every slot that is free and rested goes on. *next gets the time when the next one will be. */
static bool dispatch_closed(struct play *play, int64_t now, int64_t *next)
{
	for (size_t i = 0; i < play->allowed && play->started < play->until; i++) {
		struct slot *slot = &play->slots[i];
		struct account *account;

		if (slot->account)
			continue;
		if (slot->next > now) {
			*next = earlier(*next, slot->next);
			continue;
		}
		account = accounts_take(play->run->accounts);
		if (!account)
			return true; /* until one comes back */
		if (!play_start_cycle(play, i, account, slot->next))
			return false;
	}
	if (play->started == play->until && play->started < play->wanted)
		*next = now; /* a new step */
	return true;
}

static size_t find_idle(const struct play *play)
{
	size_t i = 0;

	while (i < play->slot_count && play->slots[i].account)
		i++;
	return i;
}

/* When the cycle is due, counted as started ones are. */
static int64_t arrival(const struct play *play, uint64_t index)
{
	return play->start + play->due[index - play->run->so_far.cycles];
}

/* Open load: arrivals keep their time; one that finds nothing free waits, and is counted. */
static bool dispatch_open(struct play *play, int64_t now, int64_t *next)
{
	while (play->started < play->until) {
		const int64_t due = arrival(play, play->started);
		const size_t idle = find_idle(play);
		struct account *account;

		if (due > now) {
			*next = earlier(*next, due);
			return true;
		}
		account = idle < play->slot_count ? accounts_take(play->run->accounts) : NULL;
		if (!account) {
			/* Arrivals behind this one that are due by now are missed as well. */
			for (uint64_t i = play->started > play->counted_as_missed
			                      ? play->started
			                      : play->counted_as_missed;
			     i < play->wanted && arrival(play, i) <= now; i++) {
				play->missed++;
				play->counted_as_missed = i + 1;
			}
			return true;
		}
		if (!play_start_cycle(play, idle, account, due))
			return false;
	}
	if (play->started < play->wanted)
		*next = earlier(*next, arrival(play, play->started)); /* of a new step */
	return true;
}

static void log_off_all(struct play *play)
{
	if (play->told_to_log_off)
		return;
	play->told_to_log_off = true;
	crew_log_off_all(play->run->crew);
}

static void check_interrupts(struct play *play)
{
	if (play->run->interrupts >= 1)
		play_end_early(play, EXIT_INCONCLUSIVE, "stopped by hand");
	if (play_is_stopping(play))
		log_off_all(play);
	if (play->run->interrupts >= 2)
		for (size_t i = 0; i < crew_size(play->run->crew); i++)
			crew_kill(play->run->crew, i);
}

/* When the command that began last is half over, reckoned by the one before. INT64_MAX: none runs. */
static int64_t amid_command(const struct play *play)
{
	int64_t began = INT64_MIN;

	for (size_t i = 0; i < play->slot_count; i++)
		if (play->slots[i].account && play->slots[i].began > began)
			began = play->slots[i].began;
	return began == INT64_MIN ? INT64_MAX : began + play->command_time / 2;
}

/* What a command logs on lives as long as it: samples in step with the ends of commands would see nobody. */
static bool observe_during(struct play *play, int64_t now, int64_t *next)
{
	const uint64_t every = play->scenario->observe_every;

	if (every == 0 || play->scenario->observers_count == 0 || play->run->observation ||
	    play->finished < every * (uint64_t)(play->rounds + 1) || play->finished >= play->wanted)
		return true;
	if (scenario_runs_commands(play->scenario) && amid_command(play) > now) {
		*next = earlier(*next, amid_command(play));
		return true;
	}
	play->rounds = (int64_t)(play->finished / every);
	return run_start_observation(play->run, MARK_DURING, play->rounds);
}

/* No more cycles are begun; those under way are played to their end. */
static bool stop_decided(struct play *play, const char *how, const char *text)
{
	play->wanted = play->started;
	run_event(play->run, "decided", text, true);
	return runfile_set(play->run->runfile, "load.decided", how, &play->run->error);
}

/* load.until: decided. False: run->error. */
static bool stop_once_decided(struct play *play)
{
	char text[160];
	bool leaks;

	if (play->enough == 0 || play->started >= play->wanted)
		return true;
	if (play->counted >= play->enough) {
		snprintf(text, sizeof(text), "%llu cycles count, which is enough for CLEAN",
		    (unsigned long long)play->counted);
		return stop_decided(play, "cycles", text);
	}
	if (play->run->observation || play->judged == play->rounds)
		return true;
	play->judged = play->rounds;
	if (!judge_decided(play->run->runfile, &leaks, &play->run->error))
		return false;
	return !leaks || stop_decided(play, "leak", "a sample shows a leak for sure");
}

/* Begins the cycles that are due. */
static bool dispatch(struct play *play, int64_t now, int64_t *next)
{
	if (play_is_stopping(play) || play->started >= play->wanted)
		return true;
	if (logoffs_are_doubtful(&play->logoffs) && play->busy > 0)
		return true;
	if (!pace_keep(play, now, next))
		return false;
	return play->scenario->load.rate > 0 && !play->trying ? dispatch_open(play, now, next)
	                                                      : dispatch_closed(play, now, next);
}

static void check_distress(struct play *play)
{
	char text[1024];

	if (!play_is_stopping(play) &&
	    (distress_shows(&play->distress, &play->scenario->limits, text, sizeof(text)) ||
	        logoffs_fail(&play->logoffs, play->scenario, text, sizeof(text))))
		play_end_early(play, EXIT_TARGET, text);
}

/* It is one of the caps of a load that ends when it is decided, else it cuts the run short. */
static bool end_duration(struct play *play)
{
	if (play->enough == 0) {
		play_end_early(play, EXIT_INCONCLUSIVE, "ended by limits.duration");
		return true;
	}
	log_off_all(play);
	return play->started >= play->wanted ||
	       stop_decided(play, "duration", "limits.duration is over, and nothing is decided");
}

static bool play_on(struct play *play)
{
	const int64_t over = play->start + play->scenario->limits.duration.least;

	while (play->busy > 0 || (!play_is_stopping(play) && play->started < play->wanted)) {
		const int64_t now = timestamp_monotonic();
		int64_t next = earlier(now + 60 * SECOND, over > now ? over : INT64_MAX);

		if (now >= over && !end_duration(play))
			return false;
		if (play->run->fallen.text[0])
			play_end_early(play, EXIT_TARGET, play->run->fallen.text);
		check_distress(play);
		check_interrupts(play);
		if (!stop_once_decided(play) || !dispatch(play, now, &next))
			return false;
		play_check_hung(play, now, &next);
		if (play_is_stopping(play) && play->busy == 0)
			break;
		if (!observe_during(play, now, &next) || !run_turn(play->run, next))
			return false;
	}
	return true;
}

/* A load that its own machine cannot make tells little of the host. */
static void tell_bottleneck(const struct play *play)
{
	const double all = (double)(play->processor_wait + play->logon_time);
	char text[256];

	if (play->timed < BOTTLENECK_CYCLES ||
	    (double)play->processor_wait < BOTTLENECK_SHARE * all)
		return;
	snprintf(text, sizeof(text),
	    "this machine's processors are the bottleneck: the logons spent %.0f %% of their time waiting for one. Their latencies leave that out; "
	    "for more load use fewer slots, or a machine with more processors",
	    100 * (double)play->processor_wait / all);
	run_event(play->run, "driver-busy", text, true);
}

/* The scenario's seed, an earlier part's or a new one; the run file keeps it. */
static bool find_seed(struct play *play)
{
	struct runfile *runfile = play->run->runfile;
	char *before = runfile_get(runfile, "load.seed");
	char text[24];

	/* Short enough to be typed. */
	play->seed = play->scenario->load.seed ? play->scenario->load.seed
	             : before                  ? strtoull(before, NULL, 10)
	                                       : (uint64_t)timestamp_now() % 1000000007;
	free(before);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)play->seed);
	return runfile_set(runfile, "load.seed", text, &play->run->error);
}

/* The arrivals of this part: without steps it has a ramp of its own, with them it goes on in its step. */
static bool find_arrivals(struct play *play, int64_t **due)
{
	struct scenario_load load = play->scenario->load;
	const struct so_far *so_far = &play->run->so_far;
	const uint64_t count = play->wanted > play->started ? play->wanted - play->started : 0;

	*due = calloc(count + 1, sizeof(**due));
	if (!*due)
		return error_memory(&play->run->error);
	play->due = *due;
	if (load.rate == 0 || count == 0)
		return true;
	if (load.steps_count == 0)
		load.cycles = count;
	load_arrivals(&load, load.cycles - count, count,
	    draw_state(play->seed, share_number(&load.share, so_far->cycles), DRAW_ARRIVALS), *due);
	return true;
}

int64_t cycles_for_clean(const struct scenario *scenario)
{
	return interval_tries_for(
	    judging_limit("judge.smallest_rate", scenario->judge.smallest_rate));
}

bool run_play(struct run *run, struct error *ended)
{
	const struct so_far *so_far = &run->so_far;
	struct play play = {
	    .run = run,
	    .scenario = run->scenario,
	    .slot_count = run->scenario->load.slots,
	    .kind = CYCLE_LOAD,
	    .wanted = run->scenario->load.cycles + so_far->again,
	    .started = so_far->cycles,
	    .finished = so_far->cycles,
	    .missed = so_far->missed,
	    .rounds = so_far->during,
	    .judged = run->resuming ? -1 : so_far->during,
	    .slots = calloc(run->scenario->load.slots, sizeof(struct slot)),
	    .start = timestamp_monotonic(),
	    .ended = ended,
	    .host_clock_offset = NUMBER_UNKNOWN,
	};
	const uint64_t every = run->scenario->observe_every;
	int64_t *due = NULL;
	char missed[24];
	bool played;

	if (run->scenario->load.until == UNTIL_DECIDED)
		play.enough = (uint64_t)cycles_for_clean(run->scenario);
	play.counted = so_far->cycles - so_far->failed;
	/* The one that was under way when an earlier part of the run ended is not made up for. */
	if (every > 0 && so_far->cycles / every > (uint64_t)play.rounds)
		play.rounds = (int64_t)(so_far->cycles / every);
	if (!play.slots)
		return error_memory(&run->error);
	run->monitor->tally.doing = DOING_LOAD;
	run->watch = play_watch(&play);
	played = find_seed(&play) && find_arrivals(&play, &due) && pace_begin(&play) &&
	         play_on(&play) && !run->error.text[0];
	/* From here on the workers are idle; nothing of theirs concerns a slot any more. */
	run->watch = (struct crew_watch){0};
	tell_bottleneck(&play);
	snprintf(missed, sizeof(missed), "%llu", (unsigned long long)play.missed);
	run->monitor->tally.missed = play.missed;
	if (played && run->scenario->load.rate > 0)
		played = runfile_set(run->runfile, "load.missed", missed, &run->error);
	free(due);
	free(play.slots);
	return played;
}

/* All that can be there at once are: they have seen enough. */
static void log_off_once_all_are_there(struct play *play)
{
	if (play->started >= play->wanted && play->held >= play->busy)
		log_off_all(play);
}

static bool verify_on(struct play *play)
{
	const int64_t over = play->start + play->scenario->connect.timeout.least +
	                     play->scenario->logon.timeout.least + VERIFICATION_MOST +
	                     play->scenario->logoff.timeout.least;

	while (play->busy > 0 || (!play_is_stopping(play) && play->started < play->wanted)) {
		const int64_t now = timestamp_monotonic();
		int64_t next = earlier(now + SECOND, over);

		if (now >= over)
			play_end_early(play, EXIT_CLEAN, "the simultaneous logons took too long");
		check_interrupts(play);
		if (!play_is_stopping(play) && !dispatch_closed(play, now, &next))
			return false;
		if (play->busy == 0)
			break; /* no account is left */
		log_off_once_all_are_there(play);
		play_check_hung(play, now, &next);
		if (!run_turn(play->run, next))
			return false;
	}
	return true;
}

bool run_verify_ids(struct run *run, size_t logons)
{
	struct error ignored = {0};
	struct play play = {
	    .run = run,
	    .scenario = run->scenario,
	    .slot_count = logons,
	    .kind = CYCLE_VERIFICATION,
	    .wanted = logons,
	    .until = logons,
	    .allowed = logons,
	    .slots = calloc(logons, sizeof(struct slot)),
	    .start = timestamp_monotonic(),
	    .ended = &ignored,
	    .host_clock_offset = NUMBER_UNKNOWN,
	};

	if (!play.slots)
		return error_memory(&run->error);
	run->monitor->tally.doing = DOING_VERIFYING;
	run->watch = play_watch(&play);
	const bool played = verify_on(&play) && !run->error.text[0];
	run->watch = (struct crew_watch){0};
	free(play.slots);
	return played;
}

/* Sampled once it is there, and then logged off. */
static bool hold_for_sample(struct play *play, bool *sampled)
{
	if (play->held == 0)
		return true;
	if (!*sampled && play->scenario->observers_count > 0) {
		*sampled = true;
		return run_start_observation(play->run, MARK_DURING, 1);
	}
	if (!play->run->observation)
		log_off_all(play);
	return true;
}

bool run_play_one(struct run *run)
{
	struct slot slot = {0};
	struct error ended = {0};
	struct play play = {
	    .run = run,
	    .scenario = run->scenario,
	    .slot_count = 1,
	    .kind = CYCLE_PREFLIGHT,
	    .wanted = 1,
	    .until = 1,
	    .allowed = 1,
	    .slots = &slot,
	    .start = timestamp_monotonic(),
	    .ended = &ended,
	    .host_clock_offset = NUMBER_UNKNOWN,
	};
	bool sampled = false, played = true;

	run->watch = play_watch(&play);
	while (played && (play.busy > 0 || (!play_is_stopping(&play) && play.started == 0))) {
		int64_t next = timestamp_monotonic() + SECOND;

		check_interrupts(&play);
		played =
		    play_is_stopping(&play) || dispatch_closed(&play, timestamp_monotonic(), &next);
		if (play.busy == 0)
			break;
		play_check_hung(&play, timestamp_monotonic(), &next);
		played = played && hold_for_sample(&play, &sampled) && run_turn(run, next);
	}
	/* A sample that was begun is stored, whatever became of the session; nobody waits for it who wants to leave. */
	while (played && run->observation && run->interrupts == 0)
		played = run_turn(run, timestamp_monotonic() + SECOND);
	run->watch = (struct crew_watch){0};
	return played && !run->error.text[0];
}
