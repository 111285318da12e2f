#include "driver/logoffs.h"

#include <stdio.h>
#include <string.h>

#include "common/duration.h"

void logoffs_note(struct logoffs *logoffs, const struct cycle *cycle, const struct cause *cause)
{
	const char *logoff = phase_names[PHASE_LOGOFF];

	if (cycle->result == CYCLE_UNPROVEN && cycle->failed_phase && cycle->code &&
	    strcmp(cycle->failed_phase, logoff) == 0 && strcmp(cycle->code, "TIMEOUT") == 0) {
		logoffs->endless++;
		logoffs->cause = cause;
	} else if (cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	           cycle->result == CYCLE_DISCONNECTED) {
		logoffs->any = true;
	}
}

bool logoffs_are_doubtful(const struct logoffs *logoffs)
{
	return logoffs->endless > 0 && !logoffs->any;
}

bool logoffs_fail(
    const struct logoffs *logoffs, const struct scenario *scenario, char *text, size_t size)
{
	char time[DURATION_TEXT], why[CAUSE_TEXT] = "";

	if (logoffs->any || logoffs->endless < LOGOFFS_HOPELESS)
		return false;
	if (logoffs->cause)
		cause_tell(logoffs->cause, why, sizeof(why));
	snprintf(text, size,
	    "%u sessions did not end within %s, and none has: they are left on the host. %s",
	    logoffs->endless, duration_format(scenario->logoff.timeout.least, time), why);
	return true;
}
