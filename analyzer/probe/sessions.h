/* The RDS sessions, written straight to the snapshot. */
#ifndef LEAKLAB_PROBE_SESSIONS_H
#define LEAKLAB_PROBE_SESSIONS_H

#include <stdbool.h>

#include "probe/json.h"

/* Writes the section "sessions". False: nothing was written; *error says why, 0 if the system claims to have none. */
bool sessions_write(struct json *json, unsigned long *error);

/* The names \\KernelObjects\\Session<n>: a hint which session IDs have an object in the kernel still. */
void session_objects_write(struct json *json);

#endif
