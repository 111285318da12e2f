/* Knows how long cycles and settling take, and what is assumed of a host for that. */
#include "driver/plan.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "common/duration.h"
#include "common/json_text.h"
#include "common/text.h"
#include "judge/judge.h"
#include "leak/leak.h"
#include "statistics/few_runs.h"
#include "statistics/power.h"

/* What a cycle takes beside what the scenario says of it: a real host that has the user's profile. */
#define LOGON (10 * SECOND)
#define LOGOFF (5 * SECOND)
#define COMMAND (10 * SECOND) /* that makes a logon of its own */

#define BURST 20 /* cycles; one worker or one hour of a host */

static const double rates[] = {0.1, 0.05, 0.02, 0.01};
#define RATES (sizeof(rates) / sizeof(rates[0]))

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A cycle of one slot, without the pause behind it. */
static int64_t cycle_time(const struct scenario *scenario)
{
	if (scenario_runs_commands(scenario))
		return COMMAND;
	const int64_t connections = 1 + (int64_t)scenario->load.reconnects;

	return connections *
	           (LOGON + scenario->logon.delay.least + span_mean(&scenario->load.hold)) +
	       LOGOFF;
}

/* Rounds of all slots, with the pauses between them. */
static int64_t rounds_time(const struct scenario *scenario, int64_t rounds)
{
	return rounds * cycle_time(scenario) + (rounds - 1) * span_mean(&scenario->load.think);
}

/* When a slot is done that has so many cycles. */
static int64_t slot_end(const struct scenario *scenario, uint64_t slot, uint64_t cycles)
{
	return load_slot_start(&scenario->load, scenario->load.slots, slot) +
	       rounds_time(scenario, (int64_t)cycles);
}

/* The first slots have a cycle more where they do not come out even. Slots that end evenly play half of their time. */
static int64_t even_time(const struct scenario *scenario, uint64_t cycles)
{
	const uint64_t slots = scenario->load.slots, rounds = cycles / slots, rest = cycles % slots;
	int64_t time = 0;

	if (rounds > 0)
		time = slot_end(scenario, slots - 1, rounds);
	if (rest > 0)
		time = larger(time, slot_end(scenario, rest - 1, rounds + 1));
	return time;
}

/* Steps of slots, one after the other. */
static int64_t steps_time(const struct scenario *scenario, uint64_t cycles)
{
	const struct scenario_load *load = &scenario->load;
	struct scenario_load most = *load;
	int64_t time = load->ramp.least;
	uint64_t begun = 0;

	if (load_is_timed(load)) {
		for (unsigned i = 0; i < load->steps_count; i++)
			time += load->steps[i].time.least;
		return time + load->ramp_down.least + cycle_time(scenario);
	}
	most.cycles = cycles;
	for (unsigned i = 0; begun < cycles; i++) {
		const uint64_t end = load_step_end(&most, i);
		const uint64_t step = (end < cycles ? end : cycles) - begun;
		const uint64_t slots = load->steps[i].slots;
		time += rounds_time(scenario, (int64_t)((step + slots - 1) / slots));
		begun += step;
	}
	return time;
}

static int64_t closed_time(const struct scenario *scenario, uint64_t cycles)
{
	if (load_is_timed(&scenario->load))
		return steps_time(scenario, cycles);
	return (scenario->load.steps_count > 0 ? steps_time(scenario, cycles)
	                                       : even_time(scenario, cycles)) +
	       scenario->load.ramp_down.least / 2;
}

/* Slots that do not keep up with the arrivals go round as in a closed load. */
static int64_t open_time(const struct scenario *scenario, uint64_t cycles)
{
	struct scenario_load load = scenario->load;
	const int64_t busy =
	    (int64_t)((cycles + load.slots - 1) / load.slots) * cycle_time(scenario);

	load.cycles = cycles;
	return larger(load_last_arrival(&load) + cycle_time(scenario), busy);
}

static int64_t load_time(const struct scenario *scenario, uint64_t cycles)
{
	return scenario->load.rate > 0 ? open_time(scenario, cycles)
	                               : closed_time(scenario, cycles);
}

