/* The RDS sessions, written straight to the snapshot. */
#ifndef LEAKLAB_PROBE_SESSIONS_H
#define LEAKLAB_PROBE_SESSIONS_H

#include <stdbool.h>

#include "probe/json.h"
#include "probe/logons.h"

/* How many sessions have a user, and of how many of them it is not known whether the profile is temporary. */
struct profiles_seen {
	unsigned users, unknown;
};

/* Writes the section "sessions". False: nothing was written; *error says why, 0 if the system claims to have none. */
bool sessions_write(struct json *json, const struct logons *logons, struct profiles_seen *seen,
    unsigned long *error);

/* The names \\KernelObjects\\Session<n>: a hint which session IDs have an object in the kernel still. */
void session_objects_write(struct json *json);

#endif
