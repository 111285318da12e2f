/* Knows how a load is played: which slot starts a cycle when, and when to stop. */
#include "driver/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "driver/rdp/worker.h"
#include "judge/judge.h"
#include "statistics/interval.h"

/* If nothing ever got through the connection, so many failures are enough to know. */
#define HOPELESS 3
/* What a worker may take beyond all time-outs of a cycle before it counts as hung. */
#define WORKER_GRACE (30 * SECOND)
/* Logons at once wait for each other as long as this. */
#define VERIFICATION_MOST (30 * SECOND)

struct slot {
	struct account *account; /* NULL: idle */
	struct cycle cycle;      /* under way */
	int64_t next;            /* monotonic: when an idle slot may start again */
	int64_t overdue;         /* monotonic: when a busy slot counts as hung */
	bool held;               /* logged on */
};

struct play {
	struct run *run;
	const struct scenario *scenario;
	struct slot *slots;
	size_t slot_count;
	enum cycle_kind kind; /* of the cycles */
	uint64_t wanted; /* cycles, those of earlier parts of the run too, as in the next two */
	uint64_t started;
	uint64_t finished;
	uint64_t busy, held; /* slots; of these, those logged on */
	uint64_t missed; /* open load: arrivals that found no free slot or account at their time */
	uint64_t counted_as_missed;
	uint64_t counted;    /* cycles that a verdict counts */
	uint64_t enough;     /* of them, for CLEAN; 0: all cycles are played */
	int64_t judged;      /* rounds of samples in which a leak was looked for */
	uint64_t failures;   /* in a row */
	bool ever_connected; /* some cycle got at least to a refusal of its credentials */
	bool told_to_log_off;
	int64_t start;  /* monotonic */
	int64_t rounds; /* of snapshots during the load */
	uint64_t random;
	struct error *ended; /* the reason for an early end; text empty: none */
};

static void end_early(struct play *play, enum exit_code code, const char *text)
{
	if (play->ended->text[0])
		return;
	error_set(play->ended, code, "%s", text);
	run_event(play->run, "ended-early", text, true);
}

static bool stopping(const struct play *play)
{
	return play->ended->text[0] != '\0';
}

static bool put_cycle(struct play *play, const struct cycle *cycle)
{
	return runfile_put_cycle(play->run->runfile, cycle, &play->run->error);
}

static void stop_account(
    struct play *play, const struct account *account, const struct report *report)
{
	char text[512];
	const char *after = "two authentication failures in a row";

	if (report->account == ACCOUNT_BARRED)
		after = "a refusal";
	else if (strcmp(report->code, "TIMEOUT") == 0) /* without NLA, see cycle.c */
		after = "two sessions in a row that look like a refused password";
	snprintf(text, sizeof(text),
	    "account %.100s is stopped after %s (%.64s): no further logon is tried with it",
	    account->user, after, report->code);
	run_event(play->run, "account-stopped", text, true);
	if (accounts_usable(play->run->accounts) == 0)
		end_early(play, EXIT_TARGET,
		    "no account is left: all were refused; check user names, domain and password");
}

/* Notes the end of a slot's cycle, for whatever reason, and frees the slot. */
static void finish(struct play *play, struct slot *slot, const struct report *report)
{
	struct account *account = slot->account;

	put_cycle(play, &slot->cycle);
	if (play->kind == CYCLE_LOAD)
		progress_cycle(&play->run->progress, &slot->cycle);
	play->run->progress.held -= slot->held;
	play->held -= slot->held;
	slot->held = false;
	slot->account = NULL;
	slot->next = timestamp_monotonic() + span_draw(&play->scenario->load.think, &play->random);
	play->busy--;
	play->finished++;
	if (accounts_give_back(play->run->accounts, account, report->account))
		stop_account(play, account, report);
}

