/* What the probe makes of the profile of the user with the SID that is given. */
#include <stdio.h>

#include "probe/profiles.h"

int wmain(int argc, wchar_t **argv); /* mingw's start-up code declares it nowhere */

int wmain(int argc, wchar_t **argv)
{
	static const char *const words[] = {[PROFILE_UNKNOWN] = "unknown",
	    [PROFILE_OWN] = "own",
	    [PROFILE_TEMPORARY] = "temporary"};

	for (int i = 1; i < argc; i++)
		puts(words[profile_of(argv[i])]);
	return 0;
}
