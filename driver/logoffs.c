#include "driver/logoffs.h"

#include <stdio.h>
#include <string.h>

#include "common/duration.h"

bool logoffs_are_asked_for(const struct scenario *scenario)
{
	return !scenario_runs_commands(scenario) && scenario->logoff.method != LOGOFF_DISCONNECT &&
	       scenario->logoff.method != LOGOFF_DROP;
}

/* It lives on, as far as is seen. An end without error info (NO_PROOF) is how a host that sends none ends all its sessions. */
static bool is_left(const struct cycle *cycle)
{
	return cycle->result == CYCLE_UNPROVEN && cycle->failed_phase && cycle->code &&
	       strcmp(cycle->failed_phase, phase_names[PHASE_LOGOFF]) == 0 &&
	       strcmp(cycle->code, "NO_PROOF") != 0;
}

void logoffs_note(struct logoffs *logoffs, const struct cycle *cycle, const struct cause *cause)
{
	if (is_left(cycle)) {
		logoffs->endless++;
		logoffs->late += strcmp(cycle->code, "TIMEOUT") == 0;
		logoffs->cause = cause;
	} else if (cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	           cycle->result == CYCLE_DISCONNECTED) {
		logoffs->any = true;
	}
}

bool logoffs_are_doubtful(const struct logoffs *logoffs)
{
	return (logoffs->untried || logoffs->endless > 0) && !logoffs->any;
}

bool logoffs_fail(
    const struct logoffs *logoffs, const struct scenario *scenario, char *text, size_t size)
{
	const bool all_late = logoffs->late == logoffs->endless;
	char time[DURATION_TEXT], why[CAUSE_TEXT] = "";

	if (logoffs->any || logoffs->endless < LOGOFFS_HOPELESS)
		return false;
	if (logoffs->cause)
		cause_tell(logoffs->cause, why, sizeof(why));
	snprintf(text, size,
	    "%u sessions did not end%s%s, and none has: they are left on the host. %s",
	    logoffs->endless, all_late ? " within " : "",
	    all_late ? duration_format(scenario->logoff.timeout.least, time) : "", why);
	return true;
}
