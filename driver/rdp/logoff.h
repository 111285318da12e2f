/* How a session is asked to end, and asked again. */
#ifndef LEAKLAB_LOGOFF_H
#define LEAKLAB_LOGOFF_H

#include <stdbool.h>

#include "common/error.h"
#include "driver/rdp/rdp.h"
#include "driver/rdp/worker.h"

/* Asks in the way of the setup and waits for the end, at most for logoff_timeout and `more` microseconds; *end gets how that ended. With LOGOFF_AUTO
 * report->logoff_by gets the way that was tried last. With methods that leave the session it only does what they do. False: it could not
 * even be asked for. */
bool logoff_ask(const struct setup *setup, const struct order *order, struct rdp *rdp,
    struct report *report, int64_t more, enum rdp_end *end, struct error *error);

/* The setup's way did not end the session: tries all others, so that none is left that a later logon would join. report->logoff_by gets the one
 * that ended it, or LOGOFF_WAY_NONE. */
void logoff_rescue(
    const struct setup *setup, const struct order *order, struct rdp *rdp, struct report *report);

#endif
