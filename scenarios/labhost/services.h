/* What runs on a host before anybody has logged on, and takes part in logons later. */
#ifndef LEAKLAB_LABHOST_SERVICES_H
#define LEAKLAB_LABHOST_SERVICES_H

#include "labhost/handles.h"

#define SERVICE_HOSTS 5

struct services {
	struct nt_logon *system;
	struct nt_process *kernel; /* "System" */
	struct nt_process *lsass;
	struct nt_process *hosts[SERVICE_HOSTS]; /* svchost.exe: they hold tokens for a while */
};

/* The logon sessions that a session's desktop window manager and font drivers run in. */
struct nt_logon *desktop_logon(
    struct handles *handles, const char *kind, uint32_t session_id, int64_t now);

/* The processes and logon sessions belong to the handles afterwards. */
void services_start(struct services *services, struct handles *handles, int64_t now);

#endif
