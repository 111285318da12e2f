/* How a connection that is up is waited for to become a logon. */
#ifndef LEAKLAB_LOGON_H
#define LEAKLAB_LOGON_H

#include "driver/rdp/rdp.h"
#include "driver/rdp/worker.h"

/* Waits for the logon signal, at most for the setup's logon_timeout, and types its logon_keys as long as the signal has not come. */
enum rdp_end logon_wait(const struct setup *setup, struct rdp *rdp);

#endif
