/* Knows where Windows notes which profile it has loaded: HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\SID, value State, a
 * mask of bits of which 0x0800 is "Temporary profile loaded" (ITPro Today, "What is the meaning of the State value name in a user's registry
 * profile", 2006; the same in Precedence's support wiki, ProfileStates). While a profile is loaded its hive is HKEY_USERS\\SID (Microsoft Learn,
 * "About User Profiles"). The key SID.bak beside it is the user's own profile, which waits: it says nothing of what is loaded. */
#include "probe/profiles.h"

#include <stdio.h>

#include <windows.h>

#include "probe/settings.h"

#define PROFILE_LIST L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
#define TEMPORARY_LOADED 0x0800
#define SID_TEXT 190 /* SECURITY_MAX_SID_STRING_CHARACTERS, winnt.h, with some room */

/* A hive that may not be opened is there. */
static bool is_loaded(const wchar_t *sid)
{
	HKEY hive;
	const LONG error = RegOpenKeyExW(HKEY_USERS, sid, 0, KEY_QUERY_VALUE, &hive);

	if (error == ERROR_SUCCESS)
		RegCloseKey(hive);
	return error == ERROR_SUCCESS || error == ERROR_ACCESS_DENIED;
}

enum profile profile_of(const wchar_t *sid)
{
	wchar_t key[sizeof(PROFILE_LIST) / sizeof(wchar_t) + SID_TEXT];
	DWORD state;

	if (wcslen(sid) >= SID_TEXT || !is_loaded(sid))
		return PROFILE_UNKNOWN;
	wcscpy(key, PROFILE_LIST);
	wcscat(key, sid);
	if (!get_dword(key, L"State", &state))
		return PROFILE_UNKNOWN;
	return state & TEMPORARY_LOADED ? PROFILE_TEMPORARY : PROFILE_OWN;
}
