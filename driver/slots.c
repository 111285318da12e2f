/* Knows the cycles in a load's slots: how one is ordered, what is noted of its end, and what a failure means for its account and
 * for the load. */
#include "driver/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "driver/preflight/causes.h"

/* A preflight's session is held as long as a sample may take; a shell lasts as long as its command line says. */
#define PREFLIGHT_MOST (600 * SECOND)
#define PREFLIGHT_SHELL (3 * SECOND)
/* If nothing ever got through the connection, so many failures are enough to know. */
#define HOPELESS 3
#define HOST_CLOCK_STEP (2 * SECOND) /* less is how clocks are kept in step */
/* What a worker may take beyond all time-outs of a cycle before it counts as hung. */
#define WORKER_GRACE (30 * SECOND)

void play_end_early(struct play *play, enum exit_code code, const char *text)
{
	if (play->ended->text[0])
		return;
	error_set(play->ended, code, "%s", text);
	run_event(play->run, "ended-early", text, true);
}

bool play_is_stopping(const struct play *play)
{
	return play->ended->text[0] != '\0';
}

/* Among the cycles of all injectors: each draws what one alone would for the same number. */
static uint64_t number_of(const struct play *play, uint64_t index)
{
	return share_number(&play->scenario->load.share, index);
}

static bool put_cycle(struct play *play, const struct cycle *cycle)
{
	return runfile_put_cycle(play->run->runfile, cycle, &play->run->error);
}

/* What is not stored, as on a full disk, is not reported. */
static void store_and_report(struct play *play, const struct cycle *cycle)
{
	if (!put_cycle(play, cycle) || play->kind != CYCLE_LOAD)
		return;
	distress_note(&play->distress, cycle);
	monitor_cycle(play->run->monitor, cycle);
}

/* To stand behind what happened; "" if the cause is not known. */
static void tell_cause(const struct cause *cause, char *text, size_t size)
{
	text[0] = '\0';
	if (cause && size > 2) {
		memcpy(text, ". ", 3);
		cause_tell(cause, text + 2, size - 2);
	}
}

static void stop_account(struct play *play, const struct account *account,
    const struct cycle *cycle, const struct report *report)
{
	char text[1024], why[CAUSE_TEXT];
	const char *after = "two authentication failures in a row";

	if (report->account == ACCOUNT_BARRED)
		after = "a refusal";
	else if (strcmp(report->code, "TIMEOUT") == 0 && report->failed_phase == PHASE_NLA)
		after = "two logons in a row that got no answer once the password was presented";
	else if (strcmp(report->code, "TIMEOUT") == 0) /* without NLA, see cycle.c */
		after = "two sessions in a row that look like a refused password";
	snprintf(text, sizeof(text),
	    "account %.100s is stopped after %s (%.64s): no further logon is tried with it",
	    account->user, after, report->code);
	run_event(play->run, "account-stopped", text, true);
	if (accounts_usable(play->run->accounts) > 0)
		return;
	tell_cause(cause_of(cycle, play->scenario), why, sizeof(why));
	snprintf(text, sizeof(text), "no account is left: all were refused%s", why);
	play_end_early(play, EXIT_TARGET, text);
}

/* Notes the end of a slot's cycle, for whatever reason, and frees the slot. */
static void finish(struct play *play, struct slot *slot, const struct report *report)
{
	struct account *account = slot->account;
	struct error unremembered;

	store_and_report(play, &slot->cycle);
	play->run->monitor->tally.held -= slot->held;
	play->held -= slot->held;
	slot->held = false;
	slot->account = NULL;
	slot->next =
	    timestamp_monotonic() +
	    span_draw(&play->scenario->load.think,
	        &(uint64_t){draw_state(play->seed, number_of(play, play->finished), DRAW_THINK)});
	play->slot_time += slot->next - slot->began;
	play->rounds_of_slots++;
	play->busy--;
	play->finished++;
	const bool stopped =
	    accounts_give_back(play->run->accounts, account, report->account, &unremembered);
	if (unremembered.text[0])
		run_event(play->run, "refusal-not-remembered", unremembered.text, true);
	if (stopped)
		stop_account(play, account, &slot->cycle, report);
}

static void check_failures(
    struct play *play, const struct cycle *cycle, const struct report *report)
{
	char text[1024], why[CAUSE_TEXT];

	if (report->result != CYCLE_FAILED && report->result != CYCLE_NOT_RECONNECTED) {
		play->failures = 0;
		play->ever_connected = true;
		return;
	}
	play->failures++;
	/* Refused accounts are stopped one by one: the others may still go. */
	if (report->account == ACCOUNT_REFUSED || report->account == ACCOUNT_BARRED)
		play->ever_connected = true;
	if (play->failures >= play->scenario->limits.failures ||
	    (!play->ever_connected && play->failures >= HOPELESS)) {
		tell_cause(cause_of(cycle, play->scenario), why, sizeof(why));
		snprintf(text, sizeof(text),
		    "%llu cycles failed in a row, the last in phase %s: %.300s (%s)%s",
		    (unsigned long long)play->failures, phase_names[report->failed_phase],
		    report->message, report->code, why);
		play_end_early(play, EXIT_TARGET, text);
	}
}

