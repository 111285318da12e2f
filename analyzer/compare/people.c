/* Knows whose a logon session and a session are: a person's, or a part's of Windows. */
#include <string.h>
#include <strings.h>

#include "compare/search.h"
#include "snapshot/identity.h"

bool logon_is_remote(const struct logon_session *logon)
{
	return logon->logon_type && (strcmp(logon->logon_type, "RemoteInteractive") == 0 ||
	                                strcmp(logon->logon_type, "CachedRemoteInteractive") == 0);
}

bool session_has_user(const struct session *session)
{
	return session && session->user && *session->user;
}

bool session_may_be_of(const struct session *session, const struct logon_session *logon)
{
	return session->disputed ||
	       account_may_be(session->user, session->domain, logon->user, logon->domain);
}

bool logon_is_of_person(const struct logon_session *logon)
{
	static const char *const domains[] = {"NT AUTHORITY", "NT SERVICE", "Window Manager",
	    "Font Driver Host", "IIS APPPOOL", "NT VIRTUAL MACHINE"};
	static const char *const types[] = {
	    "Network", "Batch", "Service", "NetworkCleartext", "Proxy"};
	size_t length = logon->user ? strlen(logon->user) : 0;
	if ((length && logon->user[length - 1] == '$') ||
	    (length && (strncasecmp(logon->user, "DWM-", 4) == 0 ||
	                   strncasecmp(logon->user, "UMFD-", 5) == 0)))
		return false;
	for (size_t i = 0; logon->domain && i < sizeof domains / sizeof domains[0]; i++) {
		if (strcasecmp(logon->domain, domains[i]) == 0)
			return false;
	}
	for (size_t i = 0; logon->logon_type && i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(logon->logon_type, types[i]) == 0)
			return false;
	}
	return true;
}