static void check_failures(struct play *play, const struct report *report)
{
	char text[1024];

	if (report->result != CYCLE_FAILED) {
		play->failures = 0;
		play->ever_connected = true;
		return;
	}
	play->failures++;
	/* Refused accounts are stopped one by one: the others may still go. */
	if (report->account != ACCOUNT_UNTRIED)
		play->ever_connected = true;
	if (play->failures >= play->scenario->limits.failures ||
	    (!play->ever_connected && play->failures >= HOPELESS)) {
		snprintf(text, sizeof(text),
		    "%llu cycles failed in a row, the last in phase %s: %s (%s)",
		    (unsigned long long)play->failures, phase_names[report->failed_phase],
		    report->message, report->code);
		end_early(play, EXIT_TARGET, text);
	}
}

static void reported(void *data, const struct report *report)
{
	struct play *play = data;
	struct slot *slot = &play->slots[report->slot];
	struct cycle *cycle = &slot->cycle;

	if (!slot->account || cycle->number != report->cycle)
		return; /* given up as lost before */
	cycle->started = report->started;
	cycle->logged_on = report->logged_on;
	memcpy(cycle->phase_us, report->phase_us, sizeof(cycle->phase_us));
	cycle->session_id = report->session_id;
	cycle->served_by = report->served_by[0] ? report->served_by : NULL;
	if (!report->done) {
		play->run->progress.held += !slot->held;
		play->held += !slot->held;
		slot->held = true;
		put_cycle(play, cycle);
		if (play->kind == CYCLE_LOAD)
			progress_cycle(&play->run->progress, cycle);
		return;
	}
	cycle->ended = report->ended;
	cycle->error_info = report->error_info;
	cycle->result = report->result;
	cycle->proof = report->proof[0] ? report->proof : NULL;
	cycle->failed_phase = report->failed_phase >= 0 ? phase_names[report->failed_phase] : NULL;
	cycle->code = report->code[0] ? report->code : NULL;
	cycle->message = report->message[0] ? report->message : NULL;
	play->counted += cycle->logged_on != TIMESTAMP_UNKNOWN &&
	                 (report->result == CYCLE_LOGGED_OFF || report->result == CYCLE_UNPROVEN ||
	                     report->result == CYCLE_DISCONNECTED);
	finish(play, slot, report);
	if (play->kind == CYCLE_LOAD)
		check_failures(play, report);
}

static size_t worker_of(const struct play *play, size_t slot)
{
	return slot % crew_size(play->run->crew);
}

static void lost(void *data, size_t worker, const char *how)
{
	struct play *play = data;
	struct report report = {.account = ACCOUNT_UNTRIED, .code = "WORKER_LOST"};
	unsigned cycles = 0;
	char text[128];

	for (size_t i = 0; i < play->slot_count; i++) {
		struct slot *slot = &play->slots[i];
		if (!slot->account || worker_of(play, i) != worker)
			continue;
		cycles++;
		slot->cycle.ended = timestamp_now();
		slot->cycle.result = CYCLE_LOST;
		slot->cycle.served_by = NULL;
		slot->cycle.code = "WORKER_LOST";
		slot->cycle.message = "the worker process that carried this cycle died";
		finish(play, slot, &report);
	}
	snprintf(text, sizeof(text), "worker %zu died by %s; cycles lost with it: %u", worker, how,
	    cycles);
	run_event(play->run, "worker-lost", text, true);
	if (crew_deaths(play->run->crew) >= CREW_DEATHS_MAX)
		end_early(play, EXIT_TARGET, "worker processes die again and again");
}