/* NTLM tells the host's clock at each logon. Another host's clock is another clock. */
static void note_host_clock(struct play *play, const struct report *report)
{
	const int64_t step = report->host_clock_offset - play->host_clock_offset;
	char text[160];

	/* Cycles end in another order than they logged on. */
	if (report->host_clock_offset == NUMBER_UNKNOWN || report->served_by[0] ||
	    report->cycle < play->host_clock_cycle)
		return;
	if (strcasecmp(report->server, play->host_clock_server) != 0) {
		snprintf(
		    play->host_clock_server, sizeof(play->host_clock_server), "%s", report->server);
		play->host_clock_offset = NUMBER_UNKNOWN;
	}
	if (play->host_clock_offset != NUMBER_UNKNOWN && llabs(step) > HOST_CLOCK_STEP) {
		snprintf(text, sizeof(text),
		    "the host's clock was set by %+.1f s between the logons of cycles %lld and %lld",
		    (double)step / (double)SECOND, (long long)play->host_clock_cycle,
		    (long long)report->cycle);
		run_event(play->run, "host-clock-set", text, true);
	}
	play->host_clock_offset = report->host_clock_offset;
	play->host_clock_cycle = report->cycle;
}

/* How much of the logons' time this machine's own processors took. */
static void note_processor(struct play *play, const struct report *report)
{
	if (report->logged_on == TIMESTAMP_UNKNOWN)
		return;
	play->timed++;
	play->processor_wait += report->processor_wait;
	for (int phase = PHASE_TCP; phase <= PHASE_LOGON; phase++)
		if (report->phase_us[phase] != NUMBER_UNKNOWN)
			play->logon_time += report->phase_us[phase];
}

static void store_reconnect(struct play *play, const struct report *report)
{
	struct reconnect reconnect = {.cycle = report->cycle,
	    .number = report->reconnect,
	    .started = report->started,
	    .logged_on = report->logged_on,
	    .session_id = report->session_id};

	memcpy(reconnect.phase_us, report->phase_us, sizeof(reconnect.phase_us));
	runfile_add_reconnect(play->run->runfile, &reconnect, &play->run->error);
}

static void store_output(struct play *play, const struct report *report)
{
	const struct command_run run = {.cycle = report->cycle,
	    .exit_status = report->exit_status,
	    .output = report->output[0],
	    .messages = report->output[1],
	    .output_bytes = report->printed[0],
	    .messages_bytes = report->printed[1]};

	runfile_add_command(play->run->runfile, &run, &play->run->error);
}

static void reported(void *data, const struct report *report)
{
	struct play *play = data;
	struct slot *slot = &play->slots[report->slot];
	struct cycle *cycle = &slot->cycle;

	if (!slot->account || cycle->number != report->cycle)
		return; /* given up as lost before */
	if (report->reconnect > 0) {
		store_reconnect(play, report);
		return;
	}
	cycle->started = report->started;
	cycle->logged_on = report->logged_on;
	memcpy(cycle->phase_us, report->phase_us, sizeof(cycle->phase_us));
	cycle->session_id = report->session_id;
	cycle->host_clock_offset = report->host_clock_offset;
	cycle->served_by = report->served_by[0] ? report->served_by : NULL;
	cycle->server = report->server[0] ? report->server : NULL;
	if (!report->done) {
		play->run->monitor->tally.held += !slot->held;
		play->held += !slot->held;
		slot->held = true;
		/* A session that is up is connected, however long it is held. */
		play->failures = 0;
		play->ever_connected = true;
		store_and_report(play, cycle);
		return;
	}
	play->run->logoff_by = report->logoff_by;
	note_host_clock(play, report);
	note_processor(play, report);
	cycle->ended = report->ended;
	cycle->error_info = report->error_info;
	cycle->result = report->result;
	cycle->proof = report->proof[0] ? report->proof : NULL;
	cycle->failed_phase = report->failed_phase >= 0 ? phase_names[report->failed_phase] : NULL;
	cycle->code = report->code[0] ? report->code : NULL;
	cycle->message = report->message[0] ? report->message : NULL;
	if (scenario_runs_commands(play->scenario)) {
		play->command_time = cycle->ended - cycle->started;
		store_output(play, report);
	}
	play->counted += report->result == CYCLE_RAN;
	play->counted += cycle->logged_on != TIMESTAMP_UNKNOWN &&
	                 (report->result == CYCLE_LOGGED_OFF || report->result == CYCLE_UNPROVEN ||
	                     report->result == CYCLE_DISCONNECTED);
	/* A logon dialog that stays, where the host looks at passwords in the session, is its account's affair. */
	if (play->kind == CYCLE_LOAD && report->account != ACCOUNT_REFUSED)
		logoffs_note(&play->logoffs, cycle, cause_of(cycle, play->scenario));
	finish(play, slot, report);
	if (play->kind == CYCLE_LOAD)
		check_failures(play, cycle, report);
}

