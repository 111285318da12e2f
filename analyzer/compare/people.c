/* Knows whose a logon session and a session are: a person's, or a part's of Windows. */
#include <string.h>

#include "compare/search.h"
#include "evidence/identity.h"

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
