#include "labhost/services.h"

static struct nt_logon *service_logon(struct handles *handles, uint64_t luid, const char *domain,
    const char *user, const char *sid, const char *type, int64_t now)
{
	struct nt_logon *logon =
	    logon_create(handles, domain, user, sid, type, SESSION_ID_SERVICES, false, now);

	logon->luid = luid;
	logon->permanent = true;
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
	services->kernel = process_create(handles, "System", SESSION_ID_SERVICES, system, 2871);
	process_create(handles, "smss.exe", SESSION_ID_SERVICES, system, 53);
	process_create(handles, "csrss.exe", SESSION_ID_SERVICES, system, 512);
	process_create(handles, "wininit.exe", SESSION_ID_SERVICES, system, 158);
	process_create(handles, "csrss.exe", SESSION_ID_CONSOLE, system, 164);
	process_create(handles, "winlogon.exe", SESSION_ID_CONSOLE, system, 267);
	process_create(handles, "services.exe", SESSION_ID_SERVICES, system, 634);
	services->lsass = process_create(handles, "lsass.exe", SESSION_ID_SERVICES, system, 1209);
	for (size_t i = 0; i < SERVICE_HOSTS; i++)
		services->hosts[i] = process_create(handles, "svchost.exe", SESSION_ID_SERVICES,
		    host_logons[i], 420 + 37 * (uint32_t)i);
	process_create(handles, "LogonUI.exe", SESSION_ID_CONSOLE, system, 611);
}
