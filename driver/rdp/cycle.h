/* One cycle: connect, wait for the logon, hold, log off, prove it, disconnect. */
#ifndef LEAKLAB_CYCLE_H
#define LEAKLAB_CYCLE_H

#include "driver/rdp/worker.h"

struct rdp;

/* What the cycle's owner wants to know while it goes on. Called on the cycle's thread. */
struct cycle_watch {
	/* The connection that a watchdog may abort from now on, and is to once its connect time-out is over; NULL: none any more. Again where the
	 * host redirects it. */
	void (*connecting)(void *data, struct rdp *rdp);
	void (*logged_on)(void *data, const struct report *report);
	/* A reconnected session was held. */
	void (*reconnected)(void *data, const struct report *report);
	void *data;
};

/* Plays the cycle and fills in the report. */
void cycle_play(const struct setup *setup, const struct order *order,
    const struct cycle_watch *watch, struct report *report);

#endif
