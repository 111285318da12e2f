/* Knows what runs on a host before anybody has logged on. */
#include "labhost/model_parts.h"

#include <stdio.h>
#include <string.h>

static struct nt_logon *service_logon(struct handles *handles, uint64_t luid, const char *domain,
    const char *user, const char *sid, const char *type, int64_t now)
{
	struct nt_logon *logon =
	    logon_create(handles, domain, user, sid, type, SESSION_ID_SERVICES, now);

	logon->luid = luid;
	logon->permanent = true;
	logon->package = "Negotiate";
	return logon;
}

/* S-1-5-90-0-n and S-1-5-96-0-n (MSDN "Well-known SIDs": Window Manager, Font Driver Host). */
struct nt_logon *desktop_logon(
    struct handles *handles, const char *kind, uint32_t session_id, int64_t now)
{
	const bool is_dwm = strcmp(kind, "DWM") == 0;
	char user[32], sid[32];

	snprintf(user, sizeof(user), "%s-%u", kind, session_id);
	snprintf(sid, sizeof(sid), "S-1-5-%d-0-%u", is_dwm ? 90 : 96, session_id);
	struct nt_logon *logon =
	    logon_create(handles, is_dwm ? "Window Manager" : "Font Driver Host", user, sid,
	        "Interactive", session_id, now);
	logon->package = "Negotiate";
	return logon;
}

void services_start(struct services *services, struct handles *handles, int64_t now)
{
	struct nt_logon *system = service_logon(
	    handles, LUID_SYSTEM, "NT AUTHORITY", "SYSTEM", "S-1-5-18", "(none)", now);
	struct nt_logon *network = service_logon(handles, LUID_NETWORK_SERVICE, "NT AUTHORITY",
	    "NETWORK SERVICE", "S-1-5-20", "Service", now);
	struct nt_logon *local = service_logon(handles, LUID_LOCAL_SERVICE, "NT AUTHORITY",
	    "LOCAL SERVICE", "S-1-5-19", "Service", now);
	struct nt_logon *const host_logons[SERVICE_HOSTS] = {
	    system, system, network, local, system};

	services->system = system;
	services->kernel =
	    process_create(handles, "System", SESSION_ID_SERVICES, system, 2871, now);
	process_create(handles, "smss.exe", SESSION_ID_SERVICES, system, 53, now);
	process_create(handles, "csrss.exe", SESSION_ID_SERVICES, system, 512, now);
	process_create(handles, "wininit.exe", SESSION_ID_SERVICES, system, 158, now);
	process_create(handles, "fontdrvhost.exe", SESSION_ID_SERVICES,
	    desktop_logon(handles, "UMFD", SESSION_ID_SERVICES, now), 42, now);
	process_create(handles, "csrss.exe", SESSION_ID_CONSOLE, system, 164, now);
	process_create(handles, "winlogon.exe", SESSION_ID_CONSOLE, system, 267, now);
	process_create(handles, "fontdrvhost.exe", SESSION_ID_CONSOLE,
	    desktop_logon(handles, "UMFD", SESSION_ID_CONSOLE, now), 42, now);
	process_create(handles, "dwm.exe", SESSION_ID_CONSOLE,
	    desktop_logon(handles, "DWM", SESSION_ID_CONSOLE, now), 641, now);
	process_create(handles, "services.exe", SESSION_ID_SERVICES, system, 634, now);
	services->lsass =
	    process_create(handles, "lsass.exe", SESSION_ID_SERVICES, system, 1209, now);
	for (size_t i = 0; i < SERVICE_HOSTS; i++)
		services->hosts[i] = process_create(handles, "svchost.exe", SESSION_ID_SERVICES,
		    host_logons[i], 420 + 37 * (uint32_t)i, now);
	process_create(handles, "LogonUI.exe", SESSION_ID_CONSOLE, system, 611, now);
}
