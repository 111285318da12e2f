/* Whether the profile that is loaded for a user is a temporary one, because the user's own could not be. */
#ifndef LEAKLAB_PROBE_PROFILES_H
#define LEAKLAB_PROBE_PROFILES_H

#include <wchar.h>

enum profile { PROFILE_UNKNOWN, PROFILE_OWN, PROFILE_TEMPORARY };

/* Of the user with this SID, "S-1-5-21-..."; unknown where none is loaded, or nothing says which. */
enum profile profile_of(const wchar_t *sid);

#endif
