/* Leak tracking and crash-dump settings: in the registry, where they take effect at the next boot. */
#ifndef LEAKLAB_PROBE_TRACKING_H
#define LEAKLAB_PROBE_TRACKING_H

#include <stdbool.h>

#include "probe/host.h"
#include "probe/json.h"
#include "probe/running.h"

/* Whether the running kernel records who makes tokens. */
void tracking_read(const struct host *host, struct running *out);
void tracking_write_dump_settings(struct json *json);

/* What crash dumps are to hold. */
enum dump_kind { DUMP_COMPLETE = 1, DUMP_KERNEL = 2 }; /* values of CrashDumpEnabled */

/* All print what is to be said, and return an exit code. */
int tracking_arm(enum dump_kind dump);
int tracking_disarm(void);
int tracking_status(void);

#endif
