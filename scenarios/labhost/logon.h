/* What a connection does to the host's sessions: logon, the end of the session, and leaving it behind. */
#ifndef LEAKLAB_LABHOST_LOGON_H
#define LEAKLAB_LABHOST_LOGON_H

#include "labhost/connection.h"

/* The connection is active: logs its user on, or refuses. False: the client cannot be told. */
bool logon_begin(struct connection *connection);
/* The user has entered a command in the Run box; NULL: not yet. */
void logon_run_command(struct connection *connection, const char *command);
/* The session ends now. True if it was still this connection's, so that its client is to be told. */
bool logon_end(struct connection *connection);
/* The connection ends: what was not logged off stays, disconnected. */
void logon_leave(const struct connection *connection);

#endif
