/* What the running kernel does. It read the settings when it started; the registry may say otherwise since. */
#ifndef LEAKLAB_PROBE_RUNNING_H
#define LEAKLAB_PROBE_RUNNING_H

#include <stdbool.h>

#include <windows.h>

#include "probe/host.h"

#define RUNNING_FIRST_BUILD                                                                        \
	14393 /* Windows 10 1607 / Server 2016: SeTokenLeakTracking is in its PDB */

enum tracking_state { TRACKING_UNKNOWN = -1, TRACKING_OFF, TRACKING_ON };
enum reboot { REBOOT_NOT_NEEDED, REBOOT_NEEDED, REBOOT_TO_BE_SURE };

struct running {
	enum tracking_state tracking; /* whether it records who makes tokens */
	enum tracking_state next;     /* what it will do after the next boot */
	enum reboot reboot;           /* for what is set to take effect */
	char why[384];                /* why it is unknown; "": it is not */
};

void running_read(const struct host *host, bool armed, struct running *out);

/* Notes what the kernel read, until the next boot; to be called before leaklab changes a setting. Returns 0 or an error. */
LONG running_keep(const struct host *host, bool armed);

#endif
