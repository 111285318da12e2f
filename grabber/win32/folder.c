#include "grabber/win32/folder.h"

#include <aclapi.h>
#include <wchar.h>

#include "grabber/win32/users.h"

/* Folders count: APP.exe.local beside APP.exe is looked into for DLLs as well. */
#define WRITE_RIGHTS                                                                               \
	(FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE |         \
	    GENERIC_ALL)

static bool is_ordinary(PSID sid)
{
	static const WELL_KNOWN_SID_TYPE everybody[] = {WinWorldSid, WinAuthenticatedUserSid,
	    WinBuiltinUsersSid, WinInteractiveSid, WinRemoteLogonIdSid,
	    WinBuiltinRemoteDesktopUsersSid, WinAccountDomainUsersSid, WinBuiltinGuestsSid};

	for (size_t i = 0; i < sizeof(everybody) / sizeof(everybody[0]); i++)
		if (IsWellKnownSid(sid, everybody[i]))
			return true;
	return false;
}

static bool lets_ordinary_users_write(PACL list)
{
	/* No list: anybody may do anything. */
	for (DWORD i = 0; list && i < list->AceCount; i++) {
		ACCESS_ALLOWED_ACE *entry;

		if (GetAce(list, i, (void **)&entry) &&
		    entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
		    !(entry->Header.AceFlags & INHERIT_ONLY_ACE) && entry->Mask & WRITE_RIGHTS &&
		    is_ordinary((PSID)&entry->SidStart))
			return true;
	}
	return !list;
}

/* An owner may change the rights at any time. Folders that administrators make are mostly owned by their group. */
static bool is_of_another_person(PSID owner)
{
	return owner && users_is_person(owner) && !users_is_oneself(owner);
}

DWORD folder_is_open(wchar_t path[MAX_PATH], bool *open)
{
	PSECURITY_DESCRIPTOR descriptor;
	PSID owner;
	PACL list;
	const DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);

	if (length == 0 || length == MAX_PATH)
		return ERROR_FILENAME_EXCED_RANGE;
	wchar_t *name = wcsrchr(path, L'\\');
	if (name)
		name[1] = L'\0'; /* its last backslash stays: C: would be another folder than C:\ */
	const DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT,
	    OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL, &list, NULL,
	    &descriptor);
	if (error != ERROR_SUCCESS)
		return error;
	*open = lets_ordinary_users_write(list) || is_of_another_person(owner);
	LocalFree(descriptor);
	return ERROR_SUCCESS;
}
