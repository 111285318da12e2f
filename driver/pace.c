/* Knows how far a load is on its course: the session that comes before it, its step, how many slots of a closed load may begin a cycle, and
 * its end. */
#include "driver/play.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/duration.h"

#define STEP "load.step" /* setting: the last one of a timed load that was begun, from 1 */

/* Cycles that count as played: those that were lost with an earlier driver are played again. */
static uint64_t begun(const struct play *play)
{
	return play->started - play->run->so_far.again;
}

static bool has_slots(const struct scenario_load *load)
{
	return load->steps_count > 0 && load->rate == 0;
}

static uint64_t slots_of(const struct scenario_load *load, unsigned step)
{
	return has_slots(load) ? load->steps[step].slots : load->slots;
}

static void announce(struct play *play)
{
	const struct scenario_load *load = &play->scenario->load;
	char what[96], text[160];

	snprintf(play->run->monitor->tally.step, sizeof(play->run->monitor->tally.step),
	    "step %u of %u", play->step + 1, load->steps_count);
	snprintf(text, sizeof(text), "%s: %s", play->run->monitor->tally.step,
	    load_step_format(&load->steps[play->step], what, sizeof(what)));
	run_event(play->run, "step", text, true);
}

/* Slots that come in with a step are due when it begins, but no faster than any load may have logons. */
static bool begin_step(struct play *play, unsigned step, int64_t now)
{
	const struct scenario_load *load = &play->scenario->load;
	const uint64_t slots = slots_of(load, step);
	char number[16];

	for (uint64_t i = play->allowed; i < slots; i++) {
		const int64_t due = now + load_slot_pause(load, i - play->allowed);
		if (play->slots[i].next < due)
			play->slots[i].next = due;
	}
	play->step = step;
	play->allowed = slots;
	announce(play);
	snprintf(number, sizeof(number), "%u", step + 1);
	return !load_is_timed(load) ||
	       runfile_set(play->run->runfile, STEP, number, &play->run->error);
}

/* A timed load that is resumed begins its step again: how far that was is not known of a driver that was killed. */
static unsigned first_step(const struct play *play)
{
	const struct scenario_load *load = &play->scenario->load;

	if (!load_is_timed(load))
		return load_step_of(load, begun(play));
	char *text = runfile_get(play->run->runfile, STEP);
	const unsigned long number = text ? strtoul(text, NULL, 10) : 1;
	free(text);
	return number >= 1 && number <= load->steps_count ? (unsigned)number - 1 : 0;
}

static bool begin_course(struct play *play)
{
	const struct scenario_load *load = &play->scenario->load;
	const unsigned step = load->steps_count > 0 ? first_step(play) : 0;
	const uint64_t slots = slots_of(load, step);

	for (uint64_t i = 0; i < slots; i++) {
		const int64_t due = play->start + load_slot_start(load, slots, i);
		if (play->slots[i].next < due)
			play->slots[i].next = due;
	}
	play->allowed = slots;
	play->until = load->steps_count == 0 || load_is_timed(load) ? play->wanted : play->started;
	if (load_is_timed(load))
		play->step_over = play->start + load->ramp.least + load->steps[step].time.least;
	return load->steps_count == 0 || begin_step(play, step, play->start);
}

/* Where nothing has shown yet that the host ends sessions, and there may be several. */
static bool is_to_be_tried(const struct play *play)
{
	return play->slot_count > 1 && !play->run->so_far.sessions_end &&
	       logoffs_are_asked_for(play->scenario);
}

bool pace_begin(struct play *play)
{
	if (!is_to_be_tried(play))
		return begin_course(play);
	play->trying = play->logoffs.untried = true;
	play->slots[0].next = play->start;
	play->allowed = 1;
	play->until = play->wanted;
	snprintf(play->run->monitor->tally.step, sizeof(play->run->monitor->tally.step),
	    "the first session alone");
	return true;
}