/* Starts the next cycle on the slot with the account. */
static bool start_cycle(struct play *play, size_t index, struct account *account, int64_t scheduled)
{
	const struct scenario *scenario = play->scenario;
	struct slot *slot = &play->slots[index];
	struct order order = {
	    .kind = ORDER_CYCLE,
	    .cycle = ++play->run->so_far.highest,
	    .slot = (uint32_t)index,
	    .hold = play->kind == CYCLE_LOAD ? span_draw(&scenario->load.hold, &play->random)
	                                     : VERIFICATION_MOST,
	};
	const int64_t now = timestamp_monotonic();
	bool sent;

	play->started++;
	snprintf(order.user, sizeof(order.user), "%s", account->user);
	snprintf(order.domain, sizeof(order.domain), "%s", account->domain);
	snprintf(order.password, sizeof(order.password), "%s", account->password);
	slot->account = account;
	slot->overdue = now + scenario->connect.timeout.least + scenario->logon.timeout.least +
	                scenario->logon.delay.least + 2 * scenario->load.hold.most + order.hold +
	                2 * scenario->logoff.timeout.least + WORKER_GRACE;
	slot->cycle = (struct cycle){
	    .number = order.cycle,
	    .slot = (int64_t)index,
	    .worker = (int64_t)worker_of(play, index),
	    .user = account->user,
	    .domain = account->domain,
	    .scheduled = timestamp_now() - (now - scheduled),
	    .started = timestamp_now(),
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .ended = TIMESTAMP_UNKNOWN,
	    .session_id = NUMBER_UNKNOWN,
	    .error_info = NUMBER_UNKNOWN,
	    .result = CYCLE_RUNNING,
	    .kind = play->kind,
	    .shard = NUMBER_UNKNOWN,
	    .attempt = NUMBER_UNKNOWN,
	    .reconnect = YES_NO_UNKNOWN,
	    .host_clock_offset = NUMBER_UNKNOWN,
	};
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		slot->cycle.phase_us[phase] = NUMBER_UNKNOWN;
	play->busy++;
	sent = put_cycle(play, &slot->cycle) &&
	       crew_order(play->run->crew, worker_of(play, index), &order, &play->run->error);
	explicit_bzero(order.password, sizeof(order.password));
	return sent;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Closed load: every slot that is free and rested goes on. *next gets the time when the next one will be. */
static bool dispatch_closed(struct play *play, int64_t now, int64_t *next)
{
	for (size_t i = 0; i < play->slot_count && play->started < play->wanted; i++) {
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
		if (!start_cycle(play, i, account, slot->next))
			return false;
	}
	return true;
}

static size_t find_idle(const struct play *play)
{
	size_t i = 0;

	while (i < play->slot_count && play->slots[i].account)
		i++;
	return i;
}

/* When the cycle is due, counted as started ones are: each part of a run begins with the first arrival. */
static int64_t arrival(const struct play *play, uint64_t index)
{
	return play->start + load_arrival(&play->scenario->load, index - play->run->so_far.cycles);
}

/* Open load: arrivals keep their time; one that finds nothing free waits, and is counted. */
static bool dispatch_open(struct play *play, int64_t now, int64_t *next)
{
	while (play->started < play->wanted) {
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
		if (!start_cycle(play, idle, account, due))
			return false;
	}
	return true;
}

static void check_hung(struct play *play, int64_t now, int64_t *next)
{
	for (size_t i = 0; i < play->slot_count; i++) {
		struct slot *slot = &play->slots[i];
		if (!slot->account)
			continue;
		if (slot->overdue <= now) {
			crew_kill(play->run->crew, worker_of(play, i));
			slot->overdue = now + WORKER_GRACE;
		}
		*next = earlier(*next, slot->overdue);
	}
}

static void check_interrupts(struct play *play)
{
	if (play->run->interrupts >= 1)
		end_early(play, EXIT_INCONCLUSIVE, "interrupted");
	if (stopping(play) && !play->told_to_log_off) {
		play->told_to_log_off = true;
		crew_log_off_all(play->run->crew);
	}
	if (play->run->interrupts >= 2)
		for (size_t i = 0; i < crew_size(play->run->crew); i++)
			crew_kill(play->run->crew, i);
}

static bool observe_during(struct play *play)
{
	const uint64_t every = play->scenario->observe_every;

	if (every == 0 || play->scenario->observers_count == 0 || play->run->observation ||
	    play->finished < every * (uint64_t)(play->rounds + 1) || play->finished >= play->wanted)
		return true;
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

static bool play_on(struct play *play)
{
	const int64_t over = play->start + play->scenario->limits.duration.least;

	while (play->busy > 0 || (!stopping(play) && play->started < play->wanted)) {
		const int64_t now = timestamp_monotonic();
		int64_t next = earlier(now + 60 * SECOND, over > now ? over : INT64_MAX);

		if (now >= over)
			end_early(
			    play, EXIT_CLEAN, "the duration that limits.duration allows is over");
		if (play->run->fallen.text[0])
			end_early(play, EXIT_TARGET, play->run->fallen.text);
		check_interrupts(play);
		if (!stop_once_decided(play))
			return false;
		if (!stopping(play) &&
		    !(play->scenario->load.rate > 0 ? dispatch_open(play, now, &next)
		                                    : dispatch_closed(play, now, &next)))
			return false;
		check_hung(play, now, &next);
		if (stopping(play) && play->busy == 0)
			break;
		if (!observe_during(play) || !run_turn(play->run, next))
			return false;
	}
	return true;
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
	    .judged = so_far->during,
	    .slots = calloc(run->scenario->load.slots, sizeof(struct slot)),
	    .start = timestamp_monotonic(),
	    .random = (uint64_t)timestamp_now(),
	    .ended = ended,
	};
	const uint64_t every = run->scenario->observe_every;
	char missed[24];
	bool played;

	/* What is asked for beyond a load that was decided is played. */
	char *decided = runfile_get(run->runfile, "load.decided");
	if (run->scenario->load.until == UNTIL_DECIDED && !decided)
		play.enough = (uint64_t)interval_tries_for(
		    judging_limit("judge.smallest_rate", run->scenario->judge.smallest_rate));
	free(decided);
	play.counted = so_far->cycles - so_far->failed;
	/* The one that was under way when an earlier part of the run ended is not made up for. */
	if (every > 0 && so_far->cycles / every > (uint64_t)play.rounds)
		play.rounds = (int64_t)(so_far->cycles / every);
	if (!play.slots)
		return error_memory(&run->error);
	for (size_t i = 0; i < run->scenario->load.slots; i++)
		play.slots[i].next = play.start + load_slot_start(&run->scenario->load, i);
	run->doing = NULL;
	run->watch = (struct crew_watch){reported, lost, &play};
	played = play_on(&play) && !run->error.text[0];
	/* From here on the workers are idle; nothing of theirs concerns a slot any more. */
	run->watch = (struct crew_watch){0};
	snprintf(missed, sizeof(missed), "%llu", (unsigned long long)play.missed);
	if (played && run->scenario->load.rate > 0)
		played = runfile_set(run->runfile, "load.missed", missed, &run->error);
	free(play.slots);
	return played;
}

/* All that can be there at once are: they have seen enough. */
static void log_off_once_all_are_there(struct play *play)
{
	if (play->told_to_log_off || play->started < play->wanted || play->held < play->busy)
		return;
	play->told_to_log_off = true;
	crew_log_off_all(play->run->crew);
}

static bool verify_on(struct play *play)
{
	const int64_t over = play->start + play->scenario->connect.timeout.least +
	                     play->scenario->logon.timeout.least + VERIFICATION_MOST +
	                     play->scenario->logoff.timeout.least;

	while (play->busy > 0 || (!stopping(play) && play->started < play->wanted)) {
		const int64_t now = timestamp_monotonic();
		int64_t next = earlier(now + SECOND, over);

		if (now >= over)
			end_early(play, EXIT_CLEAN, "logons at once took too long");
		check_interrupts(play);
		if (!stopping(play) && !dispatch_closed(play, now, &next))
			return false;
		if (play->busy == 0)
			break; /* no account is left */
		log_off_once_all_are_there(play);
		check_hung(play, now, &next);
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
	    .slots = calloc(logons, sizeof(struct slot)),
	    .start = timestamp_monotonic(),
	    .random = (uint64_t)timestamp_now(),
	    .ended = &ignored,
	};

	if (!play.slots)
		return error_memory(&run->error);
	run->doing = "logging on all at once: which session IDs are free?";
	run->watch = (struct crew_watch){reported, lost, &play};
	const bool played = verify_on(&play) && !run->error.text[0];
	run->watch = (struct crew_watch){0};
	free(play.slots);
	return played;
}