/* A control's settling is that of what it should find. */
static int64_t control_time(
    const struct scenario *scenario, const struct scenario_control *control, int64_t settling)
{
	if (!control)
		return 0;
	return load_time(scenario, control->cycles ? control->cycles : scenario->load.cycles) +
	       settling;
}

static void find_times(struct plan *plan, const struct scenario *scenario)
{
	const struct scenario_settle *settle = &scenario->settle;
	const struct scenario_controls *controls = &scenario->controls;

	plan->load = load_time(scenario, scenario->load.cycles);
	plan->slots_needed =
	    (int64_t)ceil(scenario->load.rate * (double)cycle_time(scenario) / (double)SECOND);
	plan->release = settle->release.least > 0 ? settle->release.least : RELEASE_TIME;
	plan->stopping_age = plan->release + (int64_t)((double)plan->release / 4 *
	                                               log(300)); /* leak_stopping_age() */
	plan->settling = settle->at_least.least;
	plan->settling_most = settle->timeout.least;
	plan->settling_left =
	    smaller(larger(plan->settling, plan->release + plan->release / 4), plan->settling_most);
	plan->controls = control_time(scenario, controls->negative, plan->settling) +
	                 control_time(scenario, controls->positive, plan->settling_left);
	plan->total = plan->controls + plan->load + plan->settling;
	plan->total_most = plan->controls + plan->load + plan->settling_most;
}

void plan_make(struct plan *plan, const struct scenario *scenario)
{
	const int64_t cycles = (int64_t)scenario->load.cycles;
	const double rate = judging_limit("judge.smallest_rate", scenario->judge.smallest_rate);

	*plan = (struct plan){
	    .smallest_rate = rate,
	    .cycles_for_clean = power_cycles(rate, 1, POWER_MISS),
	    .chance = power_chance(rate, 1, cycles),
	    .chance_in_bursts = power_chance(rate, BURST, cycles),
	    .least_before_one = few_runs_least_before(cycles, 1),
	    .least_before_three = few_runs_least_before(cycles, FEW_RUNS_ENOUGH),
	};
	find_times(plan, scenario);
}

