/* Whether the host ends sessions at all when it is asked to: one that does not fills up with what the load leaves. */
#ifndef LEAKLAB_LOGOFFS_H
#define LEAKLAB_LOGOFFS_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/preflight/causes.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

#define LOGOFFS_HOPELESS 3 /* sessions that did not end, and none did */

struct logoffs {
	bool untried;              /* the first session is to show whether any does */
	unsigned endless;          /* sessions that did not end */
	unsigned late;             /* of these, those that were waited for until the time-out */
	bool any;                  /* one did */
	const struct cause *cause; /* of the last that did not; NULL: unknown */
};

/* Whether the scenario asks the host to end its sessions. */
bool logoffs_are_asked_for(const struct scenario *scenario);
/* A cycle has ended, and why as it did; NULL: that is not known. */
void logoffs_note(struct logoffs *logoffs, const struct cycle *cycle, const struct cause *cause);
/* Nothing shows that sessions end, or the first one did not: until one does, there is to be one at a time. */
bool logoffs_are_doubtful(const struct logoffs *logoffs);
/* None ends; text then says so, with what to do. */
bool logoffs_fail(
    const struct logoffs *logoffs, const struct scenario *scenario, char *text, size_t size);

#endif