/* How long after the start of the load another session than the first is due. */
static int64_t second_start(const struct play *play)
{
	const struct scenario_load *load = &play->scenario->load;

	if (load->rate > 0)
		return play->due[play->started - play->run->so_far.cycles];
	return load_slot_start(
	    load, slots_of(load, load->steps_count > 0 ? first_step(play) : 0), 1);
}

/* The load goes on as if it had begun so late that nothing was due while the first session was alone. */
static bool end_trial(struct play *play, int64_t now)
{
	const int64_t late = now - play->start - second_start(play);

	play->trying = false;
	play->run->monitor->tally.step[0] = '\0';
	if (late > 0)
		play->start += late;
	return begin_course(play);
}

static void begin_ramp_down(struct play *play)
{
	char text[96], time[DURATION_TEXT];

	if (play->ramping_down)
		return;
	play->ramping_down = true;
	snprintf(text, sizeof(text), "ramping down: the slots end one by one in about %s",
	    duration_format(play->scenario->load.ramp_down.least, time));
	run_event(play->run, "ramp-down", text, true);
}

/* Behind the last step: at `over` all slots play, at the end of ramp_down none. */
static void ramp_down_in_time(struct play *play, int64_t over, int64_t now, int64_t *next)
{
	const struct scenario_load *load = &play->scenario->load;
	const int64_t slots = (int64_t)slots_of(load, play->step), down = load->ramp_down.least;

	if (now >= over + down) {
		play->wanted = play->started;
		return;
	}
	begin_ramp_down(play);
	play->allowed = (uint64_t)(slots - (now - over) * slots / down);
	const int64_t change = over + (slots - (int64_t)play->allowed + 1) * down / slots;
	*next = change < *next ? change : *next;
}

static bool keep_time(struct play *play, int64_t now, int64_t *next)
{
	const struct scenario_load *load = &play->scenario->load;

	while (now >= play->step_over && play->step + 1 < load->steps_count) {
		if (!begin_step(play, play->step + 1, play->step_over))
			return false;
		play->step_over += load->steps[play->step].time.least;
	}
	if (now >= play->step_over)
		ramp_down_in_time(play, play->step_over, now, next);
	else if (play->step_over < *next)
		*next = play->step_over;
	return true;
}

/* With slots that end evenly in the time D, of S slots L still play when L / S of D is left. They begin L * D * L / S / 2 / p cycles in it,
 * where p is what a slot takes for one. So of the cycles that are left follows how many slots may play. */
static void ramp_down_in_cycles(struct play *play)
{
	const struct scenario_load *load = &play->scenario->load;
	const double down = (double)load->ramp_down.least;

	if (down == 0 || play->rounds_of_slots == 0 || play->step + 1 < load->steps_count)
		return;
	const double round = (double)play->slot_time / (double)play->rounds_of_slots;
	const double left = (double)(play->wanted - play->started);
	const double slots = (double)slots_of(load, play->step);
	const uint64_t allowed = (uint64_t)ceil(sqrt(2 * left * slots * round / down));
	if (allowed >= play->allowed)
		return;
	begin_ramp_down(play);
	play->allowed = allowed > 0 ? allowed : 1;
}

/* A step of arrivals begins with the first of them. */
static bool is_due(const struct play *play, int64_t now)
{
	return play->scenario->load.rate == 0 ||
	       play->start + play->due[play->started - play->run->so_far.cycles] <= now;
}

static bool keep_count(struct play *play, int64_t now)
{
	const struct scenario_load *load = &play->scenario->load;

	if (load->rate == 0)
		ramp_down_in_cycles(play);
	if (load->steps_count == 0 || !is_due(play, now))
		return true;
	const unsigned step = load_step_of(load, begun(play));
	const uint64_t end = load_step_end(load, step) + play->run->so_far.again;
	play->until = end < play->wanted ? end : play->wanted;
	return step == play->step || begin_step(play, step, now);
}

bool pace_keep(struct play *play, int64_t now, int64_t *next)
{
	if (play->trying && !play->logoffs.any)
		return true;
	if (play->trying && !end_trial(play, now))
		return false;
	if (!load_is_timed(&play->scenario->load))
		return keep_count(play, now);
	return keep_time(play, now, next);
}