static void tell(FILE *out, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(FILE *out, const char *what, const char *format, ...)
{
	char first[32], text[512];
	va_list args;

	snprintf(first, sizeof(first), "  %-11s", what);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_print_wrapped(out, first, text);
}

static void tell_power(const struct plan *plan, const struct scenario *scenario, FILE *out)
{
	long long needed[RATES];

	for (size_t i = 0; i < RATES; i++)
		needed[i] = power_cycles(rates[i], 1, POWER_MISS);
	tell(out, "CLEAN",
	    "takes %lld, %lld, %lld, %lld counted cycles to exclude a leak of %g, %g, %g, %g %% of the logons (%g %% "
	    "confidence), and about L times as many for one in bursts of L cycles",
	    needed[0], needed[1], needed[2], needed[3], rates[0] * 100, rates[1] * 100,
	    rates[2] * 100, rates[3] * 100, (1 - POWER_MISS) * 100);
	tell(out, "this run",
	    "sees a leak of %.3g %% (judge.smallest_rate) with a chance of %.3g %%, in bursts of %d cycles %.2g %%; its %llu "
	    "cycles are %s for CLEAN, which takes %lld",
	    plan->smallest_rate * 100, plan->chance * 100, BURST, plan->chance_in_bursts * 100,
	    (unsigned long long)scenario->load.cycles,
	    (int64_t)scenario->load.cycles < plan->cycles_for_clean ? "too few" : "enough",
	    (long long)plan->cycles_for_clean);
}

static void tell_load(const struct plan *plan, const struct scenario *scenario, FILE *out)
{
	char load[DURATION_TEXT], logon[DURATION_TEXT], logoff[DURATION_TEXT], limit[DURATION_TEXT];

	if (scenario_runs_commands(scenario))
		tell(out, "load", "about %s (assumed: %s for a command)",
		    duration_format(plan->load, load), duration_format(COMMAND, logon));
	else
		tell(out, "load",
		    "about %s (assumed: %s for a logon, %s for a logoff; a lab takes less)",
		    duration_format(plan->load, load), duration_format(LOGON, logon),
		    duration_format(LOGOFF, logoff));
	if (scenario->load.until == UNTIL_DECIDED)
		tell(out, "",
		    "load.until: decided: it ends sooner, once %lld cycles count, or once a leak is older than about %s",
		    (long long)plan->cycles_for_clean, duration_format(plan->stopping_age, limit));
	if (plan->slots_needed > (int64_t)scenario->load.slots)
		tell(out, "", "its rate keeps about %lld slots busy: arrivals will be missed",
		    (long long)plan->slots_needed);
	if (plan->load > scenario->limits.duration.least)
		tell(out, "", "limits.duration ends it after %s",
		    duration_format(scenario->limits.duration.least, limit));
}

static void tell_steps(const struct scenario *scenario, FILE *out)
{
	const struct scenario_load *load = &scenario->load;
	char text[96];

	for (unsigned i = 0; i < load->steps_count; i++)
		tell(out, i == 0 ? "steps" : "", "%u: %s", i + 1,
		    load_step_format(&load->steps[i], text, sizeof(text)));
	if (load_is_timed(load))
		tell(
		    out, "", "at most %llu cycles (load.cycles)", (unsigned long long)load->cycles);
}

static void tell_settling(const struct plan *plan, const struct scenario *scenario, FILE *out)
{
	const int64_t proof = plan->release + plan->release / 4;
	char nothing[DURATION_TEXT], left[DURATION_TEXT], most[DURATION_TEXT],
	    release[DURATION_TEXT], proven[DURATION_TEXT];

	duration_format(plan->settling_most, most);
	tell(out, "settling", "%s; %s if something is left; %s at the most (release time %s%s)",
	    duration_format(plan->settling, nothing), duration_format(plan->settling_left, left),
	    most, duration_format(plan->release, release),
	    scenario->settle.release.least > 0 ? "" : ", unless the host states its own");
	if (proof > plan->settling_most)
		tell(out, "", "settle.timeout is over before a leak can be proven, which takes %s",
		    duration_format(proof, proven));
}

static void tell_total(const struct plan *plan, FILE *out)
{
	char controls[DURATION_TEXT], total[DURATION_TEXT], most[DURATION_TEXT];

	if (plan->controls > 0)
		tell(out, "controls", "%s before it", duration_format(plan->controls, controls));
	tell(out, "in all", "about %s, %s at the most", duration_format(plan->total, total),
	    duration_format(plan->total_most, most));
}

static void tell_against(const struct plan *plan, const struct scenario *scenario, FILE *out)
{
	const unsigned long long cycles = scenario->load.cycles;

	if (plan->least_before_one > 0)
		tell(out, "--against",
		    "one run a side: %lld of the %llu cycles or more must leak without the fix and none with it (assumed: a spread "
		    "of %g between runs, of the logit)",
		    (long long)plan->least_before_one, cycles, FEW_RUNS_SPREAD);
	else
		tell(out, "--against", "one run a side of so few cycles shows nothing");
	tell(out, "",
	    "%d runs a side (their own spread decides): %lld of their %llu cycles or more, some in each run, and none with "
	    "the fix",
	    FEW_RUNS_ENOUGH, (long long)plan->least_before_three, FEW_RUNS_ENOUGH * cycles);
}

struct awaited {
	char names[512];
	const char *program;
	FILE *out;
};

static void tell_program(const struct awaited *awaited)
{
	if (awaited->program)
		tell(awaited->out, "variables", "%s %s from stage program %s, if it prints %s",
		    awaited->names, strchr(awaited->names, ',') ? "come" : "comes",
		    awaited->program, strchr(awaited->names, ',') ? "them" : "it");
}

static void add_variable(void *data, const char *name, const char *program)
{
	struct awaited *awaited = data;
	const size_t used = strlen(awaited->names);

	if (awaited->program && strcmp(awaited->program, program) == 0) {
		snprintf(awaited->names + used, sizeof(awaited->names) - used, ", %s", name);
		return;
	}
	tell_program(awaited);
	awaited->program = program;
	snprintf(awaited->names, sizeof(awaited->names), "%s", name);
}

static void tell_variables(const struct scenario *scenario, FILE *out)
{
	struct awaited awaited = {.out = out};

	scenario_visit_awaited(scenario, add_variable, &awaited);
	tell_program(&awaited);
}

void plan_print_text(const struct plan *plan, const struct scenario *scenario, FILE *out)
{
	tell_power(plan, scenario, out);
	tell_load(plan, scenario, out);
	tell_steps(scenario, out);
	tell_settling(plan, scenario, out);
	tell_total(plan, out);
	tell_against(plan, scenario, out);
	tell_variables(scenario, out);
}

static json_t *seconds(int64_t duration)
{
	return json_real((double)duration / (double)SECOND);
}

static json_t *clean_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < RATES; i++)
		json_array_append_new(
		    list, json_pack("{s:f, s:I, s:I}", "rate", rates[i], "cycles",
		              (json_int_t)power_cycles(rates[i], 1, POWER_MISS), "cycles_in_bursts",
		              (json_int_t)power_cycles(rates[i], BURST, POWER_MISS)));
	return json_pack(
	    "{s:f, s:o, s:i}", "confidence", 1 - POWER_MISS, "needs", list, "burst", BURST);
}

