#include "driver/logoffs.h"

#include <stdio.h>
#include <string.h>

#include "common/duration.h"

void logoffs_note(struct logoffs *logoffs, const struct cycle *cycle)
{
	const char *logoff = phase_names[PHASE_LOGOFF];

	if (cycle->result == CYCLE_UNPROVEN && cycle->failed_phase && cycle->code &&
	    strcmp(cycle->failed_phase, logoff) == 0 && strcmp(cycle->code, "TIMEOUT") == 0)
		logoffs->endless++;
	else if (cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	         cycle->result == CYCLE_DISCONNECTED)
		logoffs->any = true;
}

bool logoffs_are_doubtful(const struct logoffs *logoffs)
{
	return logoffs->endless > 0 && !logoffs->any;
}

/* What keeps a session, by the way in which it is asked to end. The policies: admx.help, "Allow remote start of unlisted programs",
 * "Always prompt for password upon connection"; leaklab-real-host(7) has them. */
static const char *remedy(enum logoff_method method)
{
	switch (method) {
	case LOGOFF_SHELL_EXIT:
		return "the host refuses or ignores logoff.shell. A session host starts programs only that it lists, and shows a dialog else: set "
		       "logoff.method to keys, or allow it there by HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services, "
		       "fAllowUnlistedRemotePrograms = 1";
	case LOGOFF_KEYS:
		return "the keys do not get there: a legal notice, a prompt for the password or the first logon of a profile may wait in the session. "
		       "Look at one, and see leaklab-real-host(7)";
	case LOGOFF_COMMAND:
		return "logoff.command does not end them: run it by hand with the ID of such a session";
	default:
		return "see leaklab-real-host(7)";
	}
}

bool logoffs_fail(
    const struct logoffs *logoffs, const struct scenario *scenario, char *text, size_t size)
{
	char time[DURATION_TEXT];

	if (logoffs->any || logoffs->endless < LOGOFFS_HOPELESS)
		return false;
	snprintf(text, size,
	    "%u sessions did not end within %s, and none has: they are left on the host. Probably %s",
	    logoffs->endless, duration_format(scenario->logoff.timeout.least, time),
	    remedy(scenario->logoff.method));
	return true;
}
