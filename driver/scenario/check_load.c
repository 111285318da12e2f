/* Knows which loads make sense: which parts of a load exclude each other. */
#include "driver/scenario/check.h"

#include <stdio.h>

#include "driver/scenario/caps.h"

static bool check_step(const struct check *check, const char *key, const struct load_step *step,
    const struct load_step *first)
{
	if ((step->slots > 0) == (step->rate > 0))
		return check_refuse(check, key,
		    "give either slots or a rate (logons a second) above 0: {slots: 5, for: 2m}");
	if ((step->cycles > 0) == (step->time.least > 0))
		return check_refuse(check, key,
		    "give either for or cycles, so that the step ends: {slots: 5, for: 2m}");
	if ((step->rate > 0) != (first->rate > 0))
		return check_refuse(
		    check, key, "give all steps slots (closed load) or all a rate (open load)");
	if (step->rate == 0 && (step->cycles > 0) != (first->cycles > 0))
		return check_refuse(check, key, "steps of slots all have for, or all have cycles");
	return true;
}

/* The load's slots or rate are those of its largest step. */
static bool check_steps(const struct check *check, struct scenario_load *load)
{
	char key[64];

	if (load->steps_count == 0)
		return true;
	if (load->rate > 0)
		return check_refuse(check, "load.rate",
		    "goes without load.steps, which have their own: remove one of them");
	if (load->slots > 0 && load->steps[0].slots > 0)
		return check_refuse(check, "load.slots",
		    "goes without load.steps, which have their own: remove one of them");
	for (unsigned i = 0; i < load->steps_count; i++) {
		struct load_step *step = &load->steps[i];
		snprintf(key, sizeof(key), "load.steps.%u", i);
		if (!check_step(check, key, step, &load->steps[0]))
			return false;
		load->rate = step->rate > load->rate ? step->rate : load->rate;
		load->slots = step->slots > load->slots ? step->slots : load->slots;
	}
	return true;
}

static bool check_cycles(const struct check *check, struct scenario_load *load)
{
	const bool rests = load->ramp_down.least > 0 && !load_is_timed(load);

	if (load->cycles == 0 && load_is_timed(load))
		return check_refuse(check, "load.steps",
		    "a slow host plays fewer cycles in the time, a quick one more: say how many at the most, load.cycles");
	if (load->cycles == 0 && load->steps_count > 0)
		load->cycles = load_cycles_of_steps(load);
	if (load->cycles > CYCLES_MAX)
		return check_refuse(check, "load.steps",
		    "come to %llu cycles, and a run has at most %d (hard cap)",
		    (unsigned long long)load->cycles, CYCLES_MAX);
	if (load->cycles == 0)
		load->cycles = load->slots;
	if (load->steps_count > 0 || !rests)
		return true;
	if (load->rate > 0 && load->cycles < load_cycles_of_steps(load))
		return check_refuse(check, "load.cycles",
		    "ramp and ramp_down alone have %llu logons at this rate: raise cycles, or shorten them",
		    (unsigned long long)load_cycles_of_steps(load));
	if (load->rate == 0 && load->cycles < 2 * load->slots)
		return check_refuse(check, "load.ramp_down",
		    "slots end one by one where each has several cycles: raise load.cycles to %llu or more, or use load.ramp",
		    (unsigned long long)(2 * load->slots));
	return true;
}

/* A session that is taken up again is logged off at last, and not by a clock that began with its first logon. */
static bool check_reconnects(const struct check *check, const struct scenario *s)
{
	const char *method = logoff_method_words[s->logoff.method];

	if (s->load.reconnects == 0 || s->logoff.method == LOGOFF_AUTO ||
	    s->logoff.method == LOGOFF_KEYS || s->logoff.method == LOGOFF_COMMAND)
		return true;
	return check_refuse(check, "load.reconnects",
	    "does not go with logoff.method %s, which %s: use keys, command or auto", method,
	    s->logoff.method == LOGOFF_SHELL_EXIT ? "ends a session by itself, connected or not"
	                                          : "leaves sessions behind");
}

static bool check_distress(const struct check *check, const struct scenario *s)
{
	const int64_t longest = s->connect.timeout.least + s->logon.timeout.least;

	if (s->limits.logon_time.least >= longest)
		return check_refuse(check, "limits.logon_time",
		    "must be shorter than connect.timeout plus logon.timeout: a longer logon fails");
	return true;
}

bool check_load(const struct check *check, struct scenario *s)
{
	struct scenario_load *load = &s->load;

	if (!check_steps(check, load))
		return false;
	if (load->slots == 0)
		load->slots = 1;
	if (!check_cycles(check, load))
		return false;
	if (load->rate > 0 && load->think.most > 0)
		return check_refuse(check, "load.think",
		    "has no meaning with a rate: logons arrive at their own times");
	if (load->arrivals == ARRIVALS_POISSON && load->rate == 0)
		return check_refuse(check, "load.arrivals",
		    "goes with a rate only: the slots of a closed load begin when they are free");
	return check_reconnects(check, s) && check_distress(check, s);
}

/* A session that is left behind is joined by its account's next logon, so that there are as many as accounts. */
bool scenario_check_accounts(const struct scenario *scenario, size_t accounts, struct error *error)
{
	const enum logoff_method method = scenario->logoff.method;
	const size_t used = scenario->load.cycles < accounts ? scenario->load.cycles : accounts;

	if (accounts < scenario->load.slots)
		return error_set(error, EXIT_USAGE,
		    "load.slots is %llu, but there are only %zu accounts: one account never logs "
		    "on twice at once; "
		    "add accounts or use fewer slots",
		    (unsigned long long)scenario->load.slots, accounts);
	if ((method == LOGOFF_DISCONNECT || method == LOGOFF_DROP) && used > SESSIONS_MAX)
		return error_set(error, EXIT_USAGE,
		    "logoff.method leaves a session of each of %zu accounts on the host, at most %d sessions at once (hard cap): "
		    "use fewer accounts",
		    used, SESSIONS_MAX);
	return true;
}
