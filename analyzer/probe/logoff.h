/* Logging one user's session off, and no other that may have its ID by now. */
#ifndef LEAKLAB_PROBE_LOGOFF_H
#define LEAKLAB_PROBE_LOGOFF_H

/* Logs the session off that this user logged on to at this time (ISO 8601 in UTC), give or take two minutes. domain and session, its ID, may be NULL or "": whichever.
 * Says what it did, or why nothing. Returns an exit code. */
int session_log_off(const char *user, const char *domain, const char *logon, const char *session);

#endif