static size_t worker_of(const struct play *play, size_t slot)
{
	return slot % crew_size(play->run->crew);
}

static void stalled(void *data, size_t worker, int64_t duration)
{
	const struct play *play = data;
	char name[32];

	snprintf(name, sizeof(name), "worker %zu", worker);
	run_tell_stall(play->run, name, duration);
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
		slot->cycle.served_by = slot->cycle.server = NULL;
		slot->cycle.code = "WORKER_LOST";
		slot->cycle.message = "the worker process that carried this cycle died";
		finish(play, slot, &report);
	}
	snprintf(text, sizeof(text), "worker %zu died by %s; cycles lost with it: %u", worker, how,
	    cycles);
	run_event(play->run, "worker-lost", text, true);
	if (crew_deaths(play->run->crew) >= CREW_DEATHS_MAX)
		play_end_early(play, EXIT_TARGET, "worker processes die again and again");
}

static int64_t preflight_hold(const struct scenario *scenario)
{
	const int64_t hold = scenario->load.hold.most;

	if (scenario->logoff.method != LOGOFF_SHELL_EXIT)
		return PREFLIGHT_MOST;
	return hold > PREFLIGHT_SHELL ? hold : PREFLIGHT_SHELL;
}

static int64_t hold_of_next(const struct play *play)
{
	const struct scenario *scenario = play->scenario;

	if (play->kind == CYCLE_PREFLIGHT)
		return preflight_hold(scenario);
	if (play->kind == CYCLE_VERIFICATION)
		return VERIFICATION_MOST;
	const int64_t drawn = span_draw(&scenario->load.hold,
	    &(uint64_t){draw_state(play->seed, number_of(play, play->started), DRAW_HOLD)});
	return play->trying && drawn > TRIAL_HOLD ? TRIAL_HOLD : drawn;
}

/* What one connection of a cycle may take. */
static int64_t connection_most(const struct scenario *scenario, const struct order *order)
{
	return scenario->connect.timeout.least + scenario->logon.timeout.least +
	       scenario->logon.delay.least + order->hold;
}

bool play_start_cycle(struct play *play, size_t index, struct account *account, int64_t scheduled)
{
	const struct scenario *scenario = play->scenario;
	struct slot *slot = &play->slots[index];
	struct order order = {
	    .kind = ORDER_CYCLE,
	    .cycle = ++play->run->so_far.highest,
	    .slot = (uint32_t)index,
	    .hold = hold_of_next(play),
	    .reconnects = play->kind == CYCLE_LOAD ? (uint32_t)scenario->load.reconnects : 0,
	};
	const int64_t now = timestamp_monotonic();
	bool sent;

	play->started++;
	snprintf(order.user, sizeof(order.user), "%s", account->user);
	snprintf(order.domain, sizeof(order.domain), "%s", account->domain);
	snprintf(order.password, sizeof(order.password), "%s", account->password);
	slot->account = account;
	slot->began = scheduled;
	const bool runs = scenario_runs_commands(scenario);
	slot->overdue = now + (runs ? scenario->load.timeout.least : 0) +
	                (1 + order.reconnects) * connection_most(scenario, &order) +
	                2 * scenario->load.hold.most + 2 * scenario->logoff.timeout.least +
	                WORKER_GRACE;
	slot->cycle = (struct cycle){
	    .number = order.cycle,
	    .slot = (int64_t)index,
	    .worker = (int64_t)worker_of(play, index),
	    .user = runs ? NULL : account->user,
	    .domain = runs ? NULL : account->domain,
	    .scheduled = timestamp_now() - (now - scheduled),
	    .started = timestamp_now(),
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .ended = TIMESTAMP_UNKNOWN,
	    .session_id = NUMBER_UNKNOWN,
	    .error_info = NUMBER_UNKNOWN,
	    .result = CYCLE_RUNNING,
	    .kind = play->kind,
	    .shard = scenario->load.share.injectors > 0 ? (int64_t)scenario->load.share.shard
	                                                : NUMBER_UNKNOWN,
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

void play_check_hung(struct play *play, int64_t now, int64_t *next)
{
	for (size_t i = 0; i < play->slot_count; i++) {
		struct slot *slot = &play->slots[i];
		if (!slot->account)
			continue;
		if (slot->overdue <= now) {
			crew_kill(play->run->crew, worker_of(play, i));
			slot->overdue = now + WORKER_GRACE;
		}
		if (slot->overdue < *next)
			*next = slot->overdue;
	}
}

struct crew_watch play_watch(struct play *play)
{
	return (struct crew_watch){reported, stalled, lost, play};
}