static json_t *times_json(const struct plan *plan)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "logon",
	    seconds(LOGON), "logoff", seconds(LOGOFF), "release", seconds(plan->release), "load",
	    seconds(plan->load), "settling", seconds(plan->settling), "settling_left",
	    seconds(plan->settling_left), "settling_most", seconds(plan->settling_most), "controls",
	    seconds(plan->controls), "total", seconds(plan->total), "total_most",
	    seconds(plan->total_most));
}

static json_t *steps_json(const struct scenario_load *load)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < load->steps_count; i++) {
		const struct load_step *step = &load->steps[i];
		json_t *object = step->slots > 0
		                     ? json_pack("{s:I}", "slots", (json_int_t)step->slots)
		                     : json_pack("{s:f}", "rate", step->rate);
		if (step->cycles > 0)
			json_object_set_new(
			    object, "cycles", json_integer((json_int_t)step->cycles));
		else
			json_object_set_new(object, "seconds", seconds(step->time.least));
		json_array_append_new(list, object);
	}
	return list;
}

static void append_name(void *data, const char *name, const char *program)
{
	(void)program;
	json_array_append_new(data, json_string(name));
}

static json_t *variables_json(const struct scenario *scenario)
{
	json_t *list = json_array();

	scenario_visit_awaited(scenario, append_name, list);
	return list;
}

bool plan_print_json(const struct plan *plan, const struct scenario *scenario, FILE *out)
{
	json_t *root = json_pack(
	    "{s:s, s:s, s:I, s:I, s:o, s:f, s:I, s:f, s:f, s:o, s:o, s:o, s:{s:I, s:I}}", "schema",
	    PLAN_SCHEMA, "scenario", scenario->name, "cycles", (json_int_t)scenario->load.cycles,
	    "slots", (json_int_t)scenario->load.slots, "clean", clean_json(), "smallest_rate",
	    plan->smallest_rate, "cycles_for_clean", (json_int_t)plan->cycles_for_clean, "chance",
	    plan->chance, "chance_in_bursts", plan->chance_in_bursts, "seconds", times_json(plan),
	    "steps", steps_json(&scenario->load), "from_stage", variables_json(scenario), "against",
	    "least_of_one_run", (json_int_t)plan->least_before_one, "least_of_three_runs",
	    (json_int_t)plan->least_before_three);
	const bool good = root && json_write(root, JSON_ON_ONE_LINE, out);

	json_decref(root);
	return good;
}
