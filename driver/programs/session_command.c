/* Knows which variables a command that logs a session off gets: all that tells the session from a later one of the same ID. */
#include "driver/programs/programs.h"

#include <stdio.h>

#include "common/timestamp.h"

bool session_log_off(
    const char *command, const struct session_of *session, int64_t timeout, struct error *error)
{
	char id[32] = "", logon[TIMESTAMP_TEXT] = "";
	const struct variable variables[] = {{"SESSION_ID", id}, {"SESSION_USER", session->user},
	    {"SESSION_DOMAIN", session->domain ? session->domain : ""}, {"SESSION_LOGON", logon}};

	if (session->id != NUMBER_UNKNOWN)
		snprintf(id, sizeof(id), "%lld", (long long)session->id);
	if (session->logged_on != TIMESTAMP_UNKNOWN)
		timestamp_format(session->logged_on, logon);
	return command_run(
	    command, variables, sizeof(variables) / sizeof(variables[0]), timeout, error);
}
