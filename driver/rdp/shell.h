/* The shell of a session, with logoff.method shell-exit: its end is the logoff. */
#ifndef LEAKLAB_SHELL_H
#define LEAKLAB_SHELL_H

#include "driver/rdp/worker.h"

/* What is started instead of the desktop; "": nothing is. */
void shell_command(const struct setup *setup, const struct order *order, char out[SHELL_TEXT]);

/* How long it lasts, in microseconds. NUMBER_UNKNOWN: there is none, or it is the scenario's own, which ends when it does. */
int64_t shell_life(const struct setup *setup, const struct order *order);

/* What of the time from the logon to the end of the session was hold, and what logging off took; where nobody can tell, all was hold, and
 * the other is unknown. */
void shell_share(int64_t life, int64_t passed, int64_t *hold, int64_t *logoff);

#endif
