#include "probe/logons.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <ntsecapi.h>
#include <sddl.h>

#include "probe/nt.h"
#include "windows/win32.h"

static const char *type_name(ULONG type)
{
	/* SECURITY_LOGON_TYPE, ntsecapi.h */
	static const char *const names[] = {"System", NULL, "Interactive", "Network", "Batch",
	    "Service", "Proxy", "Unlock", "NetworkCleartext", "NewCredentials", "RemoteInteractive",
	    "CachedInteractive", "CachedRemoteInteractive", "CachedUnlock"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

static char *lsa_text(const LSA_UNICODE_STRING *text)
{
	return text->Buffer && text->Length ? utf8(text->Buffer, text->Length / 2) : NULL;
}

/* The caller's to free(). */
static wchar_t *sid_text(PSID sid)
{
	wchar_t *text = NULL, *own = NULL;

	if (sid && ConvertSidToStringSidW(sid, &text)) {
		own = _wcsdup(text);
		LocalFree(text);
	}
	return own;
}

static bool read_one(LUID *luid, struct logon *out)
{
	SECURITY_LOGON_SESSION_DATA *data = NULL;

	if (LsaGetLogonSessionData(luid, &data) != 0 || !data)
		return false;
	/* Older systems have shorter records. */
	const bool good = data->Size >= offsetof(SECURITY_LOGON_SESSION_DATA, LogonTime) +
	                                    sizeof(data->LogonTime);
	if (good)
		*out = (struct logon){
		    .luid = (uint64_t)(uint32_t)luid->HighPart << 32 | luid->LowPart,
		    .user = lsa_text(&data->UserName),
		    .domain = lsa_text(&data->LogonDomain),
		    .auth_package = lsa_text(&data->AuthenticationPackage),
		    .sid = sid_text(data->Sid),
		    .type = type_name(data->LogonType),
		    .session = data->Session,
		    .time = data->LogonTime.QuadPart,
		};
	LsaFreeReturnBuffer(data);
	return good;
}

static int compare(const void *a, const void *b)
{
	const uint64_t left = ((const struct logon *)a)->luid;
	const uint64_t right = ((const struct logon *)b)->luid;

	return (left > right) - (left < right);
}

bool logons_read(struct logons *out, unsigned long *error)
{
	struct logons logons = {0};
	ULONG count = 0;
	LUID *luids = NULL;
	const NTSTATUS status = LsaEnumerateLogonSessions(&count, &luids);

	*error = status ? LsaNtStatusToWinError(status) : 0;
	if (status != 0 || count == 0)
		return false;
	logons.all = calloc(count, sizeof(*logons.all));
	for (ULONG i = 0; logons.all && i < count; i++) {
		if (read_one(&luids[i], &logons.all[logons.count]))
			logons.count++;
		else
			logons.unreadable++;
	}
	LsaFreeReturnBuffer(luids);
	if (!logons.all) {
		*error = ERROR_NOT_ENOUGH_MEMORY;
		return false;
	}
	qsort(logons.all, logons.count, sizeof(*logons.all), compare);
	*out = logons;
	return true;
}

void logons_free(struct logons *logons)
{
	for (size_t i = 0; i < logons->count; i++) {
		free(logons->all[i].user);
		free(logons->all[i].domain);
		free(logons->all[i].auth_package);
		free(logons->all[i].sid);
	}
	free(logons->all);
	*logons = (struct logons){0};
}

const struct logon *logons_find(const struct logons *logons, uint64_t luid)
{
	const struct logon key = {.luid = luid};

	return logons->count ? bsearch(&key, logons->all, logons->count, sizeof(key), compare)
	                     : NULL;
}

const wchar_t *logons_sid(const struct logons *logons, uint32_t session, const char *user)
{
	for (size_t i = 0; i < logons->count; i++) {
		const struct logon *logon = &logons->all[i];

		if (logon->session == session && logon->sid && logon->user &&
		    _stricmp(logon->user, user) == 0)
			return logon->sid;
	}
	return NULL;
}

enum logon_state logon_state(uint64_t luid)
{
	LUID id = {(DWORD)luid, (LONG)(luid >> 32)};
	SECURITY_LOGON_SESSION_DATA *data = NULL;
	/* 0:0 is no logon session's; some systems have data for it all the same. */
	const NTSTATUS status = luid ? LsaGetLogonSessionData(&id, &data) : -1;

	if (status == NT_NO_SUCH_LOGON_SESSION)
		return LOGON_GONE;
	const bool same = status == 0 && data && data->LogonId.LowPart == id.LowPart &&
	                  data->LogonId.HighPart == id.HighPart;
	if (data)
		LsaFreeReturnBuffer(data);
	return same ? LOGON_THERE : LOGON_UNKNOWN;
}
